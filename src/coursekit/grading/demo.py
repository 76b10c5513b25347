"""Grade a sample class from end to end and hold every score against the declared one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from coursekit.authoring.layout import CourseError, Unit
from coursekit.grading.report import write_report
from coursekit.grading.sample_class import SampleStudent, sample_class, write_submission
from coursekit.grading.stock import Result, StockGrader

Progress = Callable[[str, int, int], None]


@dataclass(frozen=True)
class Demo:
    """A graded sample class.

    Attributes
    ----------
    students : list of SampleStudent
    results : list of Result
        In the students' order.
    report : Path
        The class report, HTML.
    surprises : list of str
        Where a score or status is not the declared one; empty when the graders graded.
    """

    students: list[SampleStudent]
    results: list[Result]
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
    grader = StockGrader(folder, unit)
    for student in students:
        write_submission(unit, student, folder / "submitted")
    results = []
    progress("grading", 0, size)
    for result in grader.grade(student.id for student in students):
        results.append(result)
        progress("grading", len(results), size)
    graded = [result.student for result in results if result.scores]
    progress("feedback", 0, len(graded))
    feedback = {}
    for path in grader.write_feedback(graded):
        feedback[path.parent.parent.name] = path
        progress("feedback", len(feedback), len(graded))
    report = write_report(folder / "report.html", unit, results, feedback)
    surprises = [
        line
        for student, result in zip(students, results, strict=True)
        for line in _compare(student, result)
    ]
    return Demo(students, results, report, surprises)


def _compare(student: SampleStudent, result: Result) -> list[str]:
    who = f"{student.id} ({student.role})"
    if not student.readable:
        return [] if result.status.startswith("error:") else [f"{who}: status {result.status}"]
    if result.status.startswith("error:"):
        return [f"{who}: {result.status}: {result.detail}"]
    return [
        f"{who}: {check} scored {result.scores.get(check)}, declared {points}"
        for check, points in student.expected.items()
        if result.scores.get(check) != points
    ]
