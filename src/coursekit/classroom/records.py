"""Records of a class as files: what became of each submission, in the course folder."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

from coursekit.classroom.staging import beside, put, write_file
from coursekit.grading.record import Record
from coursekit.sources.layout import CourseError


def record_path(folder: Path, unit: str, student: str) -> Path:
    """Return where a record lies in nbgrader's course folder."""
    return folder / "records" / unit / f"{student}.json"


def stage_record(folder: Path, record: Record) -> Path:
    """Write a record beside the place where it belongs, and return that place.

    What cells left is not in it: it stands in the autograded notebook.
    """
    path = record_path(folder, record.unit, record.student)
    own = tuple(cell for cell in record.cells if cell.kind in ("answer", "written", "own"))
    write_file(beside(path, "new"), replace(record, outputs={}, cells=own).to_json())
    return path


def keep_record(folder: Path, record: Record) -> Path:
    """Write a record in one step, and return its path: nobody ever reads half of one."""
    path = stage_record(folder, record)
    put(path)
    return path


def read_record(folder: Path, unit: str, student: str) -> Record:
    """Return the record of a submission.

    Raises
    ------
    CourseError
        If there is none, or it cannot be read.
    """
    path = record_path(folder, unit, student)
    again = f"run `coursekit grade {unit} --student {student}`"
    if path.name != f"{student}.json" or not path.is_file():
        raise CourseError(f"No record of {student} in {unit}: {again}.")
    try:
        return Record.from_json(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise CourseError(f"{path} is no record of this version: {again}.") from error


def kept_digest(folder: Path, unit: str, student: str) -> str:
    """Return the digest of a kept record, without reading the rest; empty if there is none."""
    try:
        with record_path(folder, unit, student).open(encoding="utf-8") as file:
            found = re.match(r'\{\s*"digest": "([0-9a-f]{64})"', file.read(120))
    except (OSError, ValueError):
        return ""
    return found[1] if found else ""
