"""A warm process that tries many answers, and outlives those that kill it."""

from __future__ import annotations

import multiprocessing
import os
import signal
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from multiprocessing import util
from pathlib import Path

from coursekit.grading.forks import PINNED, WarmParent
from coursekit.proving.trial import Bench, Trial
from coursekit.setup import quiet_native_stderr
from coursekit.sources.layout import CourseError, Unit

GRACE = 30.0  # seconds beyond an answer's limit until the process is killed: C code heeds no alarm


class ProcessDiedError(CourseError):
    """An answer ended the process that tried it, or had to be ended with it."""


class WarmProcess:
    """A process with TensorFlow loaded and the given cells run; use it in a ``with`` block.

    After an answer that killed it, the next one finds a new process.

    Parameters
    ----------
    unit : Unit
    grace : float
        Seconds that an answer has beyond its limit until the process is killed.

    Raises
    ------
    CourseError
        If the unit has no challenge.
    """

    def __init__(self, unit: Unit, *, grace: float = GRACE) -> None:
        self._unit, self._grace = unit, grace
        self._challenge = unit.require_challenge()
        self._pool: ProcessPoolExecutor | None = None
        self._pid = 0
        self._shift: int | None = None

    def __enter__(self) -> WarmProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()

    def try_answer(
        self,
        question: str,
        code: str,
        order: Sequence[str] = (),
        limit: float | None = None,
        *,
        shift: int = 0,
    ) -> Trial:
        """Try one answer; see `coursekit.proving.trial.Bench`.

        Raises
        ------
        ProcessDiedError
            If the answer killed the process, or kept it busy beyond limit and grace.
        CourseError
            If a given cell fails.
        """
        pool = self._prepare(shift)
        job = pool.submit(_try_answer, question, code, order, limit)
        wait([job], None if limit is None else limit + self._grace)
        if not job.done():
            os.kill(self._pid, signal.SIGTERM)
        try:
            return job.result()
        except BrokenProcessPool:
            self._stop()
            raise ProcessDiedError(f"{self._unit.id}: the process died at {question}.") from None

    def _prepare(self, shift: int) -> ProcessPoolExecutor:
        """Return the pool, started if need be, with the given cells run under this shift."""
        if self._pool is None:
            context = multiprocessing.get_context("spawn")  # a fork after TensorFlow can hang
            held_out = str(self._unit.course.root / "course")
            self._pool = ProcessPoolExecutor(1, context, _start, (held_out,))
            self._shift = None
        if shift != self._shift:
            try:
                self._pid = self._pool.submit(_prepare, self._challenge, shift).result()
            except Exception as error:
                raise CourseError(f"{self._challenge}: a given cell fails: {error}") from error
            self._shift = shift
        return self._pool

    def _stop(self) -> None:
        if self._pool is not None:
            self._pool.shutdown()
        self._pool = None


# --- what runs in the process; a process pool needs functions it can name ---

_benches: list[Bench] = []
_parents: list[WarmParent] = []


def _start(held_out: str) -> None:
    """Prepare the process as a judge's: one thread, no windows, no log, held-out data at hand."""
    os.environ.update(PINNED, MPLBACKEND="agg", COURSEKIT_HELD_OUT=held_out)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started this ends it
    _parents.append(WarmParent())  # it imports while this process does
    util.Finalize(None, _parents[0].__exit__, exitpriority=10)
    with quiet_native_stderr():
        import keras  # noqa: F401 - its notices end here


def _prepare(challenge: Path, shift: int) -> int:
    """Run the given cells, and return the process's id."""
    for bench in _benches:
        bench.close()
    _benches.clear()  # one at a time: a bench holds trained networks
    _benches.append(Bench(challenge, _parents[0], shift))
    return os.getpid()


def _try_answer(question: str, code: str, order: Sequence[str], limit: float | None) -> Trial:
    return _benches[0].try_answer(question, code, order, limit)
