"""Grade a sample class from end to end and hold every score against the declared one."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from coursekit.classroom.course_folder import CourseFolder
from coursekit.classroom.grade import follow, grade_class
from coursekit.demo.sample_class import SampleStudent, sample_class, write_submission
from coursekit.grading.record import Record
from coursekit.insight.findings import findings
from coursekit.insight.page import unit_page, write_page
from coursekit.leaks.gate import gate_feedback
from coursekit.marking.feedback import Pages
from coursekit.privacy.pseudonyms import Names
from coursekit.sources.layout import CourseError, Unit
from coursekit.sources.progress import Progress


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


def run_demo(
    unit: Unit, size: int, folder: Path, *, engine: str = "warm", progress: Progress
) -> Demo:
    """Make a sample class of `unit`, grade it, write feedback and a report into `folder`.

    Parameters
    ----------
    unit : Unit
        Built.
    size : int
        Number of students.
    folder : Path
        Throw-away course folder; must be empty or missing.
    engine : str
        One of `grade.ENGINES`.
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
    with CourseFolder(folder, unit) as course:
        names = [student.id for student in students]
        records = grade_class(course, names, engine=engine, progress=progress)
        graded = [record.student for record in records if record.status.has_points]
        pages = list(follow(Pages(course).write(graded), "feedback", len(graded), progress))
        report = folder / "report.html"
        write_page(report, unit_page(findings(course, Names(), progress), report))
    feedback = dict(zip(graded, pages, strict=True))
    surprises = [
        line
        for student, record in zip(students, records, strict=True)
        for line in _compare(student, record)
    ]
    pages_of = {student: [page] for student, page in feedback.items()}
    surprises += map(str, gate_feedback(unit.course, unit, pages_of))
    return Demo(students, records, report, surprises)


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
