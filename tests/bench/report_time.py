"""Time the class report of 5,000 made-up students: from the command to the page.

Run as ``PYTHONPATH=tests python -m bench.report_time [--students N] [--folder DIR] [--write]``.
Records, gradebook rows and attempts are made of a unit's declared answers, with names of variables
changed at random, and of what the checks say of these. The command runs as a process of its own.
"""

from __future__ import annotations

import argparse
import json
import random
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import replace
from datetime import date
from pathlib import Path

from nbgrader.api import Gradebook

from bench.report import put_between
from coursekit.classroom.course_folder import CourseFolder
from coursekit.classroom.records import record_path
from coursekit.grading.engine import master_of
from coursekit.grading.record import Outcome, Record, Status, Verdict
from coursekit.insight.declared import declared_mistakes, key_of
from coursekit.intake.sheet import Cell
from coursekit.sources.layout import Course, Unit
from coursekit.sources.progress import no_progress
from coursekit.sources.variants import Variant, read_variants

ROOT = Path(__file__).resolve().parents[2]
LIMIT = 10.0  # seconds
TWICE = 5  # every fifth student handed in twice
LOCAL = re.compile(r"\b(picture|weights|value|slope|row|rows|total|result|out|z|h)\b")


class Maker:
    """Makes records whose checks say what they say of declared answers."""

    def __init__(self, unit: Unit, folder: Path) -> None:
        self._unit, self._drawn = unit, random.Random(7)
        self._said, why_not = declared_mistakes(folder, unit, no_progress)
        assert not why_not, why_not
        self._master = master_of(unit)
        self._variants: dict[str, list[Variant]] = {}
        for variant in read_variants(unit):
            self._variants.setdefault(variant.question, []).append(variant)

    def record(self, student: str) -> Record:
        """Return a record in which each question is answered by one of the declared answers."""
        chosen = {name: self._drawn.choice(mine) for name, mine in self._variants.items()}
        cells = [self._cell(cell, chosen) for cell in self._master.cells]
        outcomes = [
            self._outcome(cell, chosen[cell.question])
            for cell in self._master.cells
            if cell.kind == "check"
        ]
        manual = {cell.id: cell.points for cell in self._master.cells if cell.kind == "task"}
        own = tuple(cell for cell in cells if cell.kind in ("answer", "written"))
        status = Status.NEEDS_MANUAL
        return Record(
            student, self._unit.id, status, outcomes=tuple(outcomes), manual=manual, cells=own
        )

    def _cell(self, cell: Cell, chosen: dict[str, Variant]) -> Cell:
        if cell.kind != "answer":
            return replace(cell, source="Because it grows.") if cell.kind == "written" else cell
        number = self._drawn.randrange(10_000)
        code = LOCAL.sub(rf"\1_{number}", chosen[cell.question].code)
        own = f"\n    # {number}\n    extra_{number} = [{number}, {number % 7}]\n"
        return replace(cell, source=code + own * (number % 3))

    def _outcome(self, cell: Cell, variant: Variant) -> Outcome:
        said = self._said.get(key_of(variant), {})
        lost = cell.id in variant.loses
        calls = tuple(f"f({at}) -> array([[0.{at}, 1.5], [2.5, 3.5]])" for at in range(6))
        shown = "[pass] a thing is of the shape that it should be\n" * 3
        made = Outcome(cell.id, cell.question, Verdict.PASS, cell.points, cell.points)
        made = replace(made, calls=calls, shown=shown, printed=shown, seconds=0.01)
        if not lost:
            return made
        text = said.get(cell.id, "expected: something else\ngot: this")
        return replace(made, verdict=Verdict.FAIL, points=0.0, text=text, trace=(text,))


def make_class(unit: Unit, size: int, folder: Path) -> None:
    """Write a graded class: files, records, and rows of the gradebook in one go."""
    maker, records = Maker(unit, folder), []
    released = ROOT / "notebooks" / unit.id / unit.challenge_notebook
    blank = released.read_bytes()
    for number in range(size):
        record = maker.record(f"s{number:04d}")
        records.append(record)
        path = record_path(folder, unit.id, record.student)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(record.to_json(), encoding="utf-8")
        for step in ("submitted", *["attempts"] * (number % TWICE == 0)):
            time_ = ["20260101T080000Z"] * (step == "attempts")
            there = folder.joinpath(step, record.student, unit.id, *time_)
            there.mkdir(parents=True)
            (there / unit.challenge_notebook).write_bytes(blank)
    with CourseFolder(folder, unit) as course:
        course.ensure_assignment()
        with course.gradebook() as gradebook:
            _fill(gradebook, course, records)


def _fill(gradebook: Gradebook, course: CourseFolder, records: list[Record]) -> None:
    """Write rows as plain SQL: nbgrader's own way takes minutes for so many."""
    kept = gradebook.find_notebook(course.notebook, course.unit.id)
    cells = {cell.name: cell.id for cell in (*kept.grade_cells, *kept.task_cells)}
    rows: dict[str, list[tuple[object, ...]]] = {"student": [], "sub": [], "note": [], "grade": []}
    for record in records:
        name = record.student
        rows["student"].append((name,))
        rows["sub"].append((f"a{name}", kept.assignment_id, name))
        rows["note"].append((f"n{name}", f"a{name}", kept.id))
        for check, points in record.scores.items():
            made = (f"{name}{check}", cells[check], f"n{name}", points, points is None)
            rows["grade"].append(made)
    statements = {
        "student": "INSERT INTO student (id) VALUES (?)",
        "sub": "INSERT INTO submitted_assignment (id, assignment_id, student_id) VALUES (?, ?, ?)",
        "note": "INSERT INTO submitted_notebook (id, assignment_id, notebook_id) VALUES (?, ?, ?)",
        "grade": "INSERT INTO grade (id, cell_id, notebook_id, auto_score, needs_manual_grade) "
        "VALUES (?, ?, ?, ?, ?)",
    }
    with gradebook.engine.begin() as connection:
        for what, statement in statements.items():
            connection.exec_driver_sql(statement, rows[what])


def main() -> int:
    """Make the class, time the command twice, print a line; 1 if it takes longer than it may."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--students", type=int, default=5000)
    parser.add_argument("--unit", default="00_foundations")
    parser.add_argument("--folder", type=Path, help="keep the class here, or use what is there")
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks.md")
    options = parser.parse_args()
    (unit,) = Course(ROOT).select([options.unit])
    with tempfile.TemporaryDirectory() as made:
        folder = (options.folder or Path(made)).resolve()
        if not (folder / "records").exists():
            make_class(unit, options.students, folder)
        command = [
            sys.executable,
            "-m",
            "coursekit.cli",
            "report",
            unit.id,
            "--folder",
            str(folder),
        ]
        seconds = []
        for _ in range(3):
            began = time.perf_counter()
            subprocess.run(command, cwd=ROOT, check=True, capture_output=True)
            seconds.append(time.perf_counter() - began)
        page = folder / "reports" / f"{unit.id}.html"
        size = page.stat().st_size / 2**20
        data = json.loads(
            subprocess.run([*command, "--json"], cwd=ROOT, check=True, capture_output=True).stdout
        )
    middle, today = sorted(seconds)[1], f"{date.today():%d %B %Y}"
    text = (
        f"Measured on {today} by `PYTHONPATH=tests python -m bench.report_time`: the report of "
        f"{data['graded']:,} made-up students of `{unit.id}` takes {middle:.1f} s "
        f"({min(seconds):.1f} to {max(seconds):.1f}, three runs; wanted: {LIMIT:g} or less), from "
        f"the command to a page of {size:.1f} MB.\n"
    )
    print(text)
    if options.write:
        put_between(ROOT / "docs" / "benchmarks.md", "report", text)
    return int(middle > LIMIT)


if __name__ == "__main__":
    sys.exit(main())
