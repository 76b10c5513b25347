"""Build the notebooks of units, or say which built files are not what the build would make."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator
from dataclasses import dataclass, field
from pathlib import Path

import nbformat

from coursekit.authoring.built import only_ours, remember
from coursekit.authoring.contents import pages
from coursekit.authoring.frame import framed
from coursekit.authoring.outputs import execute, restore_outputs
from coursekit.authoring.release import release
from coursekit.leaks.gate import gate_built
from coursekit.sources.layout import Course, CourseError, Unit
from coursekit.sources.links import links, notebook_path
from coursekit.sources.notebook import Notebook, make_notebook, to_bytes
from coursekit.sources.progress import Progress, no_progress
from coursekit.sources.source import SourceCell, SourceError, read_source


@dataclass
class Built:
    """What building one unit makes, and where it differs from the files on disk.

    Attributes
    ----------
    files : dict of Path to bytes
        Every built file of the unit.
    stale : list of Path
        Files whose stored outputs do not belong to the present source (only with ``check``).
    """

    files: dict[Path, bytes] = field(default_factory=dict)
    stale: list[Path] = field(default_factory=list)


def build(
    units: Iterable[Unit], *, force: bool = False, progress: Progress = no_progress
) -> list[Path]:
    """Write the built files of `units` that have changed, and the course's pages.

    Parameters
    ----------
    units : iterable of Unit
    force : bool
        Execute notebooks whose stored outputs look current too.
    progress : callable
        Told (label, done, total) as work goes on.

    Returns
    -------
    list of Path
        What was written or removed; empty when all was current.

    Raises
    ------
    CourseError
        On a fault in a source, or if a notebook for students would give a secret away; before any
        file of that unit is touched.
    """
    changed, units = [], list(units)
    for unit in units:
        made = make_unit(unit, force=force, progress=progress)
        if leaks := gate_built(unit, made.files):
            lines = "\n".join(map(str, leaks))
            raise CourseError(f"{unit.id} was not written, since this would leak:\n{lines}")
        changed += _write(made.files)
        remember(unit.course, made.files)
        for path in only_ours(unit.course, _leftovers(unit, made.files)):
            path.unlink()
            changed.append(path)
    for course in {unit.course for unit in units}:
        changed += _write(pages(course))
    return changed


def check(units: Iterable[Unit], *, progress: Progress = no_progress) -> list[str]:
    """Say which built files are missing, stale or edited by hand; nothing is executed or written.

    Returns
    -------
    list of str
        One finding a file, with its path; empty when all is current.
    """
    units = list(units)
    findings: list[str] = []
    for unit in units:
        made = make_unit(unit, check=True, progress=progress)
        findings += _differences(unit.course, made)
        findings += [
            f"{path.relative_to(unit.course.root)}: no source builds it"
            for path in _leftovers(unit, made.files)
        ]
        findings += map(str, gate_built(unit, made.files))
    for course in {unit.course for unit in units}:
        findings += _differences(course, Built(pages(course)))
    return findings


def make_unit(
    unit: Unit, *, check: bool = False, force: bool = False, progress: Progress = no_progress
) -> Built:
    """Make every built file of a unit in memory.

    Parameters
    ----------
    unit : Unit
    check : bool
        Do not execute; report notebooks that need it in ``stale``.
    force : bool
        Execute even when the stored outputs look current.
    progress : callable

    Returns
    -------
    Built
    """
    root, made = unit.course.root, Built()
    sources = {source: read_source(source) for source in unit.lectures}
    if unit.challenge:
        sources[unit.challenge] = read_source(unit.challenge)
    for source, cells in sources.items():
        is_challenge = source == unit.challenge
        if is_challenge:
            path = root / "solutions" / unit.id / unit.challenge_notebook
        else:
            path = root / notebook_path(unit, source)
            _refuse_graded(source, cells)
        name = unit.challenge_notebook if is_challenge else ""
        cells = framed(cells, unit.course, challenge=name)
        notebook = make_notebook(cells, links=links(unit, source))
        _refuse_unfilled(source, notebook, cells)
        before = None if force else _read(path)
        current = restore_outputs(notebook, before, cells, always=not is_challenge)
        if not current and check:
            made.stale.append(path)
        elif not current:
            execute(notebook, cells, source, held_out=root / "course", progress=progress)
        made.files[path] = to_bytes(notebook)
        if is_challenge:
            progress(f"release {unit.id}", 0, 1)
            for name, content in release(unit, made.files[path]).items():
                made.files[root / "notebooks" / unit.id / name] = content
            progress(f"release {unit.id}", 1, 1)
    return made


def _write(files: dict[Path, bytes]) -> list[Path]:
    changed = [path for path in files if not path.exists() or path.read_bytes() != files[path]]
    for path in changed:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(files[path])
    return changed


def _differences(course: Course, made: Built) -> Iterator[str]:
    for path, content in made.files.items():
        name = path.relative_to(course.root)
        if not path.exists():
            yield f"{name}: missing"
        elif path in made.stale:
            yield f"{name}: its outputs are stale or were edited by hand"
        elif path.read_bytes() != content:
            yield f"{name}: not what its source builds"


def _read(path: Path) -> Notebook | None:
    if not path.exists():
        return None
    try:
        return nbformat.read(path, as_version=4)
    except (ValueError, nbformat.reader.NotJSONError):
        return None  # a damaged built file is simply built again


def _refuse_graded(source: Path, cells: list[SourceCell]) -> None:
    for cell in cells:
        if cell.kind != "plain":
            raise SourceError(source, cell.line, f"a lecture has no {cell.kind} cells.")


def _refuse_unfilled(source: Path, notebook: Notebook, cells: list[SourceCell]) -> None:
    for cell, made_from in zip(notebook.cells, cells, strict=True):
        if cell.cell_type == "markdown" and (word := re.search(r"\{\{[a-z]+\}\}", cell.source)):
            raise SourceError(source, made_from.line, f"nothing is known to put for {word[0]}.")


def strangers(units: Iterable[Unit]) -> list[Path]:
    """Return files beside the units' built ones that no source makes: the build leaves them."""
    return [path for unit in units for path in _leftovers(unit, _names(unit))]


def _names(unit: Unit) -> set[Path]:
    """Return the paths of what building a unit makes."""
    root = unit.course.root
    names = {root / notebook_path(unit, source) for source in unit.lectures}
    if unit.challenge:
        folders = (root / "solutions" / unit.id, root / "notebooks" / unit.id)
        names |= {folder / unit.challenge_notebook for folder in folders}
    return names


def _leftovers(unit: Unit, made: Container[Path]) -> list[Path]:
    """Return files of the unit that no source makes, or none any more."""
    root = unit.course.root
    folders = [root / "solutions" / unit.id, root / "notebooks" / unit.id]
    found = [path for folder in folders for path in folder.glob("*") if path.is_file()]
    found += (root / "notebooks" / "lectures").glob(f"{unit.id}*.ipynb")
    return sorted(path for path in found if path not in made)
