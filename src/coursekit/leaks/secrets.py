"""What must not reach students, and what the authors tell them themselves."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

from coursekit.sources.layout import Course, CourseError, Unit
from coursekit.sources.links import PAGES
from coursekit.sources.source import REGIONS, SourceCell, read_cells, read_source

MARKER = re.compile(rf"\b(?:BEGIN|END) (?:{'|'.join(REGIONS)})\b")
KIND_OF_REGION = {"SOLUTION": "solution", "HIDDEN TESTS": "hidden", "MARK SCHEME": "scheme"}
BY_STUDENT = ("submitted", "autograded", "feedback")  # a folder for each in them
STUDENT_FOLDERS = frozenset({*BY_STUDENT, "records"})
STUDENT_FILES = ("gradebook.db", "grades.csv")


@dataclass(frozen=True)
class Secret:
    """A passage that students must not see.

    Attributes
    ----------
    kind : str
        ``solution``, ``hidden``, ``scheme``, ``variant``, ``teaching`` or ``result``.
    unit : str
        The unit's id.
    where : str
        File, line and question, for a message.
    text : str
    """

    kind: str
    unit: str
    where: str
    text: str = field(repr=False)


@dataclass(frozen=True)
class Public:
    """A passage that students may see, from a source and never from a built file.

    Attributes
    ----------
    kind : str
        ``lesson`` (lectures, given cells, what answer cells show), ``check``, ``prompt`` (the
        rest of a challenge) or ``document`` (the package, its pages).
    text : str
    """

    kind: str
    text: str = field(repr=False)


@dataclass(frozen=True)
class Files:
    """Files that must not get out, and those that are known to be public.

    Attributes
    ----------
    secret : dict of str to str
        SHA-256 of a secret file -> its name in the repository.
    data : set of str
        SHA-256 of the course's data sets, which students have.
    held_out : list of Path
    students : set of str
        Ids of the students who handed in.
    """

    secret: dict[str, str]
    data: set[str]
    held_out: list[Path]
    students: set[str]


def cut_regions(text: str) -> tuple[str, list[tuple[str, int, str]]]:
    """Part a cell into what students see and its regions.

    Parameters
    ----------
    text : str
        A cell's source. A region that is never closed reaches to the end.

    Returns
    -------
    tuple of str and list of (str, int, str)
        The text without regions and markers; the regions as (name, first line from 1, text).
    """
    shown: list[str] = []
    regions: list[tuple[str, int, list[str]]] = []
    inside = False
    for number, line in enumerate(text.splitlines(), 1):
        begins = [region for region in REGIONS if f"BEGIN {region}" in line]
        if begins:
            inside = True
            regions.append((begins[0], number + 1, []))
        elif any(f"END {region}" in line for region in REGIONS):
            inside = False
        elif inside:
            regions[-1][2].append(line)
        else:
            shown.append(line)
    return "\n".join(shown), [(name, first, "\n".join(lines)) for name, first, lines in regions]


def read_secrets(units: Iterable[Unit]) -> list[Secret]:
    """Return the secret passages of units, the gravest first.

    Raises
    ------
    SourceError
        If a source cannot be read.
    """
    found = []
    for unit in units:
        if unit.challenge:
            found += [s for cell in read_source(unit.challenge) for s in _of_cell(unit, cell)]
            found += _results(unit)
        variants = unit.folder / "variants.py"
        if variants.exists():
            for keys, type_, text, line in read_cells(variants):
                if type_ == "code" and keys:
                    where = f"{_name(unit, variants)}:{line} {keys.get('title', '')}"
                    found.append(Secret("variant", unit.id, where.strip(), text))
        for path in (unit.folder / "teaching.md", unit.folder / "margins.md"):
            if path.exists():
                text = path.read_text(encoding="utf-8")
                found.append(Secret("teaching", unit.id, _name(unit, path), text))
    order = ("solution", "hidden", "scheme", "result", "variant", "teaching")
    return sorted(found, key=lambda secret: order.index(secret.kind))


def read_public(course: Course) -> list[Public]:
    """Return what the authors show to students, and the repository's open documents.

    A unit whose source is broken is passed over: its own build says so.
    """
    found = []
    for unit in course.units:
        for path in [*unit.lectures, *filter(None, [unit.challenge])]:
            try:
                cells = read_source(path)
            except CourseError:
                continue
            found += [_shown(cell, path == unit.challenge) for cell in cells]
    root = course.root
    names = ("README.md", "CHANGELOG.md", "pyproject.toml", "data/README.md")
    documents = [root / name for name in names]
    documents += [*(root / "src").rglob("*.py"), *(root / "src").rglob("*.json")]
    documents += (root / "docs").rglob("*.md")
    found += [
        Public("document", path.read_text(encoding="utf-8"))
        for path in sorted(documents)
        if path.exists()
    ]
    return found


def read_files(course: Course) -> Files:
    """Return the hashes of secret and of public files, and the students met."""
    root = course.root
    secret: dict[str, str] = {}
    for path in _secret_files(root):
        content = path.read_bytes()
        if content.strip():
            secret[hashlib.sha256(content).hexdigest()] = path.relative_to(root).as_posix()
    for path in (root / "notebooks").rglob("*.ipynb"):
        # Handed in as it was given out: it is the release, not that student's work.
        secret.pop(hashlib.sha256(path.read_bytes()).hexdigest(), None)
    sets = root / "src" / "coursekit" / "datasets.json"
    known = sets.read_text(encoding="utf-8") if sets.exists() else ""
    students = {
        path.name for folder in BY_STUDENT for path in (root / folder).glob("*") if path.is_dir()
    }
    held_out = sorted((root / "course").glob("*/held_out/*.np[yz]"))
    return Files(secret, set(re.findall(r"\b[0-9a-f]{64}\b", known)), held_out, students)


def _of_cell(unit: Unit, cell: SourceCell) -> Iterator[Secret]:
    for region, first, text in cut_regions(cell.text)[1]:
        where = f"{_name(unit, unit.require_challenge())}:{cell.line + first} {cell.name}"
        yield Secret(KIND_OF_REGION[region], unit.id, where, text)


def _results(unit: Unit) -> Iterator[Secret]:
    """Yield what the solution's answers and checks printed."""
    path = unit.course.root / "solutions" / unit.id / unit.challenge_notebook
    try:
        cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    except (OSError, ValueError, KeyError):
        return  # not built yet, or damaged: the build makes it anew
    for cell in cells:
        flags = cell.get("metadata", {}).get("nbgrader", {})
        if flags.get("grade") or flags.get("solution"):
            where = f"{path.relative_to(unit.course.root).as_posix()} {flags['grade_id']}"
            text = json.dumps(cell.get("outputs", []), ensure_ascii=False)
            yield Secret("result", unit.id, where, text)


def _shown(cell: SourceCell, in_challenge: bool) -> Public:
    kind = "prompt"
    if not in_challenge or cell.kind in ("given", "answer"):
        kind = "lesson"
    elif cell.kind == "check":
        kind = "check"
    return Public(kind, cut_regions(cell.text)[0])


def _secret_files(root: Path) -> Iterator[Path]:
    folders = [root / name for name in ("solutions", *STUDENT_FOLDERS)]
    found = [path for folder in folders for path in folder.rglob("*")]
    found += (root / "course").rglob("*")
    found += [*root.glob("gradebook.db*"), root / "grades.csv", *(root / "data").glob("*.py")]
    pages = {root / "course" / name for name in PAGES}  # students get these
    for path in sorted(set(found) - pages):
        if path.is_file() and not (path.suffix == ".py" and path.name.startswith("lecture")):
            yield path


def _name(unit: Unit, path: Path) -> str:
    return path.relative_to(unit.course.root).as_posix()
