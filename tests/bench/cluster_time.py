"""Time a class on one machine and on a cluster of as many workers, and the one writer.

Run as ``PYTHONPATH=tests python -m bench.cluster_time [--students N] [--unit UNIT] [--write]``.
Scheduler and workers are processes on this machine, so what is told is what a cluster adds.
"""

from __future__ import annotations

import argparse
import resource
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from statistics import median

from distributed import LocalCluster

from bench.report import put_between
from coursekit.classroom.course_folder import CourseFolder
from coursekit.classroom.grade import grade_class
from coursekit.classroom.gradebook import GradebookWriter
from coursekit.cluster.engine import ClusterEngine
from coursekit.demo.sample_class import sample_class, write_submission
from coursekit.grading.engine import WarmEngine
from coursekit.sources.layout import Course, Unit
from coursekit.sources.progress import no_progress

ROOT = Path(__file__).resolve().parents[2]
WORKERS, RUNS, MANY, CORES = 2, 3, 100_000, 64
TEXT = f"""\
Measured on {{today:%d %B %Y}} by `PYTHONPATH=tests python -m bench.cluster_time`: {{size}} students
of `{{unit}}`, medians of {RUNS} runs side by side.

| | ms a student |
| --- | --: |
| one machine, {WORKERS} jobs | {{one:.0f}} |
| {WORKERS} workers of a cluster on it | {{many:.0f}} |
| of which the command itself computes | {{client:.0f}} |
| the one writer: record, gradebook, graded copy | {{write:.0f}} |

So {MANY:,} submissions take {{hours:.0f}} hours of one core to judge, {{wide:.1f}} with {CORES}.
Sending and writing them, one after the other, takes {{serial:.1f}} hours meanwhile, which more
workers do not shorten: {{all:.1f}} hours in all."""


def main() -> None:
    """Measure, print, and with ``--write`` put it into docs/benchmarks.md."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--students", type=int, default=40)
    parser.add_argument("--unit", default="00_foundations")
    parser.add_argument("--write", action="store_true")
    options = parser.parse_args()
    (unit,) = Course(ROOT).select([options.unit])
    with tempfile.TemporaryDirectory() as name:
        text = measure(unit, Path(name), options.students)
    print(text)
    if options.write:
        put_between(ROOT / "docs" / "benchmarks.md", "cluster", text)


def measure(unit: Unit, folder: Path, size: int) -> str:
    """Return what was measured, as Markdown."""
    students = sample_class(unit, size)
    for student in students:
        write_submission(unit, student, folder / "submitted")
    names = [student.id for student in students]
    here, there, busy = [], [], []
    with cluster() as address:
        for _ in range(RUNS):  # side by side: the machine is shared
            with WarmEngine(folder, unit, jobs=WORKERS, notes=False) as engine:
                here.append(timed(engine, names)[0])
            with ClusterEngine(folder, unit, address) as engine:
                seconds, own = timed(engine, names)
                there.append(seconds)
                busy.append(own)
    with CourseFolder(folder, unit) as course:
        records = grade_class(course, names, jobs=WORKERS, progress=no_progress)
        with GradebookWriter(course) as writer:
            began = time.monotonic()
            for record in records:
                writer.write(record)
            write = (time.monotonic() - began) / size
    one, many, client = (median(each) / size for each in (here, there, busy))
    cpu = one * WORKERS
    ahead = max(write + client, cpu / CORES)
    return TEXT.format(
        today=date.today(),
        size=size,
        unit=unit.id,
        one=1000 * one,
        many=1000 * many,
        client=1000 * client,
        write=1000 * write,
        hours=MANY * cpu / 3600,
        wide=MANY * cpu / CORES / 3600,
        serial=MANY * (write + client) / 3600,
        all=MANY * ahead / 3600,
    )


def timed(engine: WarmEngine | ClusterEngine, names: list[str]) -> tuple[float, float]:
    """Return the seconds by the clock, and those that this process computed."""
    engine.start()
    began, own = time.monotonic(), resource.getrusage(resource.RUSAGE_SELF).ru_utime
    records = list(engine.grade(names))
    assert len(records) == len(names)
    spent = resource.getrusage(resource.RUSAGE_SELF).ru_utime - own
    return time.monotonic() - began, spent


@contextmanager
def cluster() -> Iterator[str]:
    """Run a cluster of processes, and yield its scheduler's address."""
    with LocalCluster(
        n_workers=WORKERS, threads_per_worker=1, processes=True, dashboard_address=None
    ) as made:
        yield made.scheduler_address


if __name__ == "__main__":
    main()
