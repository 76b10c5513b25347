"""Compare what students get with what they must not see."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path, PurePosixPath

from coursekit.leaks.arrays import HeldOutData
from coursekit.leaks.index import Index
from coursekit.leaks.secrets import (
    MARKER,
    STUDENT_FILES,
    STUDENT_FOLDERS,
    read_files,
    read_public,
    read_secrets,
)
from coursekit.leaks.targets import (
    GZIP,
    HIDDEN_BUT_FINE,
    PICTURES_AND_FONTS,
    ZIP,
    Blob,
    Part,
    Place,
    as_text,
    files_below,
    pieces,
    unexpected,
)
from coursekit.leaks.words import Text, digits, without_comments
from coursekit.sources.findings import Finding, apply_exceptions
from coursekit.sources.layout import Course, Unit

AUTHORS_FILES = {
    *("challenge.py", "variants.py", "teaching.md", "margins.md", "verdicts.md"),
    *("exceptions.toml", "build_data.py"),
}
AUTHORS_FOLDERS = {"solutions", "held_out"}
IN_FEEDBACK = {"hidden", "scheme", "result"}  # a right answer may well be the solution
WORD = re.compile(r"[\w.@+-]+")
SHOWN = 80  # characters of a leak in its finding
EXCEPTION = "take it out, or state an exception with its reason in course/{}/exceptions.toml"
TOOLS = re.compile(  # they speak of markers
    r"(^|[/!])coursekit/(sources|lint|leaks|authoring|intake|grading|proving|classroom)/"
)
GRADER = re.compile(r"\bcoursekit\.(intake|grading|proving|classroom)\b")


def find_leaks(course: Course, targets: Iterable[Path], *, whole: bool = False) -> list[Finding]:
    """Return what leaks to students through files and folders.

    Parameters
    ----------
    course : Course
    targets : iterable of Path
        What students get: notebooks, folders, wheels, source archives, pages.
    whole : bool
        Whether this is all that students get, so that an exception that nothing needs is a finding.

    Raises
    ------
    CourseError
        If a source or a list of exceptions cannot be read.
    """
    gate = _Gate(course, course.units)
    found: list[Finding] = []
    for target in targets:
        folder = f"{target.name}/" if target.is_dir() else ""
        for item in files_below(target):
            found += [item] if isinstance(item, Finding) else gate.look(*item, below=folder)
    return _except(gate, course, found, whole)


def gate_files(course: Course, files: Mapping[str, bytes]) -> list[Finding]:
    """Return what leaks through files, name to content, that are not yet written."""
    gate = _Gate(course, course.units)
    found = [finding for name, data in files.items() for finding in gate.look(name, data)]
    return _except(gate, course, found, whole=False)


def gate_built(unit: Unit, files: Mapping[Path, bytes]) -> list[Finding]:
    """Return what leaks through the notebooks that a build of `unit` is about to write.

    Parameters
    ----------
    unit : Unit
        Its secrets alone are compared; the other units may be half written.
    files : mapping of Path to bytes
        Files outside ``notebooks/`` are passed over.
    """
    gate, root = _Gate(unit.course, [unit]), unit.course.root
    found = [
        finding
        for path, data in files.items()
        if path.is_relative_to(root / "notebooks")
        for finding in gate.look(path.relative_to(root).as_posix(), data)
    ]
    return _except(gate, unit.course, found, whole=False)


def gate_feedback(course: Course, unit: Unit, pages: Mapping[str, Iterable[Path]]) -> list[Finding]:
    """Return what leaks through feedback: hidden tests, mark schemes, held-out data, classmates.

    Parameters
    ----------
    course : Course
    unit : Unit
        What the feedback is about.
    pages : mapping of str to iterable of Path
        The files that each student will get, by student id.
    """
    gate = _Gate(course, [unit], kinds=IN_FEEDBACK, students=pages)
    found: list[Finding] = []
    for student, paths in pages.items():
        for path in paths:
            folder = f"feedback/{student}/"
            found += gate.look(path.name, path.read_bytes(), below=folder, owner=student)
    return _except(gate, course, found, whole=False)


class _Gate:
    """All that is secret in a course, ready to be looked for."""

    def __init__(
        self,
        course: Course,
        units: Iterable[Unit],
        kinds: set[str] | None = None,
        students: Iterable[str] = (),
    ) -> None:
        secrets = [s for s in read_secrets(units) if kinds is None or s.kind in kinds]
        public = read_public(course)
        files = read_files(course)
        said = {word for passage in public for word in WORD.findall(passage.text)}
        self._index = Index(secrets, public)
        self._held_out = HeldOutData(files.held_out)
        self._secret_files, self._data_sets = files.secret, frozenset(files.data)
        # An id that the course's own text contains, or a short one, cannot be told from a word.
        names = files.students.union(students) - said
        self._students = {name for name in names if len(name) >= 4}
        self._is_feedback = kinds is not None
        self.units: dict[Finding, str] = {}

    def look(
        self, name: str, data: bytes, *, below: str = "", owner: str = ""
    ) -> Iterator[Finding]:
        """Yield the findings in one file; `owner` is the student who may see their own id."""
        seen: set[Finding] = set()
        told: dict[str, str] = {}
        for finding in self._look(name, data, below, owner, told):
            if finding not in seen:
                seen.add(finding)
                yield finding

    def _look(
        self, name: str, data: bytes, below: str, owner: str, told: dict[str, str]
    ) -> Iterator[Finding]:
        yield from _strange_names(name, below + name)
        yield from self._ids(Part(below + name, "", name), owner)
        for piece in pieces(Place(below + name, known=self._data_sets), data):
            if isinstance(piece, Finding):
                yield piece
            elif isinstance(piece, Blob):
                yield from self._bytes(piece)
                member = piece.path.rpartition("!")[2]
                if member != piece.path:
                    yield from _strange_names(member, piece.path)
                    yield from self._ids(Part(piece.path, "", member), owner)
            else:
                yield from self._text(piece, told)
                yield from self._ids(piece, owner)

    def _bytes(self, blob: Blob) -> Iterator[Finding]:
        digest = hashlib.sha256(blob.data).hexdigest()
        if known := self._secret_files.get(digest):
            student = known.startswith((*STUDENT_FOLDERS, *STUDENT_FILES))
            rule = "student-data" if student else "file"
            yield _finding(blob, rule, f"a copy of {known}, whatever its name: take it out.", known)
        packed = blob.data.startswith((*PICTURES_AND_FONTS, ZIP, GZIP)) or as_text(blob.data)
        if not packed and self._held_out.in_bytes(blob.data):
            yield _finding(blob, "held-out", "holds rows of held-out data: take them out.")

    def _text(self, part: Part, told: dict[str, str]) -> Iterator[Finding]:
        for marker in dict.fromkeys(MARKER.findall(part.text)):
            if not TOOLS.search(part.path):
                what = f"`{marker}` is left: what it marks may be there too; build it anew."
                yield _finding(part, "marker", what, marker)
        if GRADER.search(part.text) and ".ipynb" in part.path:
            yield _finding(part, "marker", "imports what students do not have: hide it.", "grading")
        if row := self._held_out.in_digits(part.text):
            yield _finding(part, "held-out", "shows rows of held-out data: take them out.", row)
        for text in dict.fromkeys([part.text, without_comments(part.text)]):
            yield from self._matches(part, text, told)

    def _matches(self, part: Part, text: str, told: dict[str, str]) -> Iterator[Finding]:
        for match in self._index.search(text):
            fragment = " ".join(text[match.start : match.end].split())
            tokens = " ".join(filter(None, Text.of(fragment).views["exact"]))
            known = told.get(part.where, "")
            if f" {tokens} " in known or self._is_chance(part, match.rule, tokens):
                continue
            told[part.where] = f"{known}; {tokens} "
            exception = EXCEPTION.format(match.secret.unit)
            what = f"`{shorten(fragment)}` stands in {match.secret.where}: {exception}."
            line = text.count("\n", 0, match.start) + 1 if text is part.text else 0
            found = _finding(part, match.rule, what, shorten(fragment), line)
            self.units[found] = match.secret.unit
            yield found

    def _is_chance(self, part: Part, rule: str, tokens: str) -> bool:
        """Whether a number may stand there by chance, as three digits may in any output."""
        if rule != "number":
            return False
        one = Text.of(tokens).views["numbers"]
        return self._is_feedback or (part.kind == "output" and len(one) == 1 and digits(one[0]) < 5)

    def _ids(self, part: Part, owner: str) -> Iterator[Finding]:
        words = WORD.findall(part.text) if self._students else ()
        for name in sorted(self._students.intersection(word.strip(".") for word in words)):
            if name != owner:
                yield _finding(
                    part, "student-data", f"names the student {name}: take it out.", name
                )


def shorten(text: str) -> str:
    """Return text on one line, cut where it gets long."""
    flat = " ".join(text.split())
    return flat if len(flat) <= SHOWN else f"{flat[:SHOWN]} ..."


def _finding(place: Part | Blob, rule: str, message: str, text: str = "", line: int = 0) -> Finding:
    in_cell = bool(place.where)
    return Finding(place.path, 0 if in_cell else line, place.where, rule, message, text)


def _strange_names(name: str, path: str) -> Iterator[Finding]:
    """Yield what a file's name and folders say against it."""
    parts = PurePosixPath(name).parts
    for part in parts:
        hidden = part.startswith(".") and part not in HIDDEN_BUT_FINE
        if hidden or part == "__pycache__":
            yield unexpected(Place(path), f"`{part}` is hidden or a cache: take it out")
    if STUDENT_FOLDERS & {*parts[:-1]} or parts[-1].startswith(STUDENT_FILES):
        yield Finding(path, 0, "", "student-data", "a class's data: take it out.", parts[-1])
    in_package = "coursekit" in parts[:-1]
    if AUTHORS_FOLDERS & {*parts[:-1]} or (parts[-1] in AUTHORS_FILES and not in_package):
        yield Finding(path, 0, "", "file", "for authors and graders only: take it out.", parts[-1])


def _except(gate: _Gate, course: Course, found: list[Finding], whole: bool) -> list[Finding]:
    """Return the findings that no list of exceptions allows: each unit's, and the course's own."""
    kept = []
    for unit in ["", *(unit.id for unit in course.units)]:
        mine = [finding for finding in found if gate.units.get(finding, "") == unit]
        kept += apply_exceptions(course.root / "course" / unit, "leak", mine)
    return [finding for finding in kept if whole or finding.rule != "exception"]
