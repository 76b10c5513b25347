"""The command ``coursekit doctor NOTEBOOK``: what became of a file, and a repaired copy."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from coursekit.intake.belongs import NothingMatchedError
from coursekit.intake.master import Master, read_master
from coursekit.intake.matching import find_homes
from coursekit.intake.rebuild import rebuild
from coursekit.intake.sheet import Cell, Sheet
from coursekit.reader import ReadNotebook, UnreadableError, read_file
from coursekit.standing import looks_like


class DoctorError(Exception):
    """A file cannot be put right; one sentence that says what to do."""


def add_doctor(commands: Any) -> None:
    """Add the command ``doctor`` to a parser's commands."""
    doctor = commands.add_parser("doctor", help="say what became of a file, write a repaired copy")
    doctor.add_argument("file", type=Path, metavar="NOTEBOOK", help="what was handed in")
    doctor.add_argument(
        "--output", type=Path, metavar="FILE", help="a new file; default NAME.repaired.ipynb"
    )
    doctor.add_argument("--unit", metavar="UNIT", help="default the one that its cells are of")
    doctor.set_defaults(run=_doctor)


def find_masters(folder: Path, unit: str | None = None) -> Iterator[tuple[Master, bytes]]:
    """Yield each built challenge of the course that `folder` is in, and its release.

    Raises
    ------
    DoctorError
        If there is no course, or no challenge of that unit, or one is not built.
    """
    here = folder.resolve()
    roots = [p for p in (here, *here.parents) if (p / "solutions").is_dir()]
    if not roots or not (roots[0] / "notebooks").is_dir():
        raise DoctorError(f"No course here: run this inside the course repository, not in {here}.")
    found = sorted(roots[0].glob("solutions/*/*.ipynb"))
    chosen = [path for path in found if unit in (None, path.parent.name)]
    if not chosen:
        known = ", ".join(dict.fromkeys(path.parent.name for path in found))
        raise DoctorError(f"No built challenge of {unit!r}: choose from {known}.")
    for path in chosen:
        name = path.parent.name
        try:
            release = (roots[0] / "notebooks" / name / path.name).read_bytes()
            master = read_master(path.read_bytes(), release, unit=name, notebook=path.name)
        except (OSError, ValueError, LookupError, TypeError):
            raise DoctorError(f"{name} is not built: run `coursekit build {name}`.") from None
        yield master, release


def diagnose(notebook: ReadNotebook, masters: list[Master]) -> Sheet:
    """Return the sheet of the challenge that most of a notebook's cells are of.

    Raises
    ------
    NothingMatchedError
        If it is none of them.
    """
    sheets = []
    for master in masters:
        try:
            sheets.append(rebuild(master, notebook))
        except NothingMatchedError:
            continue  # it may be another's
    if not sheets:
        what = looks_like(notebook.to_dicts())
        raise NothingMatchedError(f"It is none of this course's challenges: {what}.")
    return max(sheets, key=lambda sheet: sum(match.confidence for match in sheet.matches))


def repair(release: bytes, sheet: Sheet) -> bytes:
    """Return the file that was given out, with the student's sources in it.

    Parameters
    ----------
    release : bytes
        The file in ``notebooks/``.
    sheet : Sheet
        What was made of the student's file.
    """
    notebook = json.loads(release)
    given = {cell["id"]: cell for cell in notebook["cells"]}
    notebook["cells"] = [_repaired(cell, given.get(cell.id)) for cell in sheet.cells]
    return (json.dumps(notebook, indent=1, sort_keys=True, ensure_ascii=False) + "\n").encode()


def _repaired(cell: Cell, given: dict[str, Any] | None) -> dict[str, Any]:
    lines = cell.source.splitlines(keepends=True)
    if given is not None:
        return {**given, "source": lines} if cell.kind in ("answer", "written", "own") else given
    made = {"cell_type": "markdown", "id": cell.id, "metadata": {}, "source": lines}
    code: dict[str, Any] = {"cell_type": "code", "execution_count": None, "outputs": []}
    return made | code if cell.is_code else made


def _doctor(options: argparse.Namespace) -> int:
    try:
        notebook = read_file(options.file)
        print(f"{options.file}: {notebook.form}, {notebook.encoding}, {len(notebook.cells)} cells.")
        pairs = list(find_masters(Path.cwd(), options.unit))
        sheet = diagnose(notebook, [master for master, _ in pairs])
        (pair,) = [one for one in pairs if one[0].unit == sheet.unit]
        print(*_report(sheet, pair[0], notebook), sep="\n")
        output = options.output or options.file.with_suffix(".repaired.ipynb")
        _write(output, repair(pair[1], sheet))
    except (UnreadableError, NothingMatchedError, DoctorError) as error:
        print(f"coursekit: {options.file}: {error}", file=sys.stderr)
        return 1
    print(f"Repaired copy: {output}")
    return 0


def _report(sheet: Sheet, master: Master, notebook: ReadNotebook) -> Iterator[str]:
    yield f"It is {sheet.notebook} of {sheet.unit}."
    width = max((len(match.cell) for match in sheet.matches), default=0)
    for match in sheet.matches:
        found = "not found" if match.how == "stub" else f"found by {match.how}"
        sure = f", {match.confidence:.0%} sure" if 0 < match.confidence < 1 else ""
        yield f"  {match.cell:{width}}  {found}{sure}"
    there = {home.id for home in find_homes(master, notebook.cells).values()}
    asked = {match.cell for match in sheet.matches}
    if gone := [cell.id for cell in master.cells if cell.id not in there | asked]:
        yield f"Put back: {', '.join(gone)}."
    untouched = [cell.id for cell in sheet.cells if cell.stub and cell.source == cell.stub]
    if untouched:
        yield f"As given out: {', '.join(untouched)}."
    own = sum(cell.id.startswith("own-") for cell in sheet.cells)
    if own:
        yield f"{own} cell(s) of the student's own."
    yield from sheet.flags


def _write(output: Path, content: bytes) -> None:
    try:
        with output.open("xb") as file:
            file.write(content)
    except FileExistsError:
        raise DoctorError(f"{output} exists: move it away, or name another --output.") from None
    except OSError as error:
        raise DoctorError(f"{output} cannot be written: {error.strerror}.") from None
