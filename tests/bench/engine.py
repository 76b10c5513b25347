"""Measure the engine against stock nbgrader and otter: one class, in one run, in turn, medians.

Run as ``PYTHONPATH=tests python -m bench.engine``; ``--small`` shows in minutes that it works,
``--write`` puts the figures into docs/benchmarks.md, ``--thousand`` grades a thousand once.
"""

from __future__ import annotations

import argparse
import contextlib
import datetime
import os
import platform
import shlex
import signal
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import psutil

from bench import memory, otter
from bench.budgets import pin_cores
from bench.graders import Grader, Otter, Ours, Stock, package_folder
from bench.report import OTTER, OURS, STOCK, Measured, agree, fragment, put_between
from bench.rest import break_down
from bench.tiny import TRAINS, make_course
from composites import Answers, composites, write
from coursekit.authoring.environment import environment
from coursekit.classroom.course_folder import CourseFolder
from coursekit.classroom.grade import grade_class
from coursekit.classroom.gradebook import GradebookWriter
from coursekit.grading.record import Record
from coursekit.sources.layout import Course, CourseError, Unit
from coursekit.sources.source import read_source

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "benchmarks.md"
GUESS = {STOCK: 12.0, OTTER: 28.0, OURS[0]: 3.0, OURS[1]: 1.5}  # seconds a submission, at first
LIBRARIES = ("nbgrader", "tensorflow", "keras", "numpy")
THOUSAND = 1000


@dataclass(frozen=True)
class Class:
    """A class to grade.

    Attributes
    ----------
    name, title : str
    unit : Unit
    few, many : int
        Submissions a round of the slow graders, and of ours.
    """

    name: str
    title: str
    unit: Unit
    few: int
    many: int

    def answers(self, number: int) -> Answers:
        """Return the answers of the student of this number: the solution first, then variants."""
        if self.name == "tiny":
            cells = read_source(self.unit.require_challenge())
            return {cell.name: cell.text for cell in cells if cell.kind == "answer"}
        made = composites(self.unit)
        kept = [answers for student, (answers, _) in made.items() if student != "stub"]
        return kept[number % len(kept)]

    def hand_in(self, folder: Path, label: str, count: int) -> list[str]:
        """Write submissions that are alike in every folder, and return their students."""
        students = [f"{label}-{number:03d}" for number in range(count)]
        for number, student in enumerate(students):
            path = write(self.unit, student, self.answers(number), folder / "submitted")
            if self.name == "tiny":  # no two files are the same
                own = TRAINS.replace("0", str(number + 1))
                path.write_text(path.read_text("utf-8").replace(TRAINS, own), encoding="utf-8")
        return students


class Progress:
    """Says what is done, and how long the rest may take."""

    def __init__(self, steps: list[tuple[str, str, int]]) -> None:
        self._left, self._seen = list(steps), dict[tuple[str, str], float]()

    def done(self, name: str, grader: str, count: int, seconds: float, what: str) -> None:
        """Note that `count` submissions took so many seconds each, and print a line."""
        with contextlib.suppress(ValueError):
            self._left.remove((name, grader, count))
        self._seen[name, grader] = seconds
        left = sum(n * self._seen.get((c, g), GUESS[g]) for c, g, n in self._left)
        took = f"{seconds:.2f} s a submission"
        say(f"{name}, {grader}, {what}: {took}; about {left / 60:.0f} min left")


def say(text: str) -> None:
    """Print a line of progress."""
    print(text, file=sys.stderr, flush=True)


def measure(one: Class, folder: Path, rounds: int, progress: Progress) -> Measured:
    """Let every grader grade the class, in turn, `rounds` times."""
    found = Measured(one.name, one.title)
    with contextlib.ExitStack() as stack:
        graders = _started(one, folder, found, stack)
        points: dict[str, dict[str, float]] = {grader.name: {} for grader in graders}
        for number in range(1, rounds + 1):
            for grader in list(graders):
                count = one.many if isinstance(grader, Ours) else one.few
                students = one.hand_in(grader.folder, f"round{number}", count)
                before, began = len(grader.records), time.perf_counter()
                try:
                    points[grader.name] |= grader.grade(students)
                except otter.NoOtterError as error:
                    found.notes.append(f"otter is left out: {error}")
                    graders.remove(grader)
                    continue
                wall = time.perf_counter() - began
                found.walls.setdefault(grader.name, []).append(wall / count)
                if records := grader.records[before:]:
                    own = sum(r.seconds.get(k, 0.0) for r in records for k in ("cells", "checks"))
                    added = (wall * grader.jobs - own) / count
                    found.added.setdefault(grader.name, []).append(added)
                what = f"round {number} of {rounds}"
                progress.done(one.name, grader.name, count, wall / count, what)
        found.notes.append(agree(points))
        _look_closer(one, graders, found)
    return found


def _started(
    one: Class, folder: Path, found: Measured, stack: contextlib.ExitStack
) -> list[Grader]:
    """Return graders that are ready; their start is timed."""
    made: list[Grader] = [Stock(folder / "stock", one.unit), Otter(folder / "otter", one.unit)]
    made += [Ours(folder / f"ours{jobs}", one.unit, jobs) for jobs in (1, 2)]
    for grader in list(made):
        stack.callback(grader.close)
        say(f"{one.name}: {grader.name} starts.")
        began = time.perf_counter()
        try:
            if isinstance(grader, Otter):
                otter.install()
                began = time.perf_counter()
            grader.start()
        except otter.NoOtterError as error:
            found.notes.append(f"otter is left out: {error}")
            made.remove(grader)
            continue
        found.starts[grader.name] = time.perf_counter() - began
    return made


def _look_closer(one: Class, graders: Sequence[Grader], found: Measured) -> None:
    """Measure what is measured once: the command line, memory, where the time goes."""
    for grader in graders:
        if isinstance(grader, Stock) and one.name == "tiny":
            seconds = grader.by_command([f"round1-{number:03d}" for number in range(one.few)])
            found.notes.append(
                f"`nbgrader autograde` from the command line, once for {one.few}: "
                f"{seconds / one.few:.2f} s a submission, its own start among them."
            )
        if isinstance(grader, Ours) and grader.jobs == 1:
            students = one.hand_in(grader.folder, "closer", min(one.many, 4))
            peak = memory.while_grading(grader, students)
            found.facts["idle MiB"] = memory.of_an_idle_child()
            found.notes.append(
                f"A child holds {found.facts['idle MiB']:.0f} MiB alone when it has run an empty "
                f"cell, and at most {peak:.0f} MiB while it runs a submission, with TensorFlow's "
                "own start and the student's data."
            )
            seconds = writing(one.unit, grader.folder, grader.records[-len(students) :])
            found.notes.append(
                f"Writing records into the gradebook, and notebooks into `autograded/`, takes "
                f"{seconds:.3f} s a submission more; one writer does it while others are graded."
            )
            say(f"{one.name}: where the time goes.")
            found.rest = break_down(one.unit, grader.folder, students)


def writing(unit: Unit, folder: Path, records: Sequence[Record]) -> float:
    """Return the seconds a submission that its way into nbgrader's gradebook takes."""
    with CourseFolder(folder, unit) as course, GradebookWriter(course) as writer:
        writer.write(records[0])
        began = time.perf_counter()
        for record in records:
            writer.write(record)
        return (time.perf_counter() - began) / len(records)


def thousand(folder: Path, count: int) -> str:
    """Grade so many tiny submissions as ``coursekit grade`` does, then again; say how long."""
    one = Class("tiny", "", make_course(folder), 0, count)
    students = one.hand_in(folder / "class", "s", count)
    first, again = (_grade_all(folder / "class", one.unit, students) for _ in range(2))
    return (
        f"{count:,} tiny submissions, 2 jobs, start-up and gradebook included: {first / 60:.1f} "
        f"min. Looking at them again unchanged: {again:.1f} s."
    )


def _grade_all(folder: Path, unit: Unit, students: Sequence[str]) -> float:
    began = time.perf_counter()

    def tell(label: str, done: int, total: int) -> None:
        if done and (done % 25 == 0 or done == total):
            passed = time.perf_counter() - began
            left = passed / done * (total - done) / 60
            say(f"{done} of {total}, {passed / 60:.1f} min, about {left:.1f} min left")

    with CourseFolder(folder, unit) as course:
        grade_class(course, students, jobs=2, progress=tell)
    return time.perf_counter() - began


def classes(folder: Path, small: bool, only: Sequence[str]) -> list[Class]:
    """Return the classes to grade, the tiny one and two units of this course.

    Raises
    ------
    CourseError
        If there is none of that name.
    """
    few, many = (1, 2) if small else (4, 24)
    units = {unit.id: unit for unit in Course(ROOT).units}
    names = only or (["tiny", "00_foundations"] if small else ["tiny", *units][:3])
    made = []
    for name in names:
        if name == "tiny":
            title = "Tiny: a small network, trained for about a second in the student's own cell"
            made.append(Class(name, title, make_course(folder / "course"), few, many))
        elif name in units:
            count = 2 if small else 6
            title = f"`{name}`: the solution, and declared right and wrong answers"
            made.append(Class(name, title, units[name], min(few, count), count))
        else:
            raise CourseError(f"There is no class {name}: name tiny, or one of {', '.join(units)}.")
    return made


def _how(cores: str, load: float, arguments: Sequence[str], rounds: int) -> str:
    known = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    with contextlib.suppress(otter.NoOtterError):
        known += f", otter-grader {otter.install()}"
    command = shlex.join(["python", "-m", "bench.engine", *arguments])
    text = (
        f"Measured on {datetime.date.today():%d %B %Y} by `PYTHONPATH=tests {command}`: {cores} of "
        f"{os.cpu_count()} ({platform.machine()}), Python {platform.python_version()}, {known}. "
        f"Medians of {rounds} round(s); smallest and largest in brackets. "
        f"Load average before: {load:.1f}."
    )
    if load > 0.5:
        text += " **The machine was not quiet: ratios may hold, seconds do not.**"
    if "--small" in arguments:
        text += " **A small run: it shows that the bench works, its figures say little.**"
    return text


def _steps(chosen: Sequence[Class], rounds: int) -> list[tuple[str, str, int]]:
    graders = (STOCK, OTTER, *OURS)
    counts = [(c, g, c.many if g in OURS else c.few) for c in chosen for g in graders]
    return [(c.name, g, n) for _ in range(rounds) for c, g, n in counts]


@contextlib.contextmanager
def _workplace() -> Iterator[Path]:
    """Make a folder for all that this run writes; end what it started, and remove the folder."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as name:
        folders = {
            kept: str(Path(name) / "home")
            for kept in ("TMPDIR", "IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "JUPYTER_DATA_DIR")
        }
        (Path(name) / "home").mkdir()
        paths = os.pathsep.join([str(package_folder()), str(ROOT / "tests")])
        with environment(**folders, PYTHONPATH=paths):
            tempfile.tempdir = folders["TMPDIR"]
            try:
                yield Path(name)
            finally:
                tempfile.tempdir = None
                for left in psutil.Process().children(recursive=True):
                    with contextlib.suppress(psutil.Error):
                        left.kill()


def main(arguments: list[str] | None = None) -> int:
    """Measure, print the Markdown, and write it into the page if asked to."""
    arguments = sys.argv[1:] if arguments is None else arguments
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--small", action="store_true", help="one round of very few")
    parser.add_argument("--only", nargs="+", default=[], metavar="CLASS", help="tiny, or a unit")
    parser.add_argument("--rounds", type=int, default=0, metavar="N", help="default 3")
    parser.add_argument("--thousand", action="store_true", help="grade 1,000 tiny ones, once")
    parser.add_argument("--write", action="store_true", help=f"into {PAGE.relative_to(ROOT)}")
    options = parser.parse_args(arguments)
    rounds = options.rounds or (1 if options.small else 3)
    cores, load = pin_cores(), os.getloadavg()[0]
    with _workplace() as folder:
        try:
            if options.thousand:
                marker, text = "thousand", thousand(folder, 10 if options.small else THOUSAND)
                text = f"{_how(cores, load, arguments, 1)}\n\n{text}"
            else:
                chosen = classes(folder, options.small, options.only)
                progress = Progress(_steps(chosen, rounds))
                found = [measure(one, folder / one.name, rounds, progress) for one in chosen]
                marker, text = "engines", fragment(found, _how(cores, load, arguments, rounds))
        except CourseError as error:
            say(f"bench: {error}")
            return 1
    print(text)
    if options.write:
        put_between(PAGE, marker, text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
