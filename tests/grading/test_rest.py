"""The benchmark's table of where the time goes is measured in a process that finds its way."""

from pathlib import Path

from bench.rest import SESSION, break_down
from composites import write
from samples import make_unit


def test_where_the_time_goes_is_told_in_seconds(tmp_path: Path) -> None:
    unit = make_unit(tmp_path)
    write(unit, "ada", {"q1_double": "def double(x):\n    return 2 * x"}, tmp_path / "submitted")
    told = break_down(unit, tmp_path, ["ada"])
    assert {SESSION, "fork", "file read, sheet rebuilt", "child ended"} <= set(told)
    assert all(0 <= seconds < 60 for seconds in told.values())
