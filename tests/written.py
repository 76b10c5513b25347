"""A submission that is written: what the engine says of it, and what a folder holds then."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.api import Gradebook

from coursekit.classroom.course_folder import CourseFolder
from coursekit.classroom.gradebook import GradebookWriter
from coursekit.classroom.records import read_record
from coursekit.grading.engine import master_of
from coursekit.grading.record import Outcome, Record, Status, Verdict
from coursekit.sources.layout import CourseError, Unit


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


def make_graded(folder: Path, unit: Unit) -> Path:
    """Make a folder with a graded submission that a person has marked, and its feedback."""
    write(folder, unit, first(unit))
    (folder / "submitted" / "ada" / unit.id).mkdir(parents=True)
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        grade = gradebook.find_grade("q2_why", "small_challenge", unit.id, "ada")
        grade.manual_score, grade.needs_manual_grade = 3.0, False
        gradebook.db.commit()
    with CourseFolder(folder, unit) as course:
        list(course.write_feedback(["ada"]))
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
