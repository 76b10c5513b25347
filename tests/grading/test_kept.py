"""Verdicts are kept beside a unit only when all of it was tried as it stands, without a fault."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from coursekit.cli import main
from coursekit.grading.forks import WarmParent
from coursekit.proving import kept
from coursekit.proving.kept import is_current, path_of, prove
from coursekit.proving.trial import Bench
from coursekit.proving.verify import FEW, Verdict, read_answers, read_mutants, verify
from coursekit.sources.layout import CourseError, Unit
from coursekit.sources.progress import no_progress
from samples import VARIANTS, lock, make_unit


@pytest.fixture
def unit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Unit:
    made = make_unit(tmp_path)
    lock(made.course)
    monkeypatch.chdir(tmp_path)
    return made


@pytest.fixture
def near(parent: WarmParent, monkeypatch: pytest.MonkeyPatch) -> Callable[..., list[Verdict]]:
    """Verify with the judge in this process: another takes seconds to start."""

    def verify_near(unit: Unit, **options: Any) -> list[Verdict]:
        bench = Bench(unit.require_challenge(), parent)
        try:
            return verify(unit, attempt=bench.try_answer, **options)
        finally:
            bench.close()

    monkeypatch.setattr(kept, "verify", verify_near)
    return verify_near


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def test_the_command_keeps_what_it_tried_with_locked_libraries(
    unit: Unit, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["verify"]) == 0
    told = capsys.readouterr().out
    assert told.startswith("1 unit(s) to verify.\n")
    assert "derived wrong answers killed, 1/1 declared ones caught." in told
    table, mutants = path_of(unit).read_text(encoding="utf-8"), len(read_mutants(unit))
    assert f"| `q1_double` | 1/1 | 1/1 | {mutants}/{mutants} | 0 | 0 |\n" in table
    assert main(["verify"]) == 0
    assert "01_small: verified before, exactly as it is" in capsys.readouterr().out
    lock(unit.course, keras="3.8.0")
    assert main(["verify"]) == 0
    told = capsys.readouterr().out
    assert "derived wrong answers killed" in told
    assert "No verdicts.md is written with versions that are not locked: keras is 3." in told
    assert path_of(unit).read_text(encoding="utf-8") == table


@pytest.mark.usefixtures("near")
def test_what_is_kept_is_current_until_something_decisive_changes(unit: Unit) -> None:
    assert not is_current(unit)
    prove(unit, progress=no_progress)
    assert is_current(unit)
    edit(unit.folder / "variants.py", "x + x", "x + 1 * x")
    assert not is_current(unit)
    prove(unit, progress=no_progress)
    assert is_current(unit)


@pytest.mark.usefixtures("near")
def test_a_table_that_was_edited_is_not_current(unit: Unit) -> None:
    prove(unit, progress=no_progress)
    assert is_current(unit)
    edit(path_of(unit), "| 1/1 | 1/1 |", "| 2/2 | 1/1 |")
    assert not is_current(unit)


@pytest.mark.usefixtures("near")
def test_a_fault_keeps_nothing_and_takes_back_what_was_kept(
    unit: Unit, monkeypatch: pytest.MonkeyPatch
) -> None:
    edit(unit.folder / "variants.py", "x + x", "x + 2")
    prove(unit, progress=no_progress)
    assert not path_of(unit).exists()
    edit(unit.folder / "variants.py", "x + 2", "x + x")
    prove(unit, progress=no_progress)
    assert path_of(unit).exists()
    surprise = Verdict("q1_double", "adds", "right", fault="loses q1_double-large")
    monkeypatch.setattr(kept, "verify", lambda *_, **__: [surprise])
    prove(unit, progress=no_progress)
    assert not path_of(unit).exists(), "what is current and fails today is no verdict"


@pytest.mark.usefixtures("near")
def test_a_unit_that_changes_meanwhile_is_not_kept(unit: Unit) -> None:
    def meddle(label: str, done: int, total: int) -> None:
        if done == 1:
            edit(unit.folder / "variants.py", "x + x", "x + 1 * x")

    with pytest.raises(CourseError, match="01_small was changed while it was tried"):
        prove(unit, progress=meddle)
    assert not path_of(unit).exists()


@pytest.mark.parametrize("command", [["build", "--check"], ["lint"], ["build"]])
def test_no_other_command_writes_verdicts(unit: Unit, command: list[str]) -> None:
    main(command)
    assert not path_of(unit).exists()


def test_units_are_proved_side_by_side(unit: Unit, capsys: pytest.CaptureFixture[str]) -> None:
    other = unit.course.root / "course" / "02_other"
    other.mkdir()
    for name in ("challenge.py", "variants.py"):
        (other / name).write_bytes((unit.folder / name).read_bytes())
    assert main(["build"]) == 0
    edit(other / "variants.py", "x + x", "x + 2")
    assert main(["verify", "--jobs", "2"]) == 1
    told = capsys.readouterr()
    assert "02_other q1_double (right: adds)" in told.err
    assert told.out.index("01_small: ") < told.out.index("02_other: ")
    assert is_current(unit)
    assert main(["verify", "--jobs", "0"]) == 1
    assert "at least one job" in capsys.readouterr().err


def test_a_sample_is_solutions_stubs_and_a_few_others_by_its_text(
    unit: Unit, near: Callable[..., list[Verdict]]
) -> None:
    more = "".join(
        f'\n# %% q1_double right="{n}-fold"\ndef double(x):\n    return 2 * x * {n} / {n}\n'
        for n in (2, 4, 8, 16, 32, 64, 128)
    )
    (unit.folder / "variants.py").write_text(VARIANTS + more, encoding="utf-8")

    def drawn(text: str) -> list[Verdict]:
        return near(unit, progress=no_progress, sample=text)

    one = drawn("one")
    kinds = [verdict.kind for verdict in one]
    assert (kinds.count("solution"), kinds.count("stub")) == (1, 1)
    assert kinds.count("right") + kinds.count("wrong") == FEW < len(read_answers(unit)) - 2
    assert kinds.count("mutant") == FEW < len(read_mutants(unit))
    assert not any(verdict.fault for verdict in one)
    names = [verdict.label for verdict in one]
    assert [verdict.label for verdict in drawn("one")] == names
    assert [verdict.label for verdict in drawn("two")] != names


def test_a_fault_in_a_sample_is_found(unit: Unit, near: Callable[..., list[Verdict]]) -> None:
    edit(unit.folder / "challenge.py", "return 2 * x", "return 3 * x")
    verdicts = near(unit, progress=no_progress, sample="any")
    assert "the solution" in [verdict.label for verdict in verdicts if verdict.fault]
