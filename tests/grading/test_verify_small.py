"""Verification on a small course: what scores as declared passes, and every surprise is named."""

from collections.abc import Iterator
from pathlib import Path
from typing import Protocol

import pytest

from coursekit.cli import main
from coursekit.grading.forks import WarmParent
from coursekit.proving import verify as module
from coursekit.proving.sweep import margins_are_current, source_hash, sweep, write_margins
from coursekit.proving.trial import Bench
from coursekit.proving.verdicts import summarise
from coursekit.proving.verify import Verdict, verify
from coursekit.proving.warm import ProcessDiedError, WarmProcess
from coursekit.sources.layout import CourseError, Unit
from samples import CHALLENGE, VARIANTS, make_unit

QUALITY = """
# %% [markdown] prompt="q3_guess"
# Guess better than chance.

# %% answer="q3_guess"
def guess(n):
    ### BEGIN SOLUTION
    return 0.1
    ### END SOLUTION

# %% check="q3_guess" points=1
import keras
import numpy as np

from coursekit import expect

keras.utils.set_random_seed(1)
_noise = float(np.random.rand())
expect.better(guess(1) + 0.1 * _noise, 1.0, factor=0.5, name="the guess")
"""


@pytest.fixture
def unit(tmp_path: Path) -> Unit:
    return make_unit(tmp_path)


def silent(label: str, done: int, total: int) -> None:
    pass


def faults(verdicts: list[Verdict]) -> dict[str, str]:
    return {verdict.label: verdict.fault for verdict in verdicts if verdict.fault}


@pytest.fixture(scope="module")
def parent() -> Iterator[WarmParent]:
    """One for all tests: it takes seconds to import what it needs."""
    with WarmParent() as parent:
        yield parent


class Verified(Protocol):
    """Verifies a unit, with the judge in this process."""

    def __call__(self, unit: Unit, limit: float = 20.0) -> list[Verdict]: ...


@pytest.fixture
def verified(parent: WarmParent) -> Verified:
    def run(unit: Unit, limit: float = 20.0) -> list[Verdict]:
        bench = Bench(unit.require_challenge(), parent)
        try:
            return verify(unit, progress=silent, limit=limit, attempt=bench.try_answer)
        finally:
            bench.close()

    return run


def test_all_is_as_declared(unit: Unit, verified: Verified) -> None:
    verdicts = verified(unit)
    kinds = [v.kind for v in verdicts]
    assert kinds[:4] == ["solution", "stub", "right", "wrong"]
    assert set(kinds[4:]) == {"mutant"}
    assert len(kinds) > 10
    assert faults(verdicts) == {}


FAULTS = {
    "a solution that fails": (
        CHALLENGE.replace("return 2 * x", "return 3 * x"),
        VARIANTS,
        {
            "the solution": "loses q1_double-large (AssertionError: ); "
            "loses q1_double-small (AssertionError: )",
        },
    ),
    "a right variant that fails": (
        CHALLENGE,
        VARIANTS.replace("x + x", "x + x + (x == 3)"),
        {"adds": "loses q1_double-small (AssertionError: )"},
    ),
    "a wrong variant that keeps a check": (
        CHALLENGE,
        VARIANTS.replace("x * x", "2 * x if x < 9 else 0"),
        {"squares": "does not lose q1_double-small"},
    ),
    "a wrong variant that loses more than declared": (
        CHALLENGE,
        VARIANTS.replace(', q1_double-large"', '"'),
        {"squares": "loses q1_double-large (AssertionError: )"},
    ),
    "a check that the stub passes": (
        CHALLENGE.replace("assert double(100) == 200", "assert True"),
        VARIANTS.replace(', q1_double-large"', '"'),
        {"the stub": "does not lose q1_double-large"},
    ),
    "no fault, though an answer writes to stderr": (
        CHALLENGE,
        VARIANTS.replace("return x + x", "import sys; sys.stderr.write('hm'); return x + x"),
        {},
    ),
    "an answer that ends Python": (
        CHALLENGE,
        VARIANTS.replace("return x + x", "import os; os._exit(3)"),
        {
            "adds": "loses q1_double-large (lost: it ended Python); "
            "loses q1_double-small (lost: it ended Python)",
        },
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_named(tmp_path: Path, name: str, verified: Verified) -> None:
    challenge, variants, expected = FAULTS[name]
    assert faults(verified(make_unit(tmp_path, challenge, variants))) == expected


WEAK = CHALLENGE.replace("assert double(1) == 2", "pass").replace("double(3) == 6", "double(3)")
WEAK = WEAK.replace("assert double(100) == 200", "assert double(100) >= 200")
WEAK_VARIANTS = VARIANTS.replace("x * x", "x / 2").replace("q1_double-small, ", "")
TRIPLED = """
# %% q1_double equivalent="more than double is double enough"
def double(x):
    return (3 * x)  # as the mutant, in another layout
"""


def test_a_weak_check_lets_a_mutant_survive(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    make_unit(tmp_path, WEAK, WEAK_VARIANTS)
    monkeypatch.chdir(tmp_path)
    assert main(["verify"]) == 1
    told = capsys.readouterr()
    assert "(mutant: 2 becomes 3 at line 3): passes every check" in told.err
    assert "    -    return 2 * x\n    +    return 3 * x\n    kill it with a check" in told.err


def test_a_survivor_may_be_declared_equivalent(tmp_path: Path, verified: Verified) -> None:
    unit = make_unit(tmp_path, WEAK, WEAK_VARIANTS + TRIPLED)
    verdicts = verified(unit)
    assert "2 becomes 3 at line 3" not in faults(verdicts)
    assert "Declared equivalent, and passing every check: 1/1." in summarise(verdicts)


def test_an_equivalent_that_is_caught_or_stale_is_a_fault(
    tmp_path: Path, verified: Verified
) -> None:
    stale = TRIPLED.replace("(3 * x)", "x + x").replace("more than", "no mutant,")
    verdicts = verified(make_unit(tmp_path, variants=VARIANTS + TRIPLED + stale))
    assert faults(verdicts) == {
        "more than double is double enough": "loses q1_double-large (AssertionError: ); "
        "loses q1_double-small (AssertionError: )",
        "no mutant, double is double enough": "is none of the derived wrong answers: take it out",
    }


LOOP = CHALLENGE.replace(
    "return 2 * x", "n = 0\n    while n < x:\n        n += 1\n    return n + x"
)


def test_a_mutant_that_never_ends_is_stopped(tmp_path: Path, verified: Verified) -> None:
    verdicts = verified(make_unit(tmp_path, LOOP), limit=0.5)
    (endless,) = [v for v in verdicts if v.label == "n += 1 is dropped at line 5"]
    assert 0.5 <= endless.seconds < 5
    assert not endless.fault


def test_an_answer_that_heeds_no_signal_is_ended_and_the_next_is_tried(unit: Unit) -> None:
    deaf = "import signal\nsignal.signal(signal.SIGTERM, signal.SIG_IGN)\nwhile True: pass"
    with WarmProcess(unit) as process:
        assert len(process.try_answer("q1_double", deaf, limit=0.5).lost) == 2
        assert not process.try_answer("q1_double", "def double(x): return 2 * x").lost


def test_a_judge_that_takes_too_long_is_killed_and_the_next_is_tried(tmp_path: Path) -> None:
    slow = CHALLENGE.replace("assert double(100) == 200", "while double(100) != 200: pass")
    with WarmProcess(make_unit(tmp_path, slow), grace=0.5) as process:
        with pytest.raises(ProcessDiedError, match="the process died at q1_double"):
            process.try_answer("q1_double", "def double(x): return 2.5 * x", limit=0.5)
        assert not process.try_answer("q1_double", "def double(x): return 2 * x").lost


def test_an_answer_leaves_nothing_to_the_next(unit: Unit, parent: WarmParent) -> None:
    bench = Bench(unit.require_challenge(), parent)
    assert not bench.try_answer("q1_double", "def double(x): return 2 * x").lost
    assert len(bench.try_answer("q1_double", "this is no Python").lost) == 2
    bench.close()


def test_of_a_slow_question_a_few_mutants_of_each_kind_are_tried(
    unit: Unit, monkeypatch: pytest.MonkeyPatch, verified: Verified
) -> None:
    monkeypatch.setattr(module, "SLOW", 0.0)
    monkeypatch.setattr(module, "MOST", 4)
    verdicts = verified(unit)
    tried = [v.label for v in verdicts if v.kind == "mutant"]
    assert len(tried) == 4
    assert len([label for label in tried if label.startswith("always returns")]) == 1
    untried = sum(v.kind == "untried" for v in verdicts)
    assert f"q1_double takes long: 4 of its {4 + untried} derived" in summarise(verdicts)[-1]


def test_checks_run_in_the_order_given_until_one_is_lost(unit: Unit, parent: WarmParent) -> None:
    bench, order = Bench(unit.require_challenge(), parent), ["q1_double-large", "q1_double-small"]
    trial = bench.try_answer("q1_double", "def double(x): return 2 * x", order)
    assert [outcome.check for outcome in trial.outcomes] == order
    trial = bench.try_answer("q1_double", "def double(x): return 0", order)
    assert [outcome.check for outcome in trial.outcomes] == order[:1]
    bench.close()


def test_a_given_cell_that_fails_is_told(tmp_path: Path) -> None:
    broken = CHALLENGE.replace("import math", "1 / 0")
    with pytest.raises(
        CourseError, match="a given cell fails: setup-given: ZeroDivisionError: division by zero"
    ):
        verify(make_unit(tmp_path, challenge=broken), progress=silent)


def test_the_sweep_shifts_seeds_and_keeps_margins(tmp_path: Path) -> None:
    unit = make_unit(tmp_path, CHALLENGE + QUALITY)
    (row,) = sweep(unit, 3, progress=silent)
    assert (row.check, row.passed, row.holds) == ("q3_guess-check", 3, True)
    assert len(set(row.ratios)) == 3, "each seed is another"
    assert all(0.2 <= ratio <= 0.4 for ratio in row.ratios)
    assert not margins_are_current(unit)
    table = write_margins(unit, 3, [row]).read_text(encoding="utf-8")
    assert "| `q3_guess-check` | the solution | 3/3 |" in table
    assert margins_are_current(unit)
    challenge, text = unit.folder / "challenge.py", "\n# %% [markdown]\n# A word more.\n"
    challenge.write_text(challenge.read_text() + text, encoding="utf-8")
    assert margins_are_current(unit)
    challenge.write_text(challenge.read_text().replace("points=1", "points=2"), encoding="utf-8")
    assert margins_are_current(unit)
    code = '\n# %% given="more"\nmore = 1\n'
    challenge.write_text(challenge.read_text() + code, encoding="utf-8")
    assert not margins_are_current(unit)


SAYS = """expect.better(
    float(_x), 1.0, factor=0.5, name="the guess",  # é: two bytes
    hint="Guess again.",
)
expect.that(_x > 0, expected="a positive guess", got=_x)
"""
SAYS_LESS = "expect.better(float(_x), 1.0, factor=0.5)\nexpect.that(_x > 0, got=_x)\n"


def test_margins_outlive_what_a_check_says_but_not_what_it_asks(tmp_path: Path) -> None:
    unit = make_unit(tmp_path, CHALLENGE)
    challenge = unit.folder / "challenge.py"
    head = f'{challenge.read_text()}\n# %% check="q1_double" part="more" points=1\n_x = 1\n'

    def digest(code: str) -> str:
        challenge.write_text(head + code, encoding="utf-8")
        return source_hash(unit)

    before = digest(SAYS)
    assert digest(SAYS_LESS) == before
    assert digest("# why\nexpect.rebuilds(_x, name='it')\n" + SAYS) == before
    assert digest("for _y in [1]:\n    expect.rebuilds(_y)\n" + SAYS) == before
    assert digest(SAYS.replace("0.5", "0.6")) != before
    assert digest(SAYS.replace("_x > 0", "_x > 1")) != before
    assert digest("expect.shape(_x, ())\n" + SAYS) != before


def test_margins_outlive_a_new_wrong_variant_but_no_new_right_one(unit: Unit) -> None:
    before, variants = source_hash(unit), unit.folder / "variants.py"
    wrong = '\n# %% q1_double wrong="one" loses="q1_double-large"\ndef double(x):\n    return 2\n'
    variants.write_text(VARIANTS + wrong + TRIPLED, encoding="utf-8")
    assert source_hash(unit) == before
    variants.write_text(VARIANTS.replace("x + x", "x * 2"), encoding="utf-8")
    assert source_hash(unit) != before


def test_a_quality_that_sometimes_fails_does_not_hold(tmp_path: Path) -> None:
    lucky = QUALITY.replace("factor=0.5", "factor=0.15")  # passes when the noise is below 0.5
    (row,) = sweep(make_unit(tmp_path, CHALLENGE + lucky), 6, progress=silent)
    assert not row.holds
    assert max(row.ratios) > 1


def test_trying_an_answer_leaves_no_trace_on_the_next(unit: Unit, parent: WarmParent) -> None:
    bench = Bench(unit.require_challenge(), parent)
    bad = "def double(x):\n    return 0\nassert_ = math = 1"
    assert bench.try_answer("q1_double", bad).lost == {"q1_double-small", "q1_double-large"}
    good = "def double(x):\n    assert 'assert_' not in globals() and math.pi\n    return 2 * x"
    assert bench.try_answer("q1_double", good).lost == set()
    bench.close()
