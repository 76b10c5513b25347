"""Try answers against a challenge's checks, on the way that a class is graded: worker and judge.

This is for the course's own answers: solutions, stubs, variants and mutants. They wish the checks
no harm, so one student's process serves many of them, one after the other; a test shows that each
gets the same outcomes as in a process of its own.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from coursekit.grading.forks import WarmParent
from coursekit.grading.judge import Attempt, Judge
from coursekit.grading.limits import REASONS, Broken, Limits, Stopped
from coursekit.grading.record import Outcome, Verdict
from coursekit.grading.student import StudentSide
from coursekit.intake.pieces import defined
from coursekit.intake.sheet import Cell
from coursekit.sources.source import SourceCell, read_source

SEED_STRIDE = 100_003  # a prime: no two of a cell's own seeds meet in another run
SHIFTED = """
import keras

def shifted(seed, set_seed=keras.utils.set_random_seed):
    set_seed(seed + {shift})

keras.utils.set_random_seed = shifted
del shifted
"""
REMEMBER = "_given = dict(globals())"
# IPython's own names begin with `_` and stay.
FORGET = """
for _name in [_name for _name in globals() if _name[0] != "_" and _name not in _given]:
    del globals()[_name]
globals().update(_given)
"""


@dataclass(frozen=True)
class Trial:
    """What a question's checks said of one answer, and what that took.

    Attributes
    ----------
    outcomes : list of Outcome
    seconds : float
        By the clock.
    computing : float
        Seconds that a processor computed for it, here and in the student's process: a machine that
        does much else changes it little.
    """

    outcomes: list[Outcome]
    seconds: float
    computing: float

    @property
    def lost(self) -> set[str]:
        """Grade ids of the checks that did not pass."""
        return {outcome.check for outcome in self.outcomes if outcome.verdict is not Verdict.PASS}


class Bench:
    """A challenge's judge, and a student's process in which one answer after another is tried.

    Parameters
    ----------
    challenge : Path
        The challenge's source.
    parent : WarmParent
    shift : int
        Which of many random seeds: 0 leaves the cells' own seeds as they are.

    Raises
    ------
    GivenCellError
        If a given cell fails.
    """

    def __init__(self, challenge: Path, parent: WarmParent, shift: int = 0) -> None:
        kinds = ("given", "answer", "check")
        self._cells = [_cell(cell) for cell in read_source(challenge) if cell.kind in kinds]
        self._parent, self._shift = parent, SEED_STRIDE * shift
        self._judge = Judge(self._cells, shift=self._shift)
        self._side: StudentSide | None = None

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
            After so many seconds of computing the checks that are left are lost.
        """
        checks = [cell for cell in self._cells if (cell.kind, cell.question) == ("check", question)]
        if order:
            checks.sort(key=lambda cell: order.index(cell.id))
        names = next(
            list(defined(cell.source))
            for cell in self._cells
            if (cell.kind, cell.question) == ("answer", question)
        )
        outcomes: list[Outcome] = []
        stopped: Stopped | Broken | None = None
        began, before = time.perf_counter(), _computing(self._side)
        try:
            side = self._ready(limit)
            began, before = time.perf_counter(), _computing(side)
            side.run("forget", FORGET)
            side.run(question, code)
            for cell in checks:
                attempt = self._judge.begin(cell, side.bind(names))
                outcome = self._judge.go_on(attempt, side, hidden=True)
                assert outcome, "nothing is left after the hidden parts"
                outcomes.append(outcome)
                if order and outcome.verdict is not Verdict.PASS:
                    break
        except (Stopped, Broken) as error:
            stopped = error
        took = time.perf_counter() - began, _computing(self._side) - before
        if stopped:
            self.close()
            outcomes += [_stopped(cell, stopped) for cell in checks[len(outcomes) :]]
        self._judge.forget()
        return Trial(outcomes, *took)

    def _ready(self, limit: float | None) -> StudentSide:
        """Return a process in which the given cells have run."""
        if self._side is None:
            self._side = StudentSide(self._parent.fork(), Limits())
            if self._shift:
                self._side.run("shift", SHIFTED.format(shift=self._shift))
            self._side.prepare(self._judge.fits)
            for cell in self._cells:
                if cell.kind == "given":
                    self._side.run(cell.id, cell.source, given=True)
            self._side.run("remember", REMEMBER)
        seconds = limit or Limits().cpu_notebook
        whole = self._side.cpu_seconds() + seconds
        self._side.limits = Limits(cpu_call=seconds, cpu_cell=seconds, cpu_notebook=whole)
        return self._side

    def close(self) -> None:
        """End the student's process; the next answer finds a new one."""
        if self._side is not None:
            self._side.end()
        self._side = None


def _computing(side: StudentSide | None) -> float:
    """Return how long a processor has computed so far for this process and for a student's."""
    return time.process_time() + (side.cpu_seconds() if side else 0.0)


def _cell(cell: SourceCell) -> Cell:
    question = "" if cell.kind == "given" else cell.name
    return Cell(cell.grade_id, cell.kind, cell.text, question, cell.points)  # type: ignore[arg-type]


def _stopped(cell: Cell, error: Stopped | Broken) -> Outcome:
    verdict = error.verdict if isinstance(error, Stopped) else Verdict.LOST
    text = error.reason if isinstance(error, Stopped) else REASONS[verdict]
    return Attempt(cell, {}, []).outcome(verdict, text=text, error=verdict.value)
