"""Grade a class: from what was handed in to records, gradebook and autograded notebooks."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TypeVar

from coursekit.classroom.course_folder import CourseFolder
from coursekit.classroom.gradebook import GradebookWriter
from coursekit.classroom.records import keep_record, kept_digest, read_record
from coursekit.classroom.stock import StockGrader
from coursekit.grading.engine import WarmEngine, supported
from coursekit.grading.record import Record, Status
from coursekit.sources.layout import CourseError
from coursekit.sources.progress import Progress

T = TypeVar("T")
ENGINES = ("warm", "stock")


def choose_students(course: CourseFolder, wanted: Sequence[str]) -> list[str]:
    """Return the students to grade: those named, or all who have handed in.

    Raises
    ------
    CourseError
        If nobody has handed in, or one that is named has not.
    """
    there, unit = course.handed_in(), course.unit.id
    if not there:
        where = course.path("submitted", "<student>")
        raise CourseError(f"Nobody has handed in {unit}: put their notebooks into {where}.")
    if missing := [student for student in wanted if student not in there]:
        where = course.path("submitted", missing[0])
        raise CourseError(f"{missing[0]!r} has not handed in {unit}: there is no {where}.")
    return list(dict.fromkeys(wanted)) or there


def grade_class(
    course: CourseFolder,
    students: Sequence[str],
    *,
    engine: str = "warm",
    jobs: int = 1,
    again: bool = False,
    progress: Progress,
) -> list[Record]:
    """Grade submissions; keep their records and put them into the gradebook.

    Parameters
    ----------
    course : CourseFolder
    students : sequence of str
    engine : str
        One of `ENGINES`.
    jobs : int
        How many submissions are judged at a time.
    again : bool
        Whether the engine grades also what it has graded before, exactly as it is.
    progress : callable
        Told (label, done, total) as work goes on.

    Returns
    -------
    list of Record
        In the students' order.

    Raises
    ------
    CourseError
        If the unit is not built, or the engine cannot run here.
    """
    run = (
        _grade_warm(course, students, jobs, again)
        if engine == "warm"
        else _grade_stock(course, students)
    )
    records = {r.student: r for r in follow(run, "grading", len(students), progress)}
    return [records[student] for student in students]


def follow(steps: Iterator[T], label: str, total: int, progress: Progress) -> Iterator[T]:
    """Yield all of `steps`, telling `progress` of each."""
    progress(label, 0, total)
    for done, step in enumerate(steps, 1):
        progress(label, done, total)
        yield step


def _grade_warm(
    course: CourseFolder, students: Sequence[str], jobs: int, again: bool
) -> Iterator[Record]:
    if why_not := supported():
        raise CourseError(why_not)
    with (
        GradebookWriter(course) as writer,
        WarmEngine(course.root, course.unit, jobs=jobs) as engine,
    ):
        known = set() if again else writer.students()
        left = []
        for student in students:
            if record := _unchanged(course, engine, student) if student in known else None:
                yield record
            else:
                left.append(student)
        if left:
            for record in engine.grade(left):
                yield _write(course, writer, record)


def _unchanged(course: CourseFolder, engine: WarmEngine, student: str) -> Record | None:
    """Return the kept record of a submission, if all that decided is as it was."""
    unit = course.unit.id
    if kept_digest(course.root, unit, student) != engine.digest(student):
        return None
    try:
        return read_record(course.root, unit, student)
    except CourseError:
        return None


def _grade_stock(course: CourseFolder, students: Sequence[str]) -> Iterator[Record]:
    with StockGrader(course.root, course.unit) as engine:
        for record in engine.grade(students):
            keep_record(course.root, record)
            yield record


def _write(course: CourseFolder, writer: GradebookWriter, record: Record) -> Record:
    """Write a record; what cannot be written is our fault, and stops nobody else."""
    try:
        writer.write(record)
    except CourseError:  # the gradebook itself: it would be the same for everybody
        raise
    except Exception as error:
        detail = (
            f"It was graded, but cannot be written ({type(error).__name__}: {error}); report it."
        )
        record = replace(record, status=Status.ENGINE, detail=detail)
        writer.write(record)
    keep_record(course.root, record)
    return record
