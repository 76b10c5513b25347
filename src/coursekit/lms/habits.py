"""How learning-management systems name what students hand in.

Sources: Moodle's ``mod/assign`` (downloads, worksheets), Canvas' ``submissions.zip`` and gradebook,
Gradescope's exports, nbgrader's exchange; as read in their code, not on live systems.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timezone
from itertools import pairwise

MOODLE = re.compile(
    r"(?P<name>.+)_(?P<key>\d+)_assignsubmission_(?P<plugin>[a-z]+)(?:_(?P<file>.*))?"
)
CANVAS = re.compile(
    r"(?P<name>[^_]+)(?:_(?P<late>LATE))?_(?P<key>\d+)_(?P<attachment>\d+)_(?P<file>.+)"
)
ANONYMOUS = re.compile(
    r"anon_(?P<key>\d+|[A-Za-z0-9]{5})(?:_(?P<late>LATE))?_(?P<attachment>\d+)_(?P<file>.+)"
)
AGAIN = re.compile(r"-(\d{1,3})(?=\.[^.]+$)")  # Canvas counts later attempts before the ending
INBOUND = re.compile(
    r"(?P<name>[^+]+)\+(?P<unit>[^+]+)\+(?P<when>\d{4}-\d\d-\d\d [\d:.]+) (?P<zone>[^+]+)(?:\+.*)?"
)
SUBMISSION = re.compile(r"submission_(?P<key>\d+)")
UNIT = re.compile(r"\d\d_[a-z][a-z0-9_]*")
PLAIN_NAME = re.compile(r"^(?P<before>.*?)[-_ ]*(?:[a-z0-9]+_challenge)[-_ ]*(?P<after>.*)$", re.I)
COPY = re.compile(r"[-_ ]*(?:\(\d+\)|copy|kopie|copie|final|v?\d+)\s*$", re.I)


@dataclass(frozen=True)
class Sender:
    """What the name of a file says of who handed it in.

    Attributes
    ----------
    system : str
        ``moodle``, ``canvas``, ``gradescope``, ``nbgrader`` or ``folder``.
    name : str
        As the system writes it; empty for one that is anonymous.
    key : str
        The system's own number, or nbgrader's student id.
    attempt : int
        0 for the first one.
    when : datetime or None
        Where a name says it.
    late : bool
        Whether the system called it late.
    """

    system: str
    name: str = ""
    key: str = ""
    attempt: int = 0
    when: datetime | None = None
    late: bool = False


def sender_of(names: tuple[str, ...]) -> Sender | None:
    """Return who handed in a file of these folders and this name; None if nothing says it."""
    for habit in (_moodle, _exchange, _submitted, _canvas, _folder):
        if found := habit(names):
            return found
    return None


def _moodle(names: tuple[str, ...]) -> Sender | None:
    for name in names:
        if match := MOODLE.fullmatch(name):
            shown = match["name"].replace("_", " ").strip()
            # "Participant 123" is what Moodle calls who is anonymous, in the teacher's language.
            return Sender(
                "moodle", "" if shown.endswith(f" {match['key']}") else shown, match["key"]
            )
    return None


def _exchange(names: tuple[str, ...]) -> Sender | None:
    for name in names[:-1]:
        if match := INBOUND.fullmatch(name):
            return Sender("nbgrader", key=match["name"], when=_utc(match["when"]))
    return None


def _submitted(names: tuple[str, ...]) -> Sender | None:
    """Read nbgrader's own ``submitted/<student>/<unit>/``."""
    for student, unit in pairwise(names[:-1]):
        if UNIT.fullmatch(unit):
            return Sender("nbgrader", key=student)
    return None


def _canvas(names: tuple[str, ...]) -> Sender | None:
    for pattern in (ANONYMOUS, CANVAS):
        if match := pattern.fullmatch(names[-1]):
            again = AGAIN.search(match["file"])
            return Sender(
                "canvas",
                match["name"] if "name" in pattern.groupindex else "",
                match["key"],
                int(again[1]) if again else 0,
                late=bool(match["late"]),
            )
    return None


def _folder(names: tuple[str, ...]) -> Sender | None:
    """Read a folder a student, or files with the student in their names."""
    stem = names[-1].split(".")[0]
    if match := PLAIN_NAME.fullmatch(stem):
        left = [COPY.sub("", part).strip("-_ ") for part in (match["before"], match["after"])]
        stem = " ".join(part for part in left if part)
    if not stem and len(names) > 1:
        stem = names[-2]
    return Sender("folder", stem.replace("_", " ").strip(), stem) if stem else None


def _utc(text: str) -> datetime | None:
    for form in ("%Y-%m-%d %H:%M:%S.%f", "%Y-%m-%d %H:%M:%S"):
        try:
            return datetime.strptime(text, form).replace(tzinfo=timezone.utc)
        except ValueError:
            continue
    return None


def gradescope(metadata: object) -> Callable[[tuple[str, ...]], Sender | None]:
    """Return what tells who handed in a file, from a Gradescope export's metadata.

    Parameters
    ----------
    metadata : object
        What ``submission_metadata.yml`` holds; its keys may carry a colon.
    """
    known: dict[str, Sender] = {}
    table = metadata if isinstance(metadata, dict) else {}
    for name, entry in table.items():
        entry = _plain(entry)
        people = entry.get("submitters")
        person = _plain(people[0]) if isinstance(people, list) and people else {}
        when = entry.get("created_at")
        known[str(name)] = Sender(
            "gradescope",
            str(person.get("name") or ""),
            str(person.get("sid") or ""),
            when=_aware(when),
        )

    def find(names: tuple[str, ...]) -> Sender | None:
        return next((known[name] for name in names if name in known), None)

    return find


def _plain(entry: object) -> dict[str, object]:
    table = entry if isinstance(entry, dict) else {}
    return {str(key).lstrip(":"): value for key, value in table.items()}


def _aware(value: object) -> datetime | None:
    if isinstance(value, str):
        try:
            value = datetime.fromisoformat(value.replace("Z", "+00:00"))
        except ValueError:
            return None
    if not isinstance(value, datetime):
        return None
    return value if value.tzinfo else value.replace(tzinfo=timezone.utc)
