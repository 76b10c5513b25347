"""When a unit is due, who has longer, and what it costs to be late.

Two tables in the class's folder: ``deadlines.csv`` (unit, due, and opens where a factor needs it)
and ``extensions.csv`` (student, unit or ``all``, and one of until, hours, factor). Times are those
of a wall clock in the course's zone, or carry an offset. Where a clock shows a time twice or never,
the later moment is meant: it is the student's advantage.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone, tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from nbgrader.plugins import LateSubmissionPlugin
from traitlets import Float

from coursekit.sources.layout import Course, CourseError, read_toml

DEADLINES, EXTENSIONS = "deadlines.csv", "extensions.csv"
ALL = "all"
DAY = 24 * 3600
COLUMNS = {DEADLINES: ("unit", "due"), EXTENSIONS: ("student", "unit")}


class LatePolicy(LateSubmissionPlugin):  # type: ignore[misc]  # nbgrader publishes no types
    """nbgrader's plugin for late work: a share of the points for each day begun, up to a cap.

    Set it in ``nbgrader_config.py``: ``config.LatePolicy.percent_a_day = 10``.
    """

    grace_minutes = Float(0.0, min=0, help="Minutes after the deadline that cost nothing.").tag(
        config=True
    )
    percent_a_day = Float(0.0, min=0, max=100, help="Of the points, for each day begun.").tag(
        config=True
    )
    cap_percent = Float(100.0, min=0, max=100, help="The most that lateness costs.").tag(
        config=True
    )

    def late_submission_penalty(
        self, student_id: str, score: float, total_seconds_late: float
    ) -> float | None:
        """Return the points to take off; None for nothing.

        Parameters
        ----------
        student_id : str
        score : float
            Points without a penalty.
        total_seconds_late : float
            After the deadline, an extension taken into account.
        """
        late = total_seconds_late - 60 * self.grace_minutes
        if late <= 0 or not self.percent_a_day:
            return None
        percent = float(min(self.percent_a_day * math.ceil(late / DAY), self.cap_percent))
        return score * percent / 100


@dataclass(frozen=True)
class Extension:
    """A line of ``extensions.csv``.

    Attributes
    ----------
    student, unit : str
        The unit may be ``all``.
    until : datetime or None
    hours : float
    factor : float
        Of the time between opening and deadline.
    """

    student: str
    unit: str
    until: datetime | None = None
    hours: float = 0.0
    factor: float = 1.0


class Deadlines:
    """The deadlines of a class.

    Parameters
    ----------
    root : Path
        The class's folder.
    zone : tzinfo
    units : sequence of str
        The units that there are; empty to take any.

    Raises
    ------
    CourseError
        If a table says what cannot be, with file and line.
    """

    def __init__(self, root: Path, zone: tzinfo, units: Sequence[str] = ()) -> None:
        self._zone, self._units = zone, units
        self._due: dict[str, datetime] = {}
        self._opens: dict[str, datetime] = {}
        for where, row in _rows(root / DEADLINES):
            self._require_unit(where, row["unit"])
            self._due[row["unit"]] = self._time(where, row["due"])
            if row.get("opens"):
                self._opens[row["unit"]] = self._time(where, row["opens"])
        self._extensions = [self._extension(where, row) for where, row in _rows(root / EXTENSIONS)]

    def due(self, unit: str) -> datetime | None:
        """Return when a unit is due, in UTC; None if nothing says so."""
        return self._due.get(unit)

    def extra(self, student: str, unit: str, otherwise: datetime | None = None) -> timedelta:
        """Return how much longer a student has, at least 0: a later deadline is never shortened.

        Parameters
        ----------
        student, unit : str
        otherwise : datetime, optional
            When the unit is due if the table does not say, in UTC.
        """
        due = self._due.get(unit, otherwise)
        if due is None:
            return timedelta(0)
        mine = [e for e in self._extensions if e.student == student and e.unit in (unit, ALL)]
        return max((self._until(unit, due, each) - due for each in mine), default=timedelta(0))

    def extended(self, unit: str) -> set[str]:
        """Return the students who have an extension."""
        return {each.student for each in self._extensions if each.unit in (unit, ALL)}

    def last(self, unit: str, otherwise: datetime | None = None) -> datetime | None:
        """Return when the last student's time is over, in UTC; None if nothing says so.

        Parameters
        ----------
        unit : str
        otherwise : datetime, optional
            When the unit is due if the table does not say, in UTC.
        """
        due = self._due.get(unit, otherwise)
        if due is None:
            return None
        mine = [each for each in self._extensions if each.unit in (unit, ALL)]
        return max([due, *(self._until(unit, due, each) for each in mine)])

    def _until(self, unit: str, due: datetime, extension: Extension) -> datetime:
        opens = self._opens.get(unit, due)
        longer = timedelta(hours=extension.hours) + (due - opens) * (extension.factor - 1)
        return max(due, due + longer, extension.until or due)

    def _require_unit(self, where: str, unit: str) -> None:
        if self._units and unit not in (ALL, *self._units):
            known = ", ".join(self._units)
            raise CourseError(f"{where}: there is no unit {unit!r}: choose from {known}.")

    def _extension(self, where: str, row: dict[str, str]) -> Extension:
        self._require_unit(where, row["unit"])
        given = {name: row.get(name, "") for name in ("until", "hours", "factor")}
        if sum(map(bool, given.values())) != 1:
            raise CourseError(f"{where}: give one of until, hours and factor.")
        if given["until"]:
            return Extension(row["student"], row["unit"], self._time(where, given["until"]))
        if given["factor"] and row["unit"] not in (ALL, *self._opens):
            raise CourseError(f"{where}: a factor needs `opens` of {row['unit']} in {DEADLINES}.")
        hours, factor = (_number(where, given[name]) for name in ("hours", "factor"))
        if given["factor"] and factor < 1:
            raise CourseError(f"{where}: a factor under 1 would shorten the time.")
        return Extension(row["student"], row["unit"], None, hours, factor or 1.0)

    def _time(self, where: str, text: str) -> datetime:
        try:
            found = datetime.fromisoformat(text.replace("Z", "+00:00"))
        except ValueError:
            raise CourseError(f"{where}: {text!r} is no time: write 2026-03-29 23:59.") from None
        if found.tzinfo is None:
            both = [found.replace(tzinfo=self._zone, fold=fold) for fold in (0, 1)]
            return max(each.astimezone(timezone.utc) for each in both)
        return found.astimezone(timezone.utc)


class LocalTime(tzinfo):
    """The machine's time: its offset is that of the date in question, not of today."""

    def utcoffset(self, when: datetime | None) -> timedelta | None:
        """Return the offset at a time."""
        return None if when is None else when.replace(tzinfo=None).astimezone().utcoffset()

    def dst(self, when: datetime | None) -> None:
        """Return None: nobody asks how much of the offset is for summer."""

    def tzname(self, when: datetime | None) -> str | None:
        """Return the zone's name at a time."""
        return None if when is None else when.replace(tzinfo=None).astimezone().tzname()

    def fromutc(self, when: datetime) -> datetime:
        """Return a time of UTC as this machine's."""
        return when.replace(tzinfo=timezone.utc).astimezone().replace(tzinfo=self)


def zone_of(course: Course) -> tzinfo:
    """Return the time zone of a course: ``time_zone`` in ``[tool.coursekit]``, or this machine's.

    Raises
    ------
    CourseError
        If there is no such zone.
    """
    tables = read_toml(course.root / "pyproject.toml").get("tool", {})
    name = tables.get("coursekit", {}).get("time_zone", "")
    if not name:
        return LocalTime()
    return named_zone(str(name))


def named_zone(name: str) -> tzinfo:
    """Return a time zone by its name.

    Raises
    ------
    CourseError
        If there is none of this name.
    """
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise CourseError(f"There is no time zone {name!r}: name one as Europe/Berlin.") from error


def _rows(path: Path) -> Iterator[tuple[str, dict[str, str]]]:
    if not path.exists():
        return
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise CourseError(f"{path} cannot be read: save it as CSV in UTF-8.") from error
    if not text.strip():
        return
    separator = max(",;\t", key=text.split("\n", 1)[0].count)
    reader = csv.reader(text.splitlines(), delimiter=separator)
    head = [cell.strip().lower() for cell in next(reader, [])]
    if missing := [name for name in COLUMNS[path.name] if name not in head]:
        raise CourseError(f"{path}: its first line needs a column `{missing[0]}`.")
    for row in reader:
        if any(cell.strip() for cell in row):
            cells = dict(zip(head, (cell.strip() for cell in row), strict=False))
            where = f"{path}, line {reader.line_num}"
            if empty := [name for name in COLUMNS[path.name] if not cells.get(name)]:
                raise CourseError(f"{where}: `{empty[0]}` is empty.")
            yield where, cells


def _number(where: str, text: str) -> float:
    try:
        found = float(text.replace(",", ".")) if text else 0.0
    except ValueError:
        found = -1.0
    if not 0 <= found < 1e6:
        raise CourseError(f"{where}: {text!r} is no number of hours, and no factor.")
    return found
