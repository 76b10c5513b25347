"""What a forked child holds alone: memory that it shares with no other process."""

from __future__ import annotations

import contextlib
import statistics
import threading
from collections.abc import Sequence

import psutil

from bench.graders import Grader, children
from coursekit.grading.forks import WarmParent
from coursekit.grading.limits import Limits
from coursekit.grading.student import StudentSide

EVERY = 0.1  # seconds between two looks


def of_an_idle_child() -> float:
    """Return MiB that a child holds alone when it has run one empty cell."""
    with WarmParent() as parent:
        child = parent.fork()
        side = StudentSide(child, Limits())
        try:
            side.run("empty", "pass")
            return float(psutil.Process(child.pid).memory_full_info().uss) / 2**20
        finally:
            side.end()


def while_grading(grader: Grader, students: Sequence[str]) -> float:
    """Return the median over children of the most MiB that each held alone."""
    most: dict[int, float] = {}
    done = threading.Event()

    def look() -> None:
        while not done.wait(EVERY):
            for child in children():
                with contextlib.suppress(psutil.Error):
                    uss = child.memory_full_info().uss / 2**20
                    most[child.pid] = max(most.get(child.pid, 0.0), uss)

    watcher = threading.Thread(target=look, daemon=True)
    watcher.start()
    try:
        grader.grade(students)
    finally:
        done.set()
        watcher.join()
    return statistics.median(most.values()) if most else float("nan")
