"""``kill -9`` at every single step of writing a record: old or new as a whole, never a mixture."""

import os
import shutil
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import FrameType
from typing import Any

import nbformat
import pytest
from nbgrader.api import Gradebook

from coursekit.classroom.course_folder import CourseFolder
from coursekit.classroom.gradebook import GradebookWriter
from coursekit.classroom.records import read_record, record_path
from coursekit.grading.engine import master_of
from coursekit.grading.record import Outcome, Record, Status, Verdict
from coursekit.sources.layout import CourseError, Unit
from samples import make_unit

STEPS = {"rename", "mkdir", "unlink", "rmdir", "chmod", "fsync", "commit"}


@pytest.fixture(scope="module")
def unit(tmp_path_factory: pytest.TempPathFactory) -> Unit:
    return make_unit(tmp_path_factory.mktemp("course"))


def record(unit: Unit, answer: str, written: str, points: tuple[float, float]) -> Record:
    sources = {"q1_double": answer, "q2_why-answer": written}
    cells = tuple(replace(c, source=sources.get(c.id, c.source)) for c in master_of(unit).cells)
    checks = [cell for cell in cells if cell.kind == "check"]
    outcomes = [
        Outcome(
            cell.id, cell.question, Verdict.PASS if got else Verdict.FAIL, got, cell.points, "why"
        )
        for cell, got in zip(checks, points, strict=True)
    ]
    status, manual = Status.NEEDS_MANUAL, {"q2_why": 4.0}
    return Record(
        "ada", unit.id, status, outcomes=tuple(outcomes), manual=manual, cells=cells, digest="0"
    )


def first(unit: Unit) -> Record:
    return record(unit, "def double(x):\n    return 2 * x", "Twice is twice.", (1.0, 0.5))


def second(unit: Unit) -> Record:
    return record(unit, "def double(x):\n    return x", "On second thoughts, no.", (0.0, 0.0))


def damaged(unit: Unit) -> Record:
    return Record("ada", unit.id, Status.UNREADABLE, "it is no notebook.")


def write(folder: Path, unit: Unit, told: Record) -> None:
    with CourseFolder(folder, unit) as course, GradebookWriter(course) as writer:
        writer.write(told)


@pytest.fixture(scope="module")
def graded(unit: Unit, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with a graded submission that a person has marked, and its feedback."""
    folder = tmp_path_factory.mktemp("graded") / "class"
    write(folder, unit, first(unit))
    (folder / "submitted" / "ada" / unit.id).mkdir(parents=True)
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        grade = gradebook.find_grade("q2_why", "small_challenge", unit.id, "ada")
        grade.manual_score, grade.needs_manual_grade = 3.0, False
        gradebook.db.commit()
    with CourseFolder(folder, unit) as course:
        list(course.write_feedback(["ada"]))
    return folder


@pytest.fixture(scope="module")
def empty(unit: Unit, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("empty") / "class"
    with CourseFolder(folder, unit) as course:
        course.ensure_assignment()
    return folder


def state(folder: Path, unit: Unit) -> dict[str, Any]:
    """Return all that a class's folder says of the student."""
    found: dict[str, Any] = {"rows": None, "record": None, "sources": None}
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        for row in gradebook.assignment_submissions(unit.id):
            found["rows"] = {
                g.name: (g.auto_score, g.manual_score, g.needs_manual_grade)
                for g in row.notebooks[0].grades
            }
    try:
        found["record"] = read_record(folder, unit.id, "ada")
    except CourseError:
        found["record"] = None
    path = folder / "autograded" / "ada" / unit.id / unit.challenge_notebook
    if path.exists():
        cells = nbformat.read(path, as_version=4).cells
        found["sources"] = [cell.source for cell in cells]
    found["feedback"] = (folder / "feedback" / "ada" / unit.id).exists()
    return found


def beside(folder: Path) -> list[str]:
    """Return what lies in the folder and should not stay."""
    return [str(p.relative_to(folder)) for p in folder.rglob("*") if p.suffix in (".new", ".old")]


def killed(step: int, work: Callable[[Callable[[], None]], None]) -> bool:
    """Do work in a process that is killed at its `step`-th change of a file; False without it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of forking beside threads: this child needs none
        pid = os.fork()
    if pid == 0:
        left = step

        def look(frame: FrameType, event: str, what: Any) -> None:
            nonlocal left
            if event in ("c_call", "c_return") and getattr(what, "__name__", "") in STEPS:
                left -= 1
                if left < 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        try:
            work(lambda: sys.setprofile(look))
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(pid, 0)[1])


def every_step(folder: Path, at: Path, unit: Unit, told: Record) -> Iterator[int]:
    """Yield each step, after writing was killed there in a fresh copy of `folder`, at `at`."""

    def work(begin: Callable[[], None]) -> None:
        with CourseFolder(at, unit) as course, GradebookWriter(course) as writer:
            begin()
            writer.write(told)

    for step in range(1000):
        shutil.rmtree(at, ignore_errors=True)
        shutil.copytree(folder, at)
        if not killed(step, work):
            return
        yield step


@pytest.mark.parametrize(
    ("start", "new"),
    [("graded", second), ("graded", damaged), ("empty", first)],
    ids=["another answer", "a damaged file", "the first time"],
)
def test_old_or_new_as_a_whole_and_the_next_run_repairs(
    unit: Unit,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    start: str,
    new: Callable[[Unit], Record],
) -> None:
    folder: Path = request.getfixturevalue(start)
    told, old = new(unit), state(folder, unit)
    write(shutil.copytree(folder, tmp_path / "whole"), unit, told)
    whole = state(tmp_path / "whole", unit)
    assert old != whole
    seen = []
    for step in every_step(folder, tmp_path / "class", unit, told):
        found = state(tmp_path / "class", unit)
        seen.append("old" if found == old else "new" if found == whole else "between")
        if seen[-1] == "between":
            assert found["record"] is None, step
        if seen[-1] == "between" and old["record"] is not None:
            hidden = record_path(tmp_path / "class", unit.id, ".ada").with_suffix(".json.old")
            assert hidden.exists(), "somebody can still look at what it was"
        write(tmp_path / "class", unit, told)
        assert state(tmp_path / "class", unit) == whole, step
        assert beside(tmp_path / "class") == [], step
    assert len(seen) > 20
    assert list(dict.fromkeys(seen)) == ["old", "between", "new"]
