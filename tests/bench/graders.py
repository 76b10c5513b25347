"""The graders that are compared, behind one small interface."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import psutil

import coursekit
from bench import otter
from coursekit.authoring.environment import nbgrader_environment
from coursekit.classroom.stock import StockGrader
from coursekit.grading.engine import WarmEngine
from coursekit.grading.record import Record
from coursekit.sources.layout import CourseError, Unit

CONFIG = """from pathlib import Path

from coursekit.authoring import release
from coursekit.classroom import settings

config = get_config()
config.CourseDirectory.root = str(Path(__file__).resolve().parent)
release.configure(config)
settings.configure(config)
"""


class Grader(Protocol):
    """Grades submissions that lie in its own ``folder / "submitted"``.

    Attributes
    ----------
    name : str
    jobs : int
        How many it grades at a time.
    folder : Path
    records : list of Record
        What it left, of those that have records.
    """

    name: str
    jobs: int
    folder: Path
    records: list[Record]

    def start(self) -> None:
        """Do what is done once a class."""

    def grade(self, students: Sequence[str]) -> dict[str, float]:
        """Return the points of each student."""

    def close(self) -> None:
        """Leave nothing behind."""


class Stock:
    """``nbgrader autograde``, through its Python API in this process: no start-up a student."""

    name, jobs = "stock nbgrader", 1

    def __init__(self, folder: Path, unit: Unit) -> None:
        self.folder, self._unit = folder, unit
        self.records: list[Record] = []
        self._grader: StockGrader | None = None

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self._grader = StockGrader(self.folder, self._unit)

    def grade(self, students: Sequence[str]) -> dict[str, float]:
        assert self._grader
        return _points(self._grader.grade(students))

    def by_command(self, students: Sequence[str]) -> float:
        """Return the seconds that the command line takes for all of them, one call a class."""
        (self.folder / "nbgrader_config.py").write_text(CONFIG, encoding="utf-8")
        for kept in (self.folder / "submitted").iterdir():  # the command takes all that are there
            if kept.name not in students:
                shutil.rmtree(kept)
        program = str(Path(sys.executable).parent / "nbgrader")
        command = [program, "autograde", self._unit.id, "--force", "--create"]
        began = time.perf_counter()
        with nbgrader_environment(self._unit.course):
            done = subprocess.run(
                command, cwd=self.folder, capture_output=True, text=True, check=False
            )
        if done.returncode:
            last = (done.stderr.strip() or "nothing").splitlines()[-1]
            raise CourseError(f"`nbgrader autograde` fails: {last}")
        return time.perf_counter() - began

    def close(self) -> None:
        if self._grader:
            self._grader.__exit__()


class Otter:
    """``otter run``, a process a submission, as its command line has it."""

    name, jobs = "otter run", 1

    def __init__(self, folder: Path, unit: Unit) -> None:
        self.folder, self._unit = folder, unit
        self.records: list[Record] = []

    def start(self) -> None:
        self._zip = otter.make_autograder(self._unit, self.folder / "autograder")

    def grade(self, students: Sequence[str]) -> dict[str, float]:
        points = {}
        for student in students:
            handed = self.folder / "submitted" / student / self._unit.id
            changed = self.folder / "changed" / f"{student}.ipynb"
            otter.convert(handed / self._unit.challenge_notebook, changed)
            held_out = self._unit.course.root / "course"
            points[student] = otter.grade(self._zip, changed, self.folder / "out", held_out)
        return points

    def close(self) -> None:
        """It keeps no process."""


class Ours:
    """The engine, at so many jobs; its processes stay warm from round to round."""

    def __init__(self, folder: Path, unit: Unit, jobs: int) -> None:
        self.folder, self._unit, self.jobs = folder, unit, jobs
        self.name = f"ours, {jobs} job{'s' * (jobs > 1)}"
        self.records: list[Record] = []
        self._stack = contextlib.ExitStack()

    def start(self) -> None:
        """Start every job's processes, and try the reference solution once."""
        engine = WarmEngine(self.folder, self._unit, jobs=self.jobs)
        self._engine = self._stack.enter_context(engine)
        for record in self._engine.grade([]):
            raise CourseError(f"{self._unit.id} does not grade: {record.detail}")

    def grade(self, students: Sequence[str]) -> dict[str, float]:
        return _points(list(self.each(students)))

    def each(self, students: Sequence[str]) -> Iterator[Record]:
        """Yield each record as it is there."""
        for record in self._engine.grade(students):
            if not record.status.has_points:
                raise CourseError(f"{record.student}: {record.status.value}: {record.detail}")
            self.records.append(record)
            yield record

    def close(self) -> None:
        folders = _scratch_folders()
        self._stack.close()
        for folder in folders:
            shutil.rmtree(folder, ignore_errors=True)


def package_folder() -> Path:
    """Return where the course's package is imported from: others must import the same."""
    return Path(coursekit.__file__).resolve().parents[1]


def _points(records: Iterator[Record] | list[Record]) -> dict[str, float]:
    return {r.student: sum(p for p in r.scores.values() if p is not None) for r in records}


def _scratch_folders() -> set[Path]:
    """Return the folders of warm parents below this process: one that is killed leaves its own."""
    found = set()
    for process in warm_parents():
        with contextlib.suppress(psutil.Error, KeyError):
            home = Path(process.environ()["HOME"])
            if home.parent.name.startswith("coursekit-"):
                found.add(home.parent)
    return found


def warm_parents() -> list[psutil.Process]:
    """Return the processes below this one that fork children."""
    return [process for process in _below() if _is_forker(process) and not _is_forked(process)]


def children() -> list[psutil.Process]:
    """Return the forked children that run submissions now."""
    return [process for process in _below() if _is_forked(process)]


def _below() -> list[psutil.Process]:
    return psutil.Process(os.getpid()).children(recursive=True)


def _is_forker(process: psutil.Process) -> bool:
    with contextlib.suppress(psutil.Error):
        return "coursekit.grading.worker.parent" in process.cmdline()
    return False


def _is_forked(process: psutil.Process) -> bool:
    """Whether it is a copy of a warm parent: its parent goes by the same name."""
    with contextlib.suppress(psutil.Error):
        above = process.parent()
        return _is_forker(process) and above is not None and _is_forker(above)
    return False
