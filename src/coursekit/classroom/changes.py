"""What grading would change in the gradebook, found without writing anything."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rich.markup import escape
from rich.table import Table

from coursekit.classroom.course_folder import CourseFolder
from coursekit.classroom.grade import judge_all, judges, unchanged
from coursekit.classroom.records import read_record
from coursekit.classroom.report import printable, questions
from coursekit.grading.levels import Level
from coursekit.grading.record import Record
from coursekit.sources.layout import CourseError, Unit
from coursekit.sources.progress import Progress

Rows = dict[str, tuple[float | None, float | None]]
"""Automatic points and a person's, by grade id."""
LONGEST = 160  # characters of a message
NOTHING = "-"


@dataclass(frozen=True)
class Change:
    """A mark that grading would change.

    Attributes
    ----------
    student, question : str
        ``all`` where it is about the whole submission.
    old, new : str
        Points; ``by hand`` where a person decides, ``-`` where there are none.
    reason : str
    """

    student: str
    question: str
    old: str
    new: str
    reason: str


def try_class(
    course: CourseFolder,
    students: Sequence[str],
    *,
    jobs: int = 1,
    again: bool = False,
    fence: Level = Level.LIMITS_ONLY,
    scheduler: str = "",
    progress: Progress,
) -> tuple[list[Record], list[Change]]:
    """Grade as `grade_class` would, and write nothing.

    Returns
    -------
    records : list of Record
        Of those that would be graded, in the students' order.
    changes : list of Change
        What a person gave stays, so it changes nothing.

    Raises
    ------
    CourseError
        If the gradebook cannot be read, the unit is not built, or the engine cannot run here or
        fences less well than asked.
    """
    before = course.marks()
    with judges(course, jobs=jobs, fence=fence, scheduler=scheduler, notes=False) as engine:
        left = [
            student
            for student in students
            if again or student not in before or not unchanged(course, engine, student)
        ]
        found = {record.student: record for record in judge_all(engine, left, progress)}
    records = [found[student] for student in left]
    changes = [
        change
        for record in records
        for change in _changes(course, record, before.get(record.student))
    ]
    return records, changes


def make_change_table(unit: Unit, changes: Sequence[Change]) -> Table:
    """Return the changes as a table for the terminal."""
    table = Table(title=f"{unit.id}: {len(changes)} mark(s) would change")
    for name in ("student", "question", "old", "new", "reason"):
        table.add_column(name, justify="right" if name in ("old", "new") else "left")
    for change in changes:
        texts = (change.student, change.question, change.old, change.new, change.reason)
        table.add_row(*(escape(printable(text)) for text in texts))
    return table


def _changes(course: CourseFolder, record: Record, before: Rows | None) -> Iterator[Change]:
    scores = record.scores
    if before is None:
        if scores:
            reason = "graded for the first time"
            yield Change(record.student, "all", NOTHING, _shown(scores.values()), reason)
        return
    old = {name: auto if hand is None else hand for name, (auto, hand) in before.items()}
    if not scores:
        reason = f"{record.status.value}: {record.detail}"
        yield Change(record.student, "all", _shown(old.values()), NOTHING, reason)
        return
    new = scores | {name: hand for name, (_, hand) in before.items() if hand is not None}
    kept = _kept(course, record)
    for question, checks in questions(course.unit).items():
        was, now = ([marks.get(check) for check in checks] for marks in (old, new))
        if was != now:
            reason = _reason(record, kept, question)
            yield Change(record.student, question, _shown(was), _shown(now), reason)


def _shown(points: Iterable[float | None]) -> str:
    every = list(points)
    known = [each for each in every if each is not None]
    parts = [f"{sum(known):g}"] * bool(known) + ["by hand"] * (len(known) < len(every))
    return " and ".join(parts)


def _kept(course: CourseFolder, record: Record) -> Record | None:
    try:
        return read_record(course.root, record.unit, record.student)
    except CourseError:
        return None


def _reason(record: Record, kept: Record | None, question: str) -> str:
    """Return what has changed that decides, and what the checks say now."""
    before = {outcome.check: outcome.points for outcome in kept.outcomes} if kept else {}
    said = [
        f"{o.check}: {o.verdict.value}" + f": {o.text}".splitlines()[0][:LONGEST] * bool(o.text)
        for o in record.outcomes
        if o.question == question and (o.check, o.points) not in before.items()
    ]
    return f"{_cause(record, kept)} ({'; '.join(said)})"


def _cause(record: Record, kept: Record | None) -> str:
    if kept is None:
        return "no earlier record"
    if _work(record) != _work(kept):
        return "other answers"
    others = [name for name, what in record.versions.items() if kept.versions.get(name) != what]
    return f"another {', '.join(others)}" if others else "the unit or the engine has changed"


def _work(record: Record) -> set[tuple[str, str]]:
    """Return what is the student's own in a record."""
    own = ("answer", "written", "own")
    return {(cell.id, cell.source) for cell in record.cells if cell.kind in own}
