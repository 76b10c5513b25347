"""One table of a graded class, for the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from rich.markup import escape
from rich.table import Table

from coursekit.grading.record import Fault, Record, Status, Verdict
from coursekit.sources.layout import Unit
from coursekit.sources.source import read_source

TO_DO = {
    Status.GRADED: "",
    Status.NEEDS_MANUAL: "read the rest: coursekit mark",
    Status.MISSING: "the student's: ask for the file",
    Status.UNREADABLE: "the student's: ask for the file again",
    Status.UNMATCHED: "a person looks into the file",
    Status.WIRE: "the student's: read the code",
    Status.COURSE: "the course's: mend it, grade again",
    Status.ENGINE: "ours: grade again, else report it",
    Status.STOCK: "read the sentence below, grade again",
}
"""What to do about a status, and whose fault it is."""
LIMITS = [verdict for verdict in Verdict if verdict.value.startswith("limit:")]
STOPPED = (Verdict.LOST, Verdict.UNSENDABLE, *LIMITS)


@dataclass(frozen=True)
class Row:
    """One student's line of the table, as text.

    Attributes
    ----------
    student, total : str
    status : Status
    cells : list of str
        Points by question; ``by hand`` where a person has to grade, ``-`` after an error.
    """

    student: str
    status: Status
    total: str
    cells: list[str]


def questions(unit: Unit) -> dict[str, dict[str, float]]:
    """Return the graded cells of a unit's challenge: question to {grade id: most points}."""
    found: dict[str, dict[str, float]] = {}
    for cell in read_source(unit.require_challenge()):
        if cell.kind in ("check", "task"):
            found.setdefault(cell.name, {})[cell.grade_id] = cell.points
    return found


def is_well(records: list[Record]) -> bool:
    """Whether every submission has points, and no check failed by our fault or the course's."""
    ours = (Fault.COURSE, Fault.ENGINE)
    return all(
        record.status.has_points and all(o.verdict.fault not in ours for o in record.outcomes)
        for record in records
    )


def reasons(record: Record) -> list[str]:
    """Return why a person should look at a submission, a sentence each; empty for most."""
    found = [record.detail] if record.detail else []
    found += record.flags
    for outcome in record.outcomes:
        if outcome.verdict in STOPPED or outcome.verdict.fault in (Fault.COURSE, Fault.ENGINE):
            found.append(f"{outcome.check}: {outcome.verdict.value}: {outcome.text}")
        found += [f"{outcome.check}: {flag}" for flag in outcome.flags]
    return list(dict.fromkeys(printable(text) for text in found))


def printable(text: str) -> str:
    """Return text without what would steer a terminal; students wrote some of it."""
    return "".join(c if c.isprintable() or c == "\n" else "\N{REPLACEMENT CHARACTER}" for c in text)


@dataclass(frozen=True)
class Marks:
    """What stands in the gradebook, beside the records.

    Attributes
    ----------
    points : mapping
        By student and grade id, those by hand among them; None where a person has to decide.
    late : mapping of str to float
        By student, what lateness takes off.
    """

    points: Mapping[str, Mapping[str, float | None]] = field(default_factory=dict)
    late: Mapping[str, float] = field(default_factory=dict)


def summary(unit: Unit, records: list[Record], marks: Marks | None = None) -> dict[str, Any]:
    """Return the class as plain data, for ``--json``."""
    graded = questions(unit)
    return {
        "unit": unit.id,
        "questions": {name: sum(checks.values()) for name, checks in graded.items()},
        "well": is_well(records),
        "submissions": [_summary(record, graded, marks or Marks()) for record in records],
    }


def _scores(record: Record, marks: Marks) -> tuple[dict[str, float | None], Status]:
    """Return a record's points with those by hand, and the status that this makes."""
    scores = record.scores
    if not scores:
        return {}, record.status
    kept = marks.points.get(record.student, {})
    scores |= {name: kept.get(name, old) for name, old in scores.items()}
    waits = None in scores.values()
    return scores, Status.NEEDS_MANUAL if waits else Status.GRADED


def _summary(record: Record, graded: dict[str, dict[str, float]], marks: Marks) -> dict[str, Any]:
    scores, status = _scores(record, marks)
    known = [score for score in scores.values() if score is not None]
    return {
        "student": record.student,
        "status": status.value,
        "fault": status.fault.value,
        "questions": {name: _points(scores, checks) for name, checks in graded.items()},
        "checks": {o.check: o.verdict.value for o in record.outcomes},
        "total": max(sum(known) - marks.late.get(record.student, 0.0), 0.0) if scores else None,
        "look": reasons(record),
        "fence": record.fence,
    }


def _points(scores: dict[str, float | None], checks: dict[str, float]) -> float | None:
    """Return a question's points; None where they are not all known."""
    known = [score for check in checks if (score := scores.get(check)) is not None]
    return sum(known) if len(known) == len(checks) else None


def make_rows(unit: Unit, records: list[Record], marks: Marks | None = None) -> list[Row]:
    """Return the table's rows, one a record."""
    graded = questions(unit)
    most = sum(sum(checks.values()) for checks in graded.values())
    return [_row(record, graded, most, marks or Marks()) for record in records]


def _row(record: Record, graded: dict[str, dict[str, float]], most: float, marks: Marks) -> Row:
    scores, status = _scores(record, marks)
    if not scores:
        return Row(record.student, status, "-", ["-"] * len(graded))
    sums = [_points(scores, checks) for checks in graded.values()]
    cells = ["by hand" if points is None else f"{points:g}" for points in sums]
    points = sum(score for score in scores.values() if score is not None)
    points = max(points - marks.late.get(record.student, 0.0), 0.0)
    return Row(record.student, status, f"{points:g} / {most:g}", cells)


def make_table(
    unit: Unit, records: list[Record], roles: dict[str, str], marks: Marks | None = None
) -> Table:
    """Return the class as a table for the terminal.

    Parameters
    ----------
    unit : Unit
    records : list of Record
    roles : dict of str to str
        What to say of each student beside the id; may be empty.
    marks : Marks, optional
    """
    table = Table(title=f"{unit.id}: {len(records)} submission(s)")
    table.add_column("student", no_wrap=True)
    if roles:
        table.add_column("submission", no_wrap=True)
    for name, checks in questions(unit).items():
        table.add_column(f"{name.split('_')[0]}\n/{sum(checks.values()):g}", justify="right")
    table.add_column("total", justify="right", no_wrap=True)
    table.add_column("status", no_wrap=True)
    table.add_column("to do")
    for row in make_rows(unit, records, marks):
        role = [roles[row.student]] if roles else []
        who = escape(printable(row.student))
        table.add_row(who, *role, *row.cells, row.total, row.status.value, TO_DO[row.status])
    return table
