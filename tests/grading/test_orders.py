"""A submission's outcomes are the same in any company: other jobs, another order, once more."""

import random
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from composites import composites, write
from coursekit.grading.engine import WarmEngine
from coursekit.grading.record import Record
from coursekit.sources.layout import Course, Unit

ROOT = Path(__file__).resolve().parents[2]
# unit -> how many of its composites: a network is trained for each of the second unit's
UNITS = {"00_foundations": 9, "01_regression": 4}


def what_counts(record: Record) -> dict[str, Any]:
    """Return all of a record but its times and addresses in memory."""
    kept = asdict(record)
    for outcome in kept["outcomes"]:
        del outcome["seconds"], outcome["calls"]
    return {name: kept[name] for name in ("status", "outcomes", "flags", "numbers", "matches")}


def graded(unit: Unit, folder: Path, students: list[str], jobs: int) -> dict[str, Any]:
    with WarmEngine(folder, unit, jobs=jobs) as engine:
        return {record.student: what_counts(record) for record in engine.grade(students)}


@pytest.mark.parametrize("name", UNITS)
def test_marks_are_equal_bit_for_bit_at_any_number_of_jobs_and_in_any_order(
    name: str, tmp_path: Path
) -> None:
    (unit,) = Course(ROOT).select([name])
    chosen = dict(list(composites(unit).items())[: UNITS[name]])
    for student, (answers, _) in chosen.items():
        write(unit, student, answers, tmp_path / "submitted")
    students = [*chosen]
    first = graded(unit, tmp_path, students, 1)
    assert any(outcome["margins"] for told in first.values() for outcome in told["outcomes"])
    for jobs in (2, 4):
        random.Random(jobs).shuffle(students)
        again = graded(unit, tmp_path, students, jobs)
        assert [student for student in students if again[student] != first[student]] == []
