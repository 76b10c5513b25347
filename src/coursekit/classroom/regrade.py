"""Grade again after a check was mended: first what would change, then the change, then a word."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from coursekit.classroom.changes import Change
from coursekit.classroom.course_folder import CourseFolder
from coursekit.classroom.gradebook import GradebookWriter
from coursekit.classroom.report import questions
from coursekit.classroom.staging import beside, put, write_file
from coursekit.grading.record import Record
from coursekit.sources.progress import Progress

MESSAGE = """Your work in {unit} was graded again: {because}

{lines}

In all that is {old:g} points before, {new:g} now, of {most:g}{waits}.
"""
WAITS = " (what a person has still to read is not in it)"


def apply(
    course: CourseFolder,
    records: Sequence[Record],
    changes: Sequence[Change],
    because: str,
    *,
    progress: Progress,
) -> list[Path]:
    """Write what a dry run has found, and a message for each student whose mark changed.

    Parameters
    ----------
    course : CourseFolder
    records, changes : sequence
        What `coursekit.classroom.changes.try_class` returned.
    because : str
        Why, for the students. The reasons in `changes` speak of hidden tests and stay here.
    progress : callable

    Returns
    -------
    list of Path
        The messages, in ``messages/<unit>/``; who is graded for the first time gets none.

    Raises
    ------
    CourseError
        If the gradebook cannot be written.
    """
    graded, before = set(course.marks()), _totals(course)
    with GradebookWriter(course) as writer:
        for done, record in enumerate(records, 1):
            writer.write(record)
            progress("writing", done, len(records))
    after, points = _totals(course), course.points()
    written = []
    changed = dict.fromkeys(change.student for change in changes)
    for student in (student for student in changed if student in graded):
        path = course.root / "messages" / course.unit.id / f"{student}.txt"
        mine = [change for change in changes if change.student == student]
        waits = None in points.get(student, {None: None}).values()
        text = _message(course, mine, because, before.get(student, 0), after.get(student, 0), waits)
        write_file(beside(path, "new"), text)
        put(path)
        written.append(path)
    return written


def _message(
    course: CourseFolder,
    changes: Sequence[Change],
    because: str,
    before: float,
    after: float,
    waits: bool,
) -> str:
    lines = [
        f"- {change.question.replace('_', ' ')}: {change.old} points before, {change.new} now"
        for change in changes
    ]
    return MESSAGE.format(
        unit=course.unit.id,
        because=because,
        lines="\n".join(lines),
        old=round(before, 4),
        new=round(after, 4),
        most=sum(sum(cells.values()) for cells in questions(course.unit).values()),
        waits=WAITS if waits else "",
    )


def _totals(course: CourseFolder) -> dict[str, float]:
    """Return by student what is known: extra credit is in it, and lateness taken off."""
    late = course.penalties()
    return {
        student: max(sum(filter(None, points.values())) - late.get(student, 0.0), 0.0)
        for student, points in course.points().items()
    }
