"""Grade a class: from what was handed in to records, gradebook and autograded notebooks."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from statistics import fmean
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from coursekit.classroom.course_folder import CourseFolder
from coursekit.classroom.gradebook import GradebookWriter
from coursekit.classroom.records import keep_record, kept_digest, read_record
from coursekit.classroom.staging import explained
from coursekit.classroom.stock import StockGrader
from coursekit.classroom.stopping import uninterrupted
from coursekit.grading.engine import WarmEngine, supported
from coursekit.grading.levels import Level
from coursekit.grading.record import Record, Status
from coursekit.sources.layout import CourseError
from coursekit.sources.progress import Progress

if TYPE_CHECKING:
    from coursekit.cluster.engine import ClusterEngine

T = TypeVar("T")
Judges: TypeAlias = "WarmEngine | ClusterEngine"
ENGINES = ("warm", "stock")
UNWRITTEN = "It was graded, but cannot be written ({}: {}); report it."
STOPPED = "{} of {} submissions are done"
NO_DASK = "A cluster needs Dask: pip install 'coursekit[cluster]' here and on its machines."
GOES_ON = "; the next `coursekit grade` goes on with the rest"


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
    fence: Level = Level.LIMITS_ONLY,
    scheduler: str = "",
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
    fence : Level
        The least that submissions must be fenced, by the warm engine: the course's own may go
        without.
    scheduler : str
        Address of a Dask cluster's, whose workers are to judge; empty for this machine.
    progress : callable
        Told (label, done, total) as work goes on.

    Returns
    -------
    list of Record
        In the students' order.

    Raises
    ------
    CourseError
        If the unit is not built, the engine cannot run here or fences less well than asked, or
        nothing more can be written.
    KeyboardInterrupt
        Saying how many are done. Those that were being judged are dropped.
    """
    done: dict[str, Record] = {}
    try:
        if engine == "warm":
            engine_of = partial(judges, course, jobs=jobs, fence=fence, scheduler=scheduler)
            _grade_warm(course, students, engine_of, again, progress, done)
        else:
            _grade_stock(course, students, progress, done)
    except KeyboardInterrupt:
        rest = GOES_ON if engine == "warm" and not again else ""  # else it begins anew
        raise KeyboardInterrupt(f"{STOPPED.format(len(done), len(students))}{rest}.") from None
    return [done[student] for student in students]


def follow(steps: Iterator[T], label: str, total: int, progress: Progress) -> Iterator[T]:
    """Yield all of `steps`, telling `progress` when each is done with."""
    progress(label, 0, total)
    for done, step in enumerate(steps, 1):
        yield step
        progress(label, done, total)


def judges(
    course: CourseFolder, *, jobs: int = 1, fence: Level, scheduler: str = "", notes: bool = True
) -> Judges:
    """Return the engine that is asked for: on this machine, or on a cluster's.

    Raises
    ------
    CourseError
        If it cannot run.
    """
    if not scheduler:
        return WarmEngine(course.root, course.unit, jobs=jobs, fence=fence, notes=notes)
    try:
        from coursekit.cluster.engine import ClusterEngine
    except ImportError as error:
        raise CourseError(NO_DASK) from error
    return ClusterEngine(course.root, course.unit, scheduler, fence=fence)


def judge_all(engine: Judges, students: Sequence[str], progress: Progress) -> Iterator[Record]:
    """Yield the records of submissions, those first that took longest before."""
    if not students:
        return
    progress("starting", 0, 1)  # apart: it says nothing about how long a submission takes
    engine.start()
    progress("starting", 1, 1)
    known = {student: _seconds(engine, student) for student in students}
    usual = fmean([seconds for seconds in known.values() if seconds] or [0.0])
    order = sorted(students, key=lambda student: known[student] or usual, reverse=True)
    yield from follow(engine.grade(order), "grading", len(order), progress)


def unchanged(course: CourseFolder, engine: Judges, student: str) -> Record | None:
    """Return the kept record of a submission, if all that decided is as it was."""
    unit = course.unit.id
    try:
        if kept_digest(course.root, unit, student) != engine.digest(student):
            return None
        return read_record(course.root, unit, student)
    except (OSError, CourseError):
        return None


def _grade_warm(
    course: CourseFolder,
    students: Sequence[str],
    engine_of: Callable[[], Judges],
    again: bool,
    progress: Progress,
    done: dict[str, Record],
) -> None:
    if why_not := supported():
        raise CourseError(why_not)
    with GradebookWriter(course) as writer, engine_of() as engine:
        for student in () if again else writer.students().intersection(students):
            if record := unchanged(course, engine, student):
                done[student] = record
        if done:
            progress("as before", len(done), len(done))
        left = [student for student in students if student not in done]
        for record in judge_all(engine, left, progress):
            with uninterrupted():
                done[record.student] = _write(writer, record)


def _seconds(engine: Judges, student: str) -> float:
    """Return how long a submission took the last time; 0 if that is not known."""
    try:
        return read_record(engine.folder, engine.unit.id, student).seconds.get("total", 0.0)
    except CourseError:
        return 0.0


def _grade_stock(
    course: CourseFolder, students: Sequence[str], progress: Progress, done: dict[str, Record]
) -> None:
    with StockGrader(course.root, course.unit) as engine:
        for record in follow(engine.grade(students), "grading", len(students), progress):
            with uninterrupted():
                keep_record(course.root, record)
                done[record.student] = record


def _write(writer: GradebookWriter, record: Record) -> Record:
    """Write a record; what cannot be written is our fault, and stops nobody else.

    Raises
    ------
    CourseError
        If no other can be written, either.
    """
    try:
        with explained(writer.folder.root):
            return writer.write(record)
    except CourseError:  # the gradebook, or the disk
        raise
    except Exception as error:
        if record.status is Status.ENGINE:
            return record  # the table says so
        detail = UNWRITTEN.format(type(error).__name__, error)
        return _write(writer, replace(record, status=Status.ENGINE, detail=detail))
