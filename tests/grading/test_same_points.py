"""The engine gives every declared answer the points that stock nbgrader gives it.

All of them where everything is required. Else an empty submission and one of mixed answers, which
is another with each change of what decides; the engine itself tries the solution before both.
"""

import hashlib
import json
from pathlib import Path

import pytest

from composites import Answers, composites, digest, write
from conftest import REQUIRE_ALL
from coursekit.grading.engine import WarmEngine
from coursekit.proving import decisive
from coursekit.sources.layout import Course, Unit

ROOT = Path(__file__).resolve().parents[2]
UNITS = [unit for unit in Course(ROOT).units if unit.challenge]
STOCK = json.loads((Path(__file__).parent / "stock_points.json").read_text())
# unit, student and check -> why the two may differ
REASONS: dict[tuple[str, str, str], str] = {}


def some(unit: Unit) -> dict[str, tuple[Answers, dict[str, float]]]:
    """Return the submissions to grade here, with the points of each check as declared."""
    students = composites(unit)
    if REQUIRE_ALL:
        return students
    state = decisive.digest(unit)
    mixes = [student for student in students if student.startswith("mix")]
    mix = min(mixes, key=lambda name: hashlib.sha256(f"{state} {name}".encode()).digest())
    return {name: students[name] for name in ("stub", mix)}


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.id)
def test_engine_and_stock_nbgrader_give_the_same_points(unit: Unit, tmp_path: Path) -> None:
    assert STOCK[unit.id]["digest"] == digest(unit), "run `make stock-points`"
    students = some(unit)
    for student, (answers, _) in students.items():
        write(unit, student, answers, tmp_path / "submitted")
    differences, told = {}, {}
    # A job more is a judge more that runs the given cells.
    with WarmEngine(tmp_path, unit, jobs=2 if REQUIRE_ALL else 1) as engine:
        for record in engine.grade(students):
            declared, stock = students[record.student][1], STOCK[unit.id]["points"][record.student]
            for outcome in record.outcomes:
                told[outcome.check] = outcome.text
                place = unit.id, record.student, outcome.check
                points = {outcome.points, stock[outcome.check], declared[outcome.check]}
                if len(points) > 1 and place not in REASONS:
                    differences[place] = outcome.points, stock[outcome.check], outcome.text
            assert len(record.outcomes) == len(declared)
    assert differences == {}
