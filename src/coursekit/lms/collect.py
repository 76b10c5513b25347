"""Put what students handed in where nbgrader looks for it: right student, right unit, newest.

Nothing is overwritten. What a newer attempt replaces, and what came too late to be the newest,
lies in ``attempts/<student>/<unit>/<time>/``. A second run adds only what is new.
"""

from __future__ import annotations

import shutil
import tempfile
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timezone, tzinfo
from pathlib import Path

from coursekit.grading.engine import master_of
from coursekit.intake.belongs import NothingMatchedError
from coursekit.intake.master import Master
from coursekit.intake.rebuild import rebuild
from coursekit.intake.submission import ENDINGS, SECRET, TIMESTAMP
from coursekit.lms.habits import Sender, gradescope, sender_of
from coursekit.lms.parcels import Found, Opener, RefusedError
from coursekit.lms.roster import (
    FILE,
    Roster,
    Unknown,
    kept_students,
    merge,
    read_roster,
    write_roster,
)
from coursekit.reader import UnreadableError, read_notebook
from coursekit.sources.layout import Course, Unit
from coursekit.sources.progress import Progress, no_progress

SECRET_BYTES = 200
STEP = 10  # files between two words about progress
METADATA = "submission_metadata.yml"
TYPED = ("_text.html", "_link.html", "onlinetext.html")
NO_NOTEBOOK = "it is no notebook: ask for the .ipynb."
STAMP, ZONED = "%Y%m%dT%H%M%SZ", "%Y-%m-%d %H:%M:%S.%f UTC"
APART = "give a list that tells them apart, --roster FILE (such as Moodle's grading worksheet)"


@dataclass(frozen=True)
class Placed:
    """A notebook that has its place.

    Attributes
    ----------
    student, unit : str
    what : str
        ``new``, ``newer`` (it replaced an attempt), ``older`` (kept among the attempts), ``same``.
    label : str
        What the file was called.
    when : datetime
    note : str
        What a person should know.
    """

    student: str
    unit: str
    what: str
    label: str
    when: datetime
    note: str = ""


@dataclass(frozen=True)
class Left:
    """A file that has no place, and why."""

    label: str
    why: str


@dataclass(frozen=True)
class _File:
    """A file that may be a notebook, read into a folder of ours."""

    source: int
    found: Found
    path: Path
    unit: Unit | None
    why: str
    sender: Sender | None = None
    secret: bytes = b""

    @property
    def when(self) -> datetime:
        return (self.sender and self.sender.when) or self.found.modified


def collect(
    course: Course,
    sources: Iterable[Path],
    *,
    folder: Path | None = None,
    unit: Unit | None = None,
    roster: Path | None = None,
    zone: tzinfo = timezone.utc,
    progress: Progress = no_progress,
) -> tuple[list[Placed], list[Left]]:
    """Sort downloads into a class's folder.

    Parameters
    ----------
    course : Course
    sources : iterable of Path
        Zip archives, folders, notebooks.
    folder : Path, optional
        The class's; default the course's.
    unit : Unit, optional
        Whose submission an unreadable file is taken for; readable ones are told by their cells.
    roster : Path, optional
        A list of students; nobody else comes in then.
    zone : tzinfo
        Of times that an archive gives without one.

    Raises
    ------
    CourseError
        If a source or the roster cannot be read.
    """
    root = folder or course.root
    list_ = _roster(root, roster)
    with tempfile.TemporaryDirectory() as name:
        reading = _Reading(course, Path(name), zone, progress)
        for number, source in enumerate(sources):
            reading.read(number, source)
        files, left = _sent(reading.files), reading.left
        owned, strangers = _owned(files, list_)
        left += strangers
        placed: list[Placed] = []
        for (student, id_), attempts in sorted(_by_unit(owned, unit, left).items()):
            placed += _place(root, student, course.select([id_])[0], attempts)
    # Of a list all are kept: who has handed in nothing is to be told as absent.
    names = {each.student for each in placed} if roster is None else set(list_.students)
    students = {name: list_.students[name] for name in sorted(names)}
    known = {student.id: student for student in kept_students(root)}
    if known | students != known:
        write_roster(root / FILE, (known | students).values())
    return placed, left


def _roster(root: Path, given: Path | None) -> Roster:
    known = kept_students(root)
    return Roster(known) if given is None else Roster(merge(known, read_roster(given)), closed=True)


class _Reading:
    """Reads downloads: what may be a notebook is staged, with the unit that its cells tell."""

    def __init__(self, course: Course, stage: Path, zone: tzinfo, progress: Progress) -> None:
        self.files: list[_File] = []
        self.left: list[Left] = []
        self._stage, self._opener, self._progress = stage, Opener(zone), progress
        units = [unit for unit in course.units if unit.challenge]
        self._masters: dict[Unit, Master] = {unit: master_of(unit) for unit in units}

    def read(self, number: int, source: Path) -> None:
        """Read one download."""
        told: dict[tuple[str, ...], datetime] = {}
        secrets: dict[tuple[str, ...], bytes] = {}
        find: Callable[[tuple[str, ...]], Sender | None] = sender_of
        begin, total = len(self.files), self._opener.count(source)
        for done, found in enumerate(self._opener.open(source), 1):
            if done % STEP == 0:
                self._progress(f"reading {source.name}", min(done, total), total)
            if isinstance(found, RefusedError):
                self.left.append(Left(found.label, found.why))
                continue
            last = found.names[-1].lower()
            try:
                if last == METADATA:
                    find = gradescope(_yaml(found.read()))
                elif last == TIMESTAMP:
                    told |= _timestamp(found)
                elif last == SECRET:
                    secrets[found.names[:-1]] = found.read()[:SECRET_BYTES]
                elif last.endswith(TYPED):
                    why = "it was typed into the system, and no file was handed in: ask for it."
                    self.left.append(Left(found.label, why))
                elif last.endswith(ENDINGS):
                    self._stage_file(number, found)
                else:
                    self.left.append(Left(found.label, NO_NOTEBOOK))
            except RefusedError as error:
                self.left.append(Left(error.label, error.why))
        self._progress(f"reading {source.name}", total, total)
        for at, file in enumerate(self.files[begin:], begin):
            secret = secrets.get(file.found.names[:-1], b"")
            self.files[at] = replace(_with_sender(file, find, told), secret=secret)

    def _stage_file(self, number: int, found: Found) -> None:
        data = found.read()
        unit, why = self._unit(data, found.names[-1])
        path = self._stage / str(len(self.files))
        path.write_bytes(data)
        self.files.append(_File(number, found, path, unit, why))

    def _unit(self, data: bytes, name: str) -> tuple[Unit | None, str]:
        """Return of which unit a notebook's cells are; or why that cannot be told."""
        try:
            notebook = read_notebook(data, name)
        except UnreadableError as error:
            return None, str(error)
        ids = {id_ for cell in notebook.cells for id_ in (cell.grade_id, *cell.ids)}
        named = {unit: len(ids & master.graded) for unit, master in self._masters.items()}
        best, why = None, "nothing in it belongs to a challenge of this course."
        for unit in sorted(named, key=lambda unit: -named[unit]):
            try:
                sheet = rebuild(self._masters[unit], notebook)
            except NothingMatchedError as error:
                why = str(error)
                continue
            found = sum(match.how != "stub" for match in sheet.matches)
            if named[unit]:
                return unit, ""
            best = max(best or (0, unit.id), (found, unit.id))
        if best is None:
            return None, why
        return next(unit for unit in named if unit.id == best[1]), ""


def _yaml(data: bytes) -> object:
    import yaml  # type: ignore[import-untyped]

    try:
        return yaml.safe_load(data)
    except (yaml.YAMLError, ValueError, RecursionError):
        return {}


def _timestamp(found: Found) -> dict[tuple[str, ...], datetime]:
    from nbgrader.utils import parse_utc

    try:
        when = parse_utc(found.read().decode("utf-8", "replace").strip())
    except (ValueError, OverflowError):
        return {}
    return {found.names[:-1]: when.replace(tzinfo=timezone.utc)} if when else {}


def _with_sender(
    file: _File,
    find: Callable[[tuple[str, ...]], Sender | None],
    told: dict[tuple[str, ...], datetime],
) -> _File:
    sender = find(file.found.names) or sender_of(file.found.names)
    when = told.get(file.found.names[:-1])
    if sender and when:
        sender = replace(sender, when=when)
    return replace(file, sender=sender)


def _sent(files: list[_File]) -> list[_File]:
    """Return files with their senders; one folder a student is told from one folder for all."""
    sorted_: dict[tuple[int, tuple[str, ...]], list[_File]] = defaultdict(list)
    for file in files:
        if file.sender and file.sender.system == "folder":
            sorted_[file.source, file.found.names[:-1]].append(file)
    made = []
    for file in files:
        above = file.found.names[:-1]
        mates = sorted_.get((file.source, above), [])
        units = [mate.unit for mate in mates if mate.unit]
        own_folder = above and len(units) == len(set(units))
        if file.sender and file.sender.system == "folder" and own_folder:
            name = above[-1]
            sender = Sender("folder", name.replace("_", " "), name, file.sender.attempt)
            file = replace(file, sender=sender)
        made.append(file)
    return made


def _owned(files: list[_File], roster: Roster) -> tuple[list[tuple[str, _File]], list[Left]]:
    """Return files with their students, and those whose student cannot be told."""
    owned: list[tuple[str, _File]] = []
    left: list[Left] = []
    keys: dict[tuple[int, str], set[str]] = defaultdict(set)
    for file in files:
        try:
            student = roster.find(file.sender or Sender("folder"))
        except Unknown as error:
            left.append(Left(file.found.label, f"{error}: name a list that has them, --roster."))
            continue
        if file.sender and file.sender.system != "folder":
            keys[file.source, student.id].add(file.sender.key)
        owned.append((student.id, file))
    doubles = {where for where, seen in keys.items() if len(seen) > 1}
    for student_id, file in owned:
        if (file.source, student_id) in doubles:
            why = f"two students of this download are called {student_id}: {APART}."
            left.append(Left(file.found.label, why))
    kept = [(s, f) for s, f in owned if (f.source, s) not in doubles]
    return kept, left


def _by_unit(
    owned: list[tuple[str, _File]], wanted: Unit | None, left: list[Left]
) -> dict[tuple[str, str], list[_File]]:
    """Return what each student has handed in to each unit.

    A file that none can read goes to the unit that is wanted, or to that of all others in the same
    download, and never in place of one that can be read.
    """
    found: dict[tuple[str, str], list[_File]] = defaultdict(list)
    units: dict[int, set[str]] = defaultdict(set)
    for student, file in owned:
        if file.unit:
            found[student, file.unit.id].append(file)
            units[file.source].add(file.unit.id)
    for student, file in owned:
        if file.unit:
            continue
        meant = {wanted.id} if wanted else units[file.source]
        place = student, next(iter(meant), "")
        if len(meant) == 1 and place not in found:
            found[place].append(file)
        else:
            left.append(Left(file.found.label, file.why))
    return found


# --- into their places -----------------------------------------------------------------------


def _place(root: Path, student: str, unit: Unit, files: list[_File]) -> Iterator[Placed]:
    """Put a student's attempts where they belong, the oldest first."""
    order = sorted(files, key=lambda f: (f.sender.attempt if f.sender else 0, f.when))
    for file in order:
        what = _put(root, student, unit, file)
        yield Placed(student, unit.id, what, file.found.label, file.when, file.why)


def _put(root: Path, student: str, unit: Unit, file: _File) -> str:
    here = root / "submitted" / student / unit.id
    attempts = root / "attempts" / student / unit.id
    data = file.path.read_bytes()
    if any(path.read_bytes() == data for path in _notebooks(here, attempts)):
        return "same"
    there = next(_notebooks(here), None)
    if there is not None and _time(here, there) > file.when:
        _write(attempts / file.when.astimezone(timezone.utc).strftime(STAMP), unit, file)
        return "older"
    if there is not None:
        older = attempts / _time(here, there).astimezone(timezone.utc).strftime(STAMP)
        older.parent.mkdir(parents=True, exist_ok=True)
        here.rename(_free(older))
    _write(here, unit, file)
    return "newer" if there is not None else "new"


def _notebooks(here: Path, attempts: Path | None = None) -> Iterator[Path]:
    folders = [here, *(sorted(attempts.glob("*")) if attempts else [])]
    for folder in folders:
        for path in sorted(folder.glob("*")):
            own = path.name in (TIMESTAMP, SECRET)
            if path.is_file() and not own and path.name.endswith(ENDINGS):
                yield path


def _time(folder: Path, notebook: Path) -> datetime:
    stamp = folder / TIMESTAMP
    if stamp.exists():
        try:
            return datetime.strptime(stamp.read_text().strip(), ZONED).replace(tzinfo=timezone.utc)
        except ValueError:
            pass
    return datetime.fromtimestamp(notebook.stat().st_mtime, timezone.utc)


def _write(folder: Path, unit: Unit, file: _File) -> None:
    """Write a submission, whole or not at all."""
    new = folder.with_name(f".{folder.name}.new")
    shutil.rmtree(new, ignore_errors=True)
    new.mkdir(parents=True)
    shutil.copyfile(file.path, new / unit.challenge_notebook)
    stamp = file.when.astimezone(timezone.utc).strftime(ZONED)
    (new / TIMESTAMP).write_text(stamp + "\n", encoding="utf-8")
    if file.secret:  # by which a student finds the feedback in nbgrader's exchange
        (new / SECRET).write_bytes(file.secret)
    new.rename(_free(folder))


def _free(folder: Path) -> Path:
    """Return a name that nothing has yet: two attempts may be of one second."""
    number, path = 1, folder
    while path.exists():
        number += 1
        path = folder.with_name(f"{folder.name}-{number}")
    return path
