"""The fence holds what it promises, and says so where it does not: each layer is tried alone."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from coursekit.grading.fence import inner, wall
from coursekit.grading.fence.inner import LAYERS, forbidding
from coursekit.grading.forks import WALL, WarmParent
from coursekit.grading.levels import (
    PARTIAL,
    PROMISES,
    Level,
    Listener,
    level_of,
    open_promises,
    try_fence,
)
from coursekit.grading.limits import Limits, Stopped
from coursekit.grading.process import JudgeProcess
from coursekit.grading.student import StudentSide
from engine_samples import cells_of, sheet

LIMITS = Limits(cpu_call=3, cpu_cell=3, wall=40, memory=600, threads=64, open_files=64, scratch=16)
JUDGES = {"judge's files": "", "judge's network": ""}


@pytest.fixture(scope="module")
def limited() -> Iterator[WarmParent]:
    with WarmParent(LIMITS.fence()) as parent:
        yield parent


def tried(without: Sequence[str]) -> dict[str, str]:
    with closing(Listener()) as listener, WarmParent(LIMITS.fence(), without) as parent:
        return try_fence(parent, listener)


def lost(found: dict[str, str]) -> set[str]:
    return {name for name, text in found.items() if text}


WITHOUT = {
    (): set(),
    (WALL,): {"view"},
    ("namespaces",): {"namespace", "scratch", "limits"},
    ("landlock",): {"memory", "rules"},
    ("seccomp",): {"processes", "system calls"},
}


@pytest.mark.parametrize("without", WITHOUT, ids=lambda layers: "+".join(layers) or "all")
def test_what_a_missing_layer_opens_is_found(without: Sequence[str]) -> None:
    found = tried(without)
    elsewhere = {"user"} if os.geteuid() == 0 and WALL in without else set()
    assert lost(found) - elsewhere == WITHOUT[tuple(without)]
    level = level_of(found | JUDGES)
    if not without:
        assert level is Level.FULL
    elif set(PARTIAL) & lost(found):
        assert level is Level.LIMITS_ONLY
    else:
        assert level is Level.PARTIAL


def test_a_trial_that_was_killed_says_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    killed = tmp_path / "killed"

    def be_killed_once(groups: object) -> None:
        if not killed.exists():
            killed.touch()
            os.kill(os.getpid(), signal.SIGKILL)

    monkeypatch.setattr(os, "setgroups", be_killed_once)
    monkeypatch.setattr(os, "setresgid", lambda *ids: None)
    monkeypatch.setattr(os, "setresuid", lambda *ids: None)
    assert inner._nobody_can_read(Path(sys.executable))
    assert killed.exists()
    assert not inner._nobody_can_read(tmp_path / "nothing")


def test_without_any_layer_nearly_everything_is_open() -> None:
    found = tried((WALL, *LAYERS))
    assert lost(found) >= {*PROMISES} - {"user", "privileges", *JUDGES} - {"limits"}
    assert level_of(found | JUDGES) is Level.LIMITS_ONLY
    assert any("it connects to this machine's ports" in line for line in open_promises(found))


def test_what_was_not_tried_does_not_hold() -> None:
    everything = dict.fromkeys(PROMISES, "")
    assert level_of(everything) is Level.FULL
    for name in PROMISES:
        left = {key: value for key, value in everything.items() if key != name}
        assert level_of(left) is (Level.LIMITS_ONLY if name in PARTIAL else Level.PARTIAL)
    assert level_of({}) is Level.LIMITS_ONLY


def test_levels_are_ordered() -> None:
    assert Level.FULL.suffices(Level.PARTIAL)
    assert Level.PARTIAL.suffices(Level.PARTIAL)
    assert not Level.LIMITS_ONLY.suffices(Level.PARTIAL)


def test_a_judge_tries_its_own_wall() -> None:
    with JudgeProcess((), Path("course"), LIMITS) as judge:
        judge.start()
        assert (judge.level, list(open_promises(judge.trials))) == (Level.FULL, [])
    with JudgeProcess((), Path("course"), LIMITS, without=["judge"]) as judge:
        judge.start()
        assert judge.level is Level.PARTIAL
        assert lost(judge.trials) == set(JUDGES)


HELD_OUT = """from pathlib import Path
from coursekit.grading import held_out
assert held_out.load("small").x.tolist() == [7.0]
_others = Path(__import__("os").environ["COURSEKIT_HELD_OUT"]).parents[1]
try:
    raise SystemExit(sorted(_others.iterdir()))
except PermissionError:
    pass
"""


def test_a_judge_reads_the_held_out_data_of_its_unit_alone(tmp_path: Path) -> None:
    folder = tmp_path / "01_small" / "held_out"
    folder.mkdir(parents=True)
    np.savez(folder / "small.npz", x=np.array([7.0]), y=np.array([1.0]))
    answer = {"q1_one": "def one():\n    return 1"}
    unit = cells_of("", answer, {"q1_one": HELD_OUT}, {"q1_one": 1.0})
    with JudgeProcess(unit, tmp_path, LIMITS, "01_small") as judge:
        told = judge.judge(sheet(answer, unit=unit))
    assert [(o["verdict"], o["text"]) for o in told["outcomes"]] == [("pass", "")]


def test_the_wall_shows_the_students_part_alone() -> None:
    code = (
        "import json, os, coursekit\n"
        "found = [os.path.relpath(os.path.join(a, f), os.path.dirname(coursekit.__file__))\n"
        "         for a, _, files in os.walk(os.path.dirname(coursekit.__file__)) for f in files]\n"
        "print(json.dumps([found, os.listdir('/'), os.listdir('/tmp'), os.listdir('/dev/shm')]))"
    )
    shown = subprocess.run(
        wall.walled([sys.executable, "-c", code]),
        env={"PYTHONPATH": str(wall.PACKAGE.parent), "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        check=True,
    )
    files, root, temporary, shared = json.loads(shown.stdout)
    rooms = {Path(file).parts[0] for file in files if len(Path(file).parts) > 1}
    assert rooms <= {"grading", "_data", "__pycache__"}
    grading = {file for file in files if file.startswith("grading/")}
    assert {Path(file).parts[1] for file in grading} == {"__init__.py", "worker", "wire", "fence"}
    assert "grading/fence/wall.py" not in grading
    assert not {"home", "root/.cache", "mnt", "srv", "media"} & set(root)
    # Where the course or its environment lies in /tmp, the way to them is there, too.
    ways = {path.parts[2] for path in wall.readable() if path.is_relative_to("/tmp")}
    assert set(temporary) == {"submission"} | ways
    assert shared == []


def test_other_numbers_of_the_same_calls_are_closed_too() -> None:
    """On x86-64 the kernel may know each call by a second number, with bit 30 set."""
    from seccompy import arch, syscall_nr

    if arch() != "x86_64":
        pytest.skip("x86-64 alone numbers calls twice")
    program = forbidding().program
    for number in (syscall_nr("ptrace"), syscall_nr("ptrace") | 1 << 30, 521 | 1 << 30):
        assert number.to_bytes(4, "little") in program


@pytest.mark.parametrize(
    ("code", "kind"),
    [
        ("kept = []\nwhile True: kept.append(bytearray(50 << 20))", "limit:memory"),
        (
            "import mmap\nkept = []\nwhile True:\n"
            "    kept.append(mmap.mmap(-1, 50 << 20))\n    kept[-1].write(b'x' * (50 << 20))",
            "limit:memory",
        ),
        ("while True: pass", "limit:cpu"),
        (
            "while True:\n    try:\n        while True: pass\n    except BaseException: pass",
            "limit:cpu",
        ),
    ],
)
def test_what_takes_too_much_is_ended(limited: WarmParent, code: str, kind: str) -> None:
    side = StudentSide(limited.fork(), LIMITS)
    with pytest.raises(Stopped) as stopped:
        side.run("c", code)
    assert stopped.value.verdict.value == kind
    side.end()
    side = StudentSide(limited.fork(), LIMITS)
    assert side.run("c", "1").error == ""
    side.end()


@pytest.mark.parametrize(
    ("code", "met"),
    [
        ("open('a', 'wb').write(bytes(20 << 20))", "scratch"),
        ("for n in range(20): open(f'{n}', 'wb').write(bytes(1 << 20))", "scratch"),
        ("for n in range(5000): open(f'{n}', 'w').close()", "scratch"),
        ("kept = [open('/dev/null') for _ in range(100)]", "files"),
        (
            "import threading\ngo = threading.Event()\n"
            "for _ in range(200): threading.Thread(target=go.wait, daemon=True).start()",
            "threads",
        ),
        ("import numpy as np\nnp.ones(1 << 45)", "memory"),
        ("print('x' * (20 << 20))", "output"),
        ("open('a', 'wb').write(bytes(1 << 20))\nprint('x' * 1000)", ""),
    ],
)
def test_a_limit_that_is_met_is_named(limited: WarmParent, code: str, met: str) -> None:
    side = StudentSide(limited.fork(), LIMITS)
    side.run("c", code)
    assert list(side.met) == ([met] if met else [])
    side.end()
