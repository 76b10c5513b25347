"""Grade a sample class from end to end and hold every score against the declared one."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from coursekit.classroom.report import write_report
from coursekit.classroom.sample_class import SampleStudent, sample_class, write_submission
from coursekit.classroom.stock import StockGrader
from coursekit.grading.record import Engine, Record
from coursekit.leaks.gate import gate_feedback
from coursekit.sources.layout import CourseError, Unit
from coursekit.sources.progress import Progress

T = TypeVar("T")


@dataclass(frozen=True)
class Demo:
    """A graded sample class.

    Attributes
    ----------
    students : list of SampleStudent
    records : list of Record
        In the students' order.
    report : Path
        The class report, HTML.
    surprises : list of str
        Where a score or status is not the declared one; empty when the graders graded.
    """

    students: list[SampleStudent]
    records: list[Record]
    report: Path
    surprises: list[str]


def run_demo(unit: Unit, size: int, folder: Path, *, progress: Progress) -> Demo:
    """Make a sample class of `unit`, grade it, write feedback and a report into `folder`.

    Parameters
    ----------
    unit : Unit
        Built.
    size : int
        Number of students.
    folder : Path
        Throw-away course folder; must be empty or missing.
    progress : callable
        Told (label, done, total) as work goes on.

    Raises
    ------
    CourseError
        If `folder` holds something, or the unit cannot be graded at all.
    """
    if folder.exists() and any(folder.iterdir()):
        raise CourseError(f"{folder} is not empty: name a new folder, so that nothing is lost.")
    students = sample_class(unit, size)
    folder.mkdir(parents=True, exist_ok=True)
    for student in students:
        write_submission(unit, student, folder / "submitted")
    with StockGrader(folder, unit) as grader:
        names = [student.id for student in students]
        records = _grade(grader, names, progress)
        graded = [record.student for record in records if record.status.has_points]
        pages = _follow(grader.write_feedback(graded), "feedback", len(graded), progress)
    feedback = dict(zip(graded, pages, strict=True))
    report = write_report(folder / "report.html", unit, records, feedback)
    surprises = [
        line
        for student, record in zip(students, records, strict=True)
        for line in _compare(student, record)
    ]
    pages_of = {student: [page] for student, page in feedback.items()}
    surprises += map(str, gate_feedback(unit.course, unit, pages_of))
    return Demo(students, records, report, surprises)


def _grade(engine: Engine, students: list[str], progress: Progress) -> list[Record]:
    return _follow(engine.grade(students), "grading", len(students), progress)


def _follow(steps: Iterator[T], label: str, total: int, progress: Progress) -> list[T]:
    """Return all of `steps`, telling `progress` of each."""
    progress(label, 0, total)
    done = []
    for step in steps:
        done.append(step)
        progress(label, len(done), total)
    return done


def _compare(student: SampleStudent, record: Record) -> list[str]:
    who, status, scores = f"{student.id} ({student.role})", record.status, record.scores
    if not student.readable:
        return [f"{who}: status {status.value}"] if status.has_points else []
    if not status.has_points:
        return [f"{who}: {status.value}: {record.detail}"]
    return [
        f"{who}: {check} scored {scores.get(check)}, declared {points}"
        for check, points in student.expected.items()
        if scores.get(check) != points
    ]
