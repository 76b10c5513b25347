"""Measure every lecture and solution on two cores, write docs/budgets.md, fail over a limit.

Run as ``make budgets``; ``make budgets ONLY=01_regression`` measures those with that in their path
and keeps the rows of the others. Each figure is the median of three runs.
"""

from __future__ import annotations

import argparse
import os
import platform
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import nbformat
import psutil
from nbclient.exceptions import CellExecutionError

from bench.import_time import BUDGET_S as IMPORT_S
from bench.import_time import PROBE
from coursekit.authoring.environment import environment, notebook_client
from coursekit.sources.layout import Course, CourseError

ROOT = Path(__file__).resolve().parents[2]
CORES = 2
LECTURE_S, LECTURES_S = 240, 1200
SOLUTION_S, SOLUTION_S_OF = 90, {"01_regression": 20}  # the demo grades that one
CELL_S = 60  # what a student waits for
# The stated exception: a fit on all of MNIST.
CELL_S_OF = {"notebooks/lectures/03_mnist_2_network.ipynb": 120}
START_S = 0.5
PAGE = """# Budgets

Written by `make budgets`, never edited: the median of {runs} run(s).
Measured with {how}.

Wall time runs from the start of the kernel to the end of the last cell. CPU time and peak memory are
the kernel's with all that it started. `[n]` is the n-th code cell; one cell may take {cell} s,
that with the fit on all of MNIST 120 s.

| notebook | wall (s) | limit (s) | share | in cells (s) | CPU (s) | memory (MiB) | slowest (s) | cell |
|---|--:|--:|--:|--:|--:|--:|--:|---|
{rows}
All lectures together: {wall:.0f} s of {lectures} s ({share}).

| start | wall (s) | limit (s) | share |
|---|--:|--:|--:|
{starts}"""  # noqa: E501 - a row of a table


@dataclass(frozen=True)
class Run:
    """One execution: seconds of each code cell, CPU seconds and peak bytes of the kernel."""

    wall: float
    cells: list[float]
    cpu: float
    memory: int


@dataclass(frozen=True)
class Row:
    """What the table says of one notebook; seconds and MiB."""

    notebook: str
    wall: float
    cells: float
    cpu: float
    memory: float
    slowest: float
    which: str

    @property
    def is_lecture(self) -> bool:
        """Whether it is a lecture; else it is a solution."""
        return self.notebook.startswith("notebooks/lectures/")

    @property
    def limit(self) -> int:
        """Seconds that the whole notebook may take."""
        if self.is_lecture:
            return LECTURE_S
        return SOLUTION_S_OF.get(self.notebook.split("/")[1], SOLUTION_S)


def measure(path: Path, held_out: Path) -> Run:
    """Execute the notebook at `path` in a fresh kernel.

    Raises
    ------
    CourseError
        If a cell fails.
    """
    notebook = nbformat.read(path, as_version=4)
    where = {"metadata": {"path": str(path.parent)}}
    with tempfile.TemporaryDirectory() as sockets, environment(COURSEKIT_HELD_OUT=str(held_out)):
        client = notebook_client(notebook, Path(sockets), timeout=900, resources=where)
        began = time.perf_counter()
        with client.setup_kernel():
            cells: list[float] = []
            for index, cell in enumerate(notebook.cells):
                if cell.cell_type == "code":
                    started = time.perf_counter()
                    try:
                        client.execute_cell(cell, index)
                    except CellExecutionError as error:
                        message = f"{path}: cell {len(cells) + 1}: {error.ename}: {error.evalue}"
                        raise CourseError(message) from error
                    cells.append(time.perf_counter() - started)
            wall = time.perf_counter() - began
            cpu, memory = _usage(psutil.Process(client.km.provisioner.pid))
    return Run(wall, cells, cpu, memory)


def _usage(kernel: psutil.Process) -> tuple[float, int]:
    """Return CPU seconds and peak bytes of a process and all that it started."""
    tree = [kernel, *kernel.children(recursive=True)]
    cpu = sum(sum(process.cpu_times()[:2]) for process in tree)
    ended = kernel.cpu_times()
    cpu += getattr(ended, "children_user", 0) + getattr(ended, "children_system", 0)
    return cpu, sum(_peak(process) for process in tree)


def _peak(process: psutil.Process) -> int:
    status = Path(f"/proc/{process.pid}/status")
    if status.exists() and (found := re.search(r"VmHWM:\s+(\d+) kB", status.read_text())):
        return int(found[1]) * 1024
    return int(process.memory_info().rss)  # where the system keeps no peak: what it has at the end


def summarise(name: str, sources: list[str], runs: list[Run]) -> Row:
    """Return the medians of `runs`; `sources` are the code cells' texts."""
    cells = [
        statistics.median(seconds) for seconds in zip(*(run.cells for run in runs), strict=True)
    ]
    slowest = max(range(len(cells)), key=cells.__getitem__)
    line = next((text for text in sources[slowest].splitlines() if text.strip()), "")
    line = line.strip().replace("|", "\\|").replace("`", "'")
    return Row(
        name,
        round(statistics.median(run.wall for run in runs), 1),
        round(statistics.median(sum(run.cells) for run in runs), 1),
        round(statistics.median(run.cpu for run in runs), 1),
        round(statistics.median(run.memory for run in runs) / 2**20),
        round(cells[slowest], 1),
        f"[{slowest + 1}] `{line}`",
    )


def breaches(rows: Iterable[Row], starts: dict[str, tuple[float, float]]) -> list[str]:
    """Say in one sentence each what is over its limit; `starts` holds (seconds, limit) by name."""
    rows, found = list(rows), []
    for row in rows:
        if row.wall > row.limit:
            found.append(f"{row.notebook} takes {row.wall} s, its limit is {row.limit} s.")
        longest = CELL_S_OF.get(row.notebook, CELL_S)
        if row.slowest > longest:
            found.append(
                f"{row.notebook}: cell {row.which} takes {row.slowest} s, the limit is {longest} s."
            )
    if (wall := _lectures(rows)) > LECTURES_S:
        found.append(f"All lectures take {wall:.0f} s, their limit is {LECTURES_S} s.")
    for name, (seconds, limit) in starts.items():
        if seconds > limit:
            found.append(f"`{name}` takes {seconds:.3f} s, its limit is {limit} s.")
    return found


def _lectures(rows: Iterable[Row]) -> float:
    return sum(row.wall for row in rows if row.is_lecture)


def write_table(
    rows: Iterable[Row], starts: dict[str, tuple[float, float]], how: str, runs: int
) -> str:
    """Return the text of docs/budgets.md."""
    rows = sorted(rows, key=lambda row: row.notebook)
    wall = _lectures(rows)
    lines = [
        f"| {row.notebook} | {row.wall} | {row.limit} | {_share(row.wall, row.limit)} "
        f"| {row.cells} | {row.cpu} | {row.memory:.0f} | {row.slowest} | {row.which} |\n"
        for row in rows
    ]
    slow = [f"| `{n}` | {s:.3f} | {top} | {_share(s, top)} |\n" for n, (s, top) in starts.items()]
    return PAGE.format(
        runs=runs,
        how=how,
        cell=CELL_S,
        rows="".join(lines),
        wall=wall,
        lectures=LECTURES_S,
        share=_share(wall, LECTURES_S),
        starts="".join(slow),
    )


def _share(value: float, limit: float) -> str:
    return f"{value / limit:.0%}".replace("%", " %")


def read_table(text: str) -> tuple[str, dict[str, Row]]:
    """Return how an earlier table was measured, and its rows by notebook."""
    rows = {}
    for line in text.splitlines():
        cells = [part.strip() for part in re.split(r"(?<!\\)\|", line)[1:-1]]
        if len(cells) == 9 and cells[0].endswith(".ipynb"):
            wall, inside, cpu, memory, slowest = (float(cells[n]) for n in (1, 4, 5, 6, 7))
            rows[cells[0]] = Row(cells[0], wall, inside, cpu, memory, slowest, cells[8])
    how = re.search(r"(?m)^Measured with (.*)\.$", text)
    return how[1] if how else "", rows


def select(notebooks: list[str], wanted: list[str]) -> list[str]:
    """Return the notebooks whose path holds one of the words `wanted`; all for no word.

    Raises
    ------
    CourseError
        If a word is in no path.
    """
    for word in wanted:
        if not any(word in name for name in notebooks):
            raise CourseError(f"No notebook has {word!r} in its path: build it, or name another.")
    return [n for n in notebooks if not wanted or any(word in n for word in wanted)]


def pin_cores() -> str:
    """Keep this process and what it starts on two cores; say what came of it."""
    if not hasattr(os, "sched_setaffinity"):
        return f"{os.cpu_count()} cores (this system cannot pin)"
    cores = sorted(os.sched_getaffinity(0))[:CORES]
    os.sched_setaffinity(0, cores)
    return f"{len(cores)} core(s), pinned"


def _start_times(runs: int = 11) -> dict[str, tuple[float, float]]:
    python = sys.executable
    imports = [float(subprocess.check_output([python, "-c", PROBE])) for _ in range(runs)]
    commands = []
    for _ in range(runs):
        began = time.perf_counter()
        subprocess.run([python, "-m", "coursekit.cli", "--help"], check=True, capture_output=True)
        commands.append(time.perf_counter() - began)
    return {
        "import coursekit": (statistics.median(imports), IMPORT_S),
        "coursekit --help": (statistics.median(commands), START_S),
    }


def measure_all(course: Course, names: list[str], runs: int) -> list[Row]:
    """Run each notebook `runs` times, one after the other in turn, and say how far it is."""
    done: dict[str, list[Run]] = {name: [] for name in names}
    began, total = time.monotonic(), runs * len(names)
    for number, name in enumerate(names * runs, 1):
        done[name].append(measure(course.root / name, course.root / "course"))
        left = (time.monotonic() - began) / number * (total - number)
        took = f"{done[name][-1].wall:.1f} s, about {left / 60:.1f} min left"
        print(f"{number}/{total} {name}: {took}", file=sys.stderr, flush=True)
    rows = []
    for name in names:
        cells = nbformat.read(course.root / name, as_version=4).cells
        sources = [cell.source for cell in cells if cell.cell_type == "code"]
        rows.append(summarise(name, sources, done[name]))
    return rows


def main(arguments: list[str] | None = None, course: Course | None = None) -> int:
    """Measure, write the table, print every breach; 1 if there is one."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("only", nargs="*", help="part of a notebook's path; default all")
    parser.add_argument("--runs", type=int, default=3, metavar="N", help="default 3")
    options = parser.parse_args(arguments)
    course = course or Course(ROOT)
    try:
        return _main(course, options.only, max(1, options.runs))
    except CourseError as error:
        print(f"budgets: {error}", file=sys.stderr)
        return 1


def _main(course: Course, only: list[str], runs: int) -> int:
    found = [*course.root.glob("notebooks/lectures/*.ipynb")]
    found += course.root.glob("solutions/*/*.ipynb")
    names = sorted(path.relative_to(course.root).as_posix() for path in found)
    chosen, table = select(names, only), course.root / "docs" / "budgets.md"
    versions = ", ".join(f"{name} {version(name)}" for name in ("tensorflow", "keras"))
    how = f"{pin_cores()}, Python {platform.python_version()}, {versions}"
    some = chosen != names and table.exists()
    if some and (before := read_table(table.read_text(encoding="utf-8"))[0]) != how:
        raise CourseError(f"The table was measured with {before}, here is {how}: measure all.")
    measured = {row.notebook: row for row in measure_all(course, chosen, runs)}
    # Read only now, so that another run may have written rows meanwhile.
    kept = read_table(table.read_text(encoding="utf-8"))[1] if some else {}
    kept.update(measured)
    rows, starts = [kept[name] for name in names if name in kept], _start_times()
    table.parent.mkdir(exist_ok=True)
    table.write_text(write_table(rows, starts, how, runs), encoding="utf-8")
    print(table.read_text(encoding="utf-8"))
    over = breaches(rows, starts)
    print(*over or ["Every figure is within its limit."], sep="\n", file=sys.stderr)
    return 1 if over else 0


if __name__ == "__main__":
    sys.exit(main())
