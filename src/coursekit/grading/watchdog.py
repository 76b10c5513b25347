"""Looks at a student's process from outside, whoever works or waits meanwhile."""

from __future__ import annotations

import threading

from coursekit.grading.forks import Child
from coursekit.grading.limits import Limits, Stopped
from coursekit.grading.record import Verdict

TICK = 0.05  # seconds between two looks


class Watchdog:
    """Ends a child that holds too much memory, or too many threads.

    Parameters
    ----------
    child : Child
    limits : Limits

    Attributes
    ----------
    over : Stopped or None
        Why the child was ended.
    """

    def __init__(self, child: Child, limits: Limits) -> None:
        self._child, self._limits = child, limits
        self._first = child.usage().memory
        self._done = threading.Event()
        self.over: Stopped | None = None
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Look no more."""
        self._done.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._done.wait(TICK):
            if over := self._found():
                self.over = over
                self._child.kill()
                return

    def _found(self) -> Stopped | None:
        usage, limits = self._child.usage(), self._limits
        if (usage.memory - self._first) >> 20 > limits.memory:
            return Stopped(Verdict.LIMIT_MEMORY, limits.memory)
        if usage.threads > limits.threads:
            return Stopped(Verdict.LIMIT_THREADS, limits.threads)
        return None
