"""A check that the course's own solution loses is nobody's zero; a failing given cell is told."""

from pathlib import Path

import pytest

from composites import write
from coursekit.grading.engine import WarmEngine
from coursekit.grading.forks import WALL
from coursekit.grading.levels import Level
from coursekit.grading.record import Fault, Status, Verdict
from coursekit.sources.layout import CourseError
from samples import CHALLENGE, make_unit

RIGHT = {"q1_double": "def double(x):\n    return 2 * x"}


def test_a_check_that_the_reference_loses_is_the_course_s_fault(tmp_path: Path) -> None:
    broken = CHALLENGE.replace("assert double(100) == 200", "assert double(100) == 201")
    unit = make_unit(tmp_path, broken)
    write(unit, "right", RIGHT, tmp_path / "submitted")
    write(unit, "stub", {}, tmp_path / "submitted")
    with WarmEngine(tmp_path, unit) as engine:
        told = {record.student: record for record in engine.grade(["right", "stub"])}
    for record in told.values():
        large = record.outcomes[1]
        assert (large.verdict, large.points) == (Verdict.COURSE, None)
        assert large.verdict.fault is Fault.COURSE
        assert "the course's own solution loses this check, too" in large.flags[-1]
        assert record.status is Status.NEEDS_MANUAL
    assert [told[name].outcomes[0].points for name in ("right", "stub")] == [1, 0]


@pytest.mark.parametrize("given", ["import math\n1 / 0", "import math\nraise SystemExit"])
def test_a_given_cell_that_fails_stops_before_anybody_is_tried(tmp_path: Path, given: str) -> None:
    unit = make_unit(tmp_path, CHALLENGE.replace("import math", given))
    for student in ("one", "two"):
        write(unit, student, RIGHT, tmp_path / "submitted")
    with WarmEngine(tmp_path, unit) as engine:
        records = list(engine.grade(["one", "two"]))
    assert [record.status for record in records] == [Status.COURSE, Status.COURSE]
    assert all("setup-given" in record.detail and not record.scores for record in records)


def test_the_reference_is_tried_once_for_each_state_of_the_unit(tmp_path: Path) -> None:
    unit = make_unit(tmp_path)
    write(unit, "right", RIGHT, tmp_path / "submitted")
    kept = tmp_path / ".cache" / "reference" / "01_small"
    with WarmEngine(tmp_path, unit) as engine:
        assert [record.status for record in engine.grade(["right"])] == [Status.NEEDS_MANUAL]
        first = kept.stat().st_mtime_ns
        list(engine.grade(["right"]))
    assert kept.stat().st_mtime_ns == first


def test_less_of_a_fence_than_asked_is_refused_before_anything_is_graded(tmp_path: Path) -> None:
    unit = make_unit(tmp_path)
    engine = WarmEngine(tmp_path, unit, fence=Level.FULL, without=[WALL])
    with engine, pytest.raises(CourseError) as refused:
        next(engine.grade(["ada"]))
    said = str(refused.value)
    assert said.startswith("Students' code cannot be fenced as asked (full) but only at the level ")
    assert "give --fence partial" in said
    with WarmEngine(tmp_path, unit, fence=Level.PARTIAL, without=[WALL]) as engine:
        (record,) = engine.grade(["ada"])
    assert record.status.value == "error:missing"
