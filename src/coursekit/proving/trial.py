"""Try answers against a challenge's checks.

This is for the course's own answers, which wish the checks no harm: solutions, stubs, variants and
mutants. What students hand in is graded elsewhere, each submission in a process of its own.
"""

from __future__ import annotations

import contextlib
import io
import signal
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from coursekit.grading.doubles import Doubles
from coursekit.grading.record import Outcome, Verdict
from coursekit.sources.source import SourceCell, read_source

SEED_STRIDE = 100_003  # a prime: no two of a cell's own seeds meet in another run


@dataclass(frozen=True)
class Trial:
    """What a question's checks said of one answer, and how many seconds that took."""

    outcomes: list[Outcome]
    seconds: float

    @property
    def lost(self) -> set[str]:
        """Grade ids of the checks that did not pass."""
        return {outcome.check for outcome in self.outcomes if outcome.verdict != Verdict.PASS}


class Bench:
    """The given cells of a challenge, run once; answers are tried on copies of what they made.

    Parameters
    ----------
    challenge : Path
        The challenge's source.
    shift : int
        Which of many random seeds: 0 leaves the cells' own seeds as they are.

    Raises
    ------
    Exception
        Whatever a given cell raises.
    """

    def __init__(self, challenge: Path, shift: int = 0) -> None:
        self._cells = read_source(challenge)
        self._margins: dict[str, float] = {}
        doubles = Doubles(
            on_seed=lambda seed: seed + SEED_STRIDE * shift, on_margin=self._margins.__setitem__
        )
        self._names: dict[str, Any] = {"__name__": "__main__"}
        doubles.put_into(self._names)
        with _silence():
            for cell in self._cells:
                if cell.kind == "given":
                    _execute(cell, self._names)
                    doubles.put_into(self._names)

    def try_answer(
        self, question: str, code: str, order: Sequence[str] = (), limit: float | None = None
    ) -> Trial:
        """Run the answer `code`, then each check of `question` on it.

        Parameters
        ----------
        question, code : str
        order : sequence of str
            Grade ids of the checks to run, until one is lost; if empty, all run in any case.
        limit : float, optional
            After so many seconds the checks that are left are lost. Windows knows no such alarm.
        """
        began, names = time.perf_counter(), dict(self._names)
        checks = [cell for cell in self._cells if (cell.kind, cell.name) == ("check", question)]
        if order:
            checks.sort(key=lambda cell: order.index(cell.grade_id))
        outcomes: list[Outcome] = []
        try:
            with _time_limit(limit):
                with _silence():
                    exec(compile(code, question, "exec"), names)
                for cell in checks:
                    outcomes.append(self._check(cell, names))
                    if order and outcomes[-1].verdict != Verdict.PASS:
                        break
        except (Exception, OutOfTime) as error:
            left = checks[len(outcomes) :]
            outcomes += [_outcome(cell, Verdict.FAIL, _one_line(error)) for cell in left]
        return Trial(outcomes, time.perf_counter() - began)

    def _check(self, cell: SourceCell, names: dict[str, Any]) -> Outcome:
        began, stderr, verdict, text = time.perf_counter(), io.StringIO(), Verdict.PASS, ""
        self._margins.clear()
        with _silence(stderr):
            try:
                _execute(cell, names)
            except NotImplementedError as error:
                verdict, text = Verdict.NOT_TRIED, _one_line(error)
            except Exception as error:
                verdict, text = Verdict.FAIL, _one_line(error)
        noise = stderr.getvalue().strip()
        if noise and verdict == Verdict.PASS:  # stock nbgrader takes the points for it
            verdict, text = Verdict.FAIL, f"on stderr: {noise.splitlines()[0]}"
        seconds = time.perf_counter() - began
        return _outcome(cell, verdict, text, margins=dict(self._margins), seconds=seconds)


def _outcome(cell: SourceCell, verdict: Verdict, text: str, **measured: Any) -> Outcome:
    points = cell.points if verdict == Verdict.PASS else 0.0
    return Outcome(cell.grade_id, cell.name, verdict, points, cell.points, text, **measured)


@contextlib.contextmanager
def _silence(stderr: io.StringIO | None = None) -> Iterator[None]:
    """Keep what cells print."""
    with (
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(stderr or io.StringIO()),
    ):
        yield


def _execute(cell: SourceCell, names: dict[str, Any]) -> None:
    exec(compile(cell.text, cell.grade_id, "exec"), names)


def _one_line(error: BaseException) -> str:
    return f"{type(error).__name__}: " + " | ".join(str(error).splitlines())


class OutOfTime(BaseException):
    """An answer took too long; no ``except Exception`` of the answer's own may swallow this."""


@contextlib.contextmanager
def _time_limit(seconds: float | None) -> Iterator[None]:
    """Raise `OutOfTime` in the block after so many seconds, where the system has an alarm."""
    if seconds is None or not hasattr(signal, "setitimer"):
        yield
        return

    def stop(*_: object) -> None:
        raise OutOfTime(f"more than {seconds:.0f} s")

    before = signal.signal(signal.SIGALRM, stop)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
