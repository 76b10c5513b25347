"""``kill -9`` at every single step of writing a record: old or new as a whole, never a mixture."""

import os
import shutil
import signal
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from coursekit.classroom.course_folder import CourseFolder
from coursekit.classroom.gradebook import GradebookWriter
from coursekit.classroom.records import record_path
from coursekit.grading.record import Record
from coursekit.sources.layout import Unit
from samples import make_unit
from written import beside, damaged, first, make_graded, second, state, write

STEPS = {"rename", "mkdir", "unlink", "rmdir", "chmod", "fsync", "commit"}


@pytest.fixture(scope="module")
def unit(tmp_path_factory: pytest.TempPathFactory) -> Unit:
    return make_unit(tmp_path_factory.mktemp("course"))


@pytest.fixture(scope="module")
def graded(unit: Unit, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_graded(tmp_path_factory.mktemp("graded") / "class", unit)


@pytest.fixture(scope="module")
def empty(unit: Unit, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("empty") / "class"
    with CourseFolder(folder, unit) as course:
        course.ensure_assignment()
    return folder


def killed(step: int, work: Callable[[Callable[[], None]], None]) -> bool:
    """Do work in a process that is killed at its `step`-th change of a file; False without it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of forking beside threads: this child needs none
        pid = os.fork()
    if pid == 0:
        left = step

        def look(frame: FrameType, event: str, what: Any) -> None:
            nonlocal left
            if event in ("c_call", "c_return") and getattr(what, "__name__", "") in STEPS:
                left -= 1
                if left < 0:
                    os.kill(os.getpid(), signal.SIGKILL)

        try:
            work(lambda: sys.setprofile(look))
        finally:
            os._exit(0)
    return os.WIFSIGNALED(os.waitpid(pid, 0)[1])


def every_step(folder: Path, at: Path, unit: Unit, told: Record) -> Iterator[int]:
    """Yield each step, after writing was killed there in a fresh copy of `folder`, at `at`."""

    def work(begin: Callable[[], None]) -> None:
        with CourseFolder(at, unit) as course, GradebookWriter(course) as writer:
            begin()
            writer.write(told)

    for step in range(1000):
        shutil.rmtree(at, ignore_errors=True)
        shutil.copytree(folder, at)
        if not killed(step, work):
            return
        yield step


@pytest.mark.parametrize(
    ("start", "new"),
    [("graded", second), ("graded", damaged), ("empty", first)],
    ids=["another answer", "a damaged file", "the first time"],
)
def test_old_or_new_as_a_whole_and_the_next_run_repairs(
    unit: Unit,
    tmp_path: Path,
    request: pytest.FixtureRequest,
    start: str,
    new: Callable[[Unit], Record],
) -> None:
    folder: Path = request.getfixturevalue(start)
    told, old = new(unit), state(folder, unit)
    write(shutil.copytree(folder, tmp_path / "whole"), unit, told)
    whole = state(tmp_path / "whole", unit)
    assert old != whole
    seen = []
    for step in every_step(folder, tmp_path / "class", unit, told):
        found = state(tmp_path / "class", unit)
        seen.append("old" if found == old else "new" if found == whole else "between")
        if seen[-1] == "between":
            assert found["record"] is None, step
        if seen[-1] == "between" and old["record"] is not None:
            hidden = record_path(tmp_path / "class", unit.id, ".ada").with_suffix(".json.old")
            assert hidden.exists(), "somebody can still look at what it was"
        write(tmp_path / "class", unit, told)
        assert state(tmp_path / "class", unit) == whole, step
        assert beside(tmp_path / "class") == [], step
    assert len(seen) > 20
    assert list(dict.fromkeys(seen)) == ["old", "between", "new"]


def test_a_good_file_after_a_withdrawal_that_was_killed_leaves_nothing(
    unit: Unit, graded: Path, tmp_path: Path
) -> None:
    folder = shutil.copytree(graded, tmp_path / "class")
    page = folder / "feedback" / "ada" / unit.id
    page.rename(page.with_name(f".{unit.id}.old"))
    write(folder, unit, second(unit))
    assert beside(folder) == []
