"""What is chosen for the table of attacks, and how a row tells what must not be."""

from __future__ import annotations

from attacks.cases import FAMILIES, read_corpus
from bench.attack_table import CHOSEN, NO_LIMIT, Played, fragment, in_turn
from bench.stock_attacked import _why

CASES = read_corpus()


def test_every_family_is_chosen_from_and_only_attacks_are() -> None:
    chosen = [CASES[name] for name in (*CHOSEN, *NO_LIMIT)]
    assert len({case.name for case in chosen}) == len(chosen)
    assert not any(case.allowed for case in chosen)
    assert {case.family for case in chosen} == set(FAMILIES)


def test_a_short_run_sees_each_family_first() -> None:
    turn = in_turn(CHOSEN)
    assert sorted(turn) == sorted(CHOSEN)
    assert {name.partition("_")[0] for name in turn[: len(FAMILIES)]} == set(FAMILIES)


def test_a_row_marks_what_must_not_be() -> None:
    case, left = CASES["skip_drop_asserts"], CASES["exhaust_memory"]
    held = Played(0.0, "graded", True, ())
    broken = Played(10.0, "graded", False, ("/x/flag was changed, made or removed",))
    ours = {case.name: held, left.name: Played(10.0, "graded", True, ())}
    text = fragment([case, left], {case.name: broken}, ours, "How.")
    first, second = (line for line in text.splitlines() if line.startswith("| `"))
    assert first.endswith(
        "| 0 | **10** | graded | **no** | **files changed** | 0 | graded | yes | no |"
    )
    assert "not run: no limit of memory" in second
    assert "Stock: of 1 attacks that ran, 1 got points that were not earned" in text
    assert "Ours: of 2 attacks that ran, 0 got points that were not earned" in text


def test_what_stock_ended_with_is_named() -> None:
    told = "Traceback (most recent call last):\n  File\nnbclient.exceptions.DeadKernelError: gone\n"
    assert _why(told) == " (DeadKernelError)"
    assert _why("") == ""
