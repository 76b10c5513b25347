"""What a busy machine, or somebody outside, does to a submission is no verdict: it runs again."""

import os
import signal
import threading
import time
from pathlib import Path

import pytest

from composites import write
from coursekit.grading.engine import TWICE, WarmEngine
from coursekit.grading.levels import Level
from coursekit.grading.record import Status, Verdict
from coursekit.grading.student import Limits
from coursekit.sources.layout import CourseError, Unit
from living import below
from samples import make_unit

LIMITS = Limits(cpu_call=1.0, cpu_cell=1.0, cpu_notebook=30.0, wall=4.0)
RIGHT = "def double(x):\n    return 2 * x"
NAP = f"import time\ntime.sleep(0.7)\n{RIGHT}"
HANGS = f"import time\ntime.sleep(60)\n{RIGHT}"


def made(folder: Path, answers: dict[str, str]) -> Unit:
    unit = make_unit(folder)
    for student, answer in answers.items():
        write(unit, student, {"q1_double": answer}, folder / "submitted")
    return unit


HITS = [
    ("child", signal.SIGKILL),
    ("child", signal.SIGSTOP),  # its clock goes on, its CPU time does not
    ("parent", signal.SIGKILL),
    ("judge", signal.SIGKILL),
]


def hit(kind: str, number: signal.Signals) -> None:
    """Hit a process in the middle of a submission."""
    ends = time.monotonic() + 60
    while not below(os.getpid())["child"]:
        assert time.monotonic() < ends
        time.sleep(0.01)
    time.sleep(0.3)
    below(os.getpid())[kind][0].send_signal(number)


def test_who_is_hit_from_outside_runs_once_more_and_has_its_points(tmp_path: Path) -> None:
    unit = made(tmp_path, {"hit": NAP, "other": RIGHT})
    with WarmEngine(tmp_path, unit, limits=LIMITS) as engine:
        engine.start()
        for each in HITS:
            ends = time.monotonic() + 30
            while below(os.getpid())["child"]:  # an earlier one's
                assert time.monotonic() < ends
                time.sleep(0.01)
            thread = threading.Thread(target=hit, args=each)
            thread.start()
            records = list(engine.grade(["hit", "other"]))
            thread.join()
            assert [record.student for record in records] == ["other", "hit"], each
            for record in records:
                assert [outcome.points for outcome in record.outcomes] == [1, 0.5], each
                assert record.flags == ()


def test_what_takes_too_long_again_alone_stands(tmp_path: Path) -> None:
    answers = {"hangs": HANGS, "a": NAP, "b": NAP, "c": NAP}
    unit, beside, ended = made(tmp_path, answers), [], threading.Event()
    with WarmEngine(tmp_path, unit, jobs=2, limits=LIMITS) as engine:

        def watch() -> None:
            while not ended.wait(0.05):
                beside.append(len(below(os.getpid())["child"]))

        records = []
        for record in engine.grade(answers):
            records.append(record)
            if len(records) == 3:
                threading.Thread(target=watch).start()
        ended.set()
    assert records[-1].student == "hangs"
    assert [outcome.verdict for outcome in records[-1].outcomes] == [
        Verdict.LIMIT_WALL,
        Verdict.WAITS,
    ]
    assert TWICE in records[-1].flags
    assert max(beside) == 1, "nobody beside it"
    assert {record.status for record in records} == {Status.NEEDS_MANUAL}


def test_an_engine_that_does_not_run_takes_nobody_s_points(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit = made(tmp_path, {"ada": RIGHT})
    monkeypatch.setattr("coursekit.grading.process.sys.executable", "/bin/false")
    with (
        WarmEngine(tmp_path, unit) as engine,
        pytest.raises(CourseError, match="Nothing was graded, for the engine does not run"),
    ):
        list(engine.grade(["ada"]))


def test_a_fence_that_is_lost_in_the_middle_costs_nobody_a_mark(tmp_path: Path) -> None:
    unit = made(tmp_path, {"first": RIGHT, "second": RIGHT})
    with WarmEngine(tmp_path, unit, fence=Level.FULL) as engine:
        engine.start()
        below(os.getpid())["judge"][0].kill()
        engine._judges[0]._without = ("seccomp",)
        records = list(engine.grade(["first", "second"]))
    assert [record.status for record in records] == [Status.ENGINE, Status.ENGINE]
    for record in records:
        assert record.detail.startswith("Students' code cannot be fenced as asked (full)")
        assert record.flags == (TWICE,)
