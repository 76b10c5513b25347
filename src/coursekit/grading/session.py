"""One submission from its sheet to its outcomes: cells on the student's side, checks on this one.

Cells run in notebook order. Where a check stands, the answers are bound as they are at that moment
and its visible part runs. Hidden regions run after the last cell, with the functions bound before:
a function that remembers its inputs finds no later cell that could print them.

A cell or call that is stopped, or that ends its process, costs its own checks: the cells run
again in a new process with that one left out.
"""

from __future__ import annotations

import ast
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace

from coursekit.grading.forks import WarmParent
from coursekit.grading.judge import STOPPED, Attempt, Judge
from coursekit.grading.limits import REASONS, Broken, Limits, Stopped
from coursekit.grading.record import Outcome, Verdict
from coursekit.grading.student import Ran, StudentSide
from coursekit.grading.wire import ClosedError
from coursekit.intake.pieces import defined
from coursekit.intake.sheet import Cell, Sheet
from coursekit.sources.names import Names

MAX_RESTARTS = 12
LATER = "lost its hidden part where a later cell rebinds a name, and passed in notebook order"


class MisbehavedError(Exception):
    """The student's side said what it must not; nothing that it says is believed."""


@dataclass(frozen=True)
class Stop:
    """Why a cell, or an answer, is left out from now on."""

    verdict: Verdict
    reason: str


@dataclass
class Session:
    """Grades one submission.

    Parameters
    ----------
    judge : Judge
        Of the unit.
    parent : WarmParent
    sheet : Sheet
    limits : Limits

    Attributes
    ----------
    ran : dict of str to Ran
        What each code cell but the checks left.
    stops : dict of str to Stop
        Cells that were left out, by id.
    seconds : dict of str to float
    replays : bool
        Whether trainings of given cells are replayed instead of done again.
    met : dict of str to list of str
        Limits that cells met without being stopped, by cell.
    at : callable
        Told the question whose answer the judge works with from now on.
    """

    judge: Judge
    parent: WarmParent
    sheet: Sheet
    limits: Limits
    ran: dict[str, Ran] = field(default_factory=dict)
    stops: dict[str, Stop] = field(default_factory=dict)
    seconds: dict[str, float] = field(default_factory=dict)
    replays: bool = True
    met: dict[str, list[str]] = field(default_factory=dict)
    at: Callable[[str], None] = lambda question: None
    _decided: dict[str, Outcome] = field(default_factory=dict)

    def grade(self) -> list[Outcome]:
        """Return one outcome for each check, in order.

        Raises
        ------
        MisbehavedError
            If the student's side broke the rules of the conversation.
        EngineError
            If there is no process to run anything in.
        """
        began = time.perf_counter()
        for _ in range(MAX_RESTARTS):
            if self._passes():
                break
            if self._spent >= self.limits.cpu_notebook:
                self._give_up(f"more than {self.limits.cpu_notebook:g} s of computing time")
                break
        else:
            self._give_up(f"stopped {MAX_RESTARTS} times")
        self._try_in_order()
        self.seconds["total"] = round(time.perf_counter() - began, 3)
        return [self._decided[cell.id] for cell in self._checks()]

    def _checks(self) -> Iterator[Cell]:
        return (cell for cell in self.sheet.cells if cell.kind == "check")

    # --- one pass over the notebook ---

    def _passes(self) -> bool:
        """Run the notebook and all checks that are not decided; False if it must begin anew."""
        side = self._side()
        try:
            paused: list[Attempt] = []
            for cell in self.sheet.cells:
                if cell.kind == "check":
                    if not self._check(side, cell, paused):
                        return False
                elif cell.is_code and not self._run(side, cell):
                    return False
            return all(self._finish(side, attempt) for attempt in paused)
        finally:
            self._count(side)
            side.end()

    def _side(self) -> StudentSide:
        """Return a new process of the student's."""
        side = StudentSide(self.parent.fork(), self.limits, self._spent)
        if self.replays:
            side.prepare(self.judge.fits)
        return side

    def _run(self, side: StudentSide, cell: Cell) -> bool:
        source = cell.source
        if stop := self.stops.get(cell.id):
            source = _stub(cell, stop.reason)
        began, side.met = time.perf_counter(), {}
        try:
            self.ran[cell.id] = side.run(cell.id, source, given=cell.kind == "given")
        except (Stopped, Broken) as error:
            self._stop(cell.id, error)
            return False
        finally:
            self.met[cell.id] = list(side.met)
            kind = "given" if cell.kind == "given" else "cells"
            self._add(kind, time.perf_counter() - began)
        return True

    def _check(self, side: StudentSide, cell: Cell, paused: list[Attempt]) -> bool:
        if cell.id in self._decided:
            return True
        self.at(cell.question)
        try:
            attempt = self._begin(side, cell)
        except (Stopped, Broken) as error:
            return self._stopped_in(Attempt(cell, {}, []), side, error)
        if stop := self.stops.get(cell.question):
            charged = any(o.verdict is stop.verdict for o in self._outcomes_of(cell.question))
            ours = stop.verdict is Verdict.ENGINE  # never a zero
            verdict = Verdict.WAITS if charged and not ours else stop.verdict
            text = f"The answer was stopped: {stop.reason}."
            self._decide(attempt.outcome(verdict, text=text, error=verdict.value))
            return True
        return self._go_on(side, attempt, paused)

    def _begin(self, side: StudentSide, check: Cell) -> Attempt:
        side.opaque = []
        bound = side.bind(self._answers_above(check))
        attempt = self.judge.begin(check, bound)
        attempt.opaque = side.opaque
        return attempt

    def _go_on(self, side: StudentSide, attempt: Attempt, paused: list[Attempt] | None) -> bool:
        """Run an attempt's visible part, or to its end if nothing is to be paused."""
        try:
            outcome = self.judge.go_on(attempt, side, hidden=paused is None)
        except (Stopped, Broken) as error:
            return self._stopped_in(attempt, side, error)
        if outcome is not None:
            self._decide(outcome)
        elif paused is not None:
            paused.append(attempt)
        return True

    def _finish(self, side: StudentSide, attempt: Attempt) -> bool:
        if attempt.cell.id in self._decided:
            return True
        self.at(attempt.cell.question)
        return self._go_on(side, attempt, None)

    def _decide(self, outcome: Outcome) -> None:
        self._decided[outcome.check] = outcome
        self._add("checks", outcome.seconds)

    # --- what goes wrong ---

    def _stopped_in(self, attempt: Attempt, side: StudentSide, error: Stopped | Broken) -> bool:
        """Charge a check with what it met, and leave the answer out that it called."""
        owner = self._owner(side.called) or attempt.cell.question
        stop = self._stop(owner, error)
        verdict = stop.verdict if owner == attempt.cell.question else Verdict.WAITS
        text = f"The answer was stopped: {stop.reason}."
        self._decide(attempt.outcome(verdict, text=text, error=verdict.value, hidden=side.hidden))
        return False

    def _stop(self, cell: str, error: Stopped | Broken) -> Stop:
        self.stops[cell] = made = _stop_for(error)
        return made

    def _give_up(self, why: str) -> None:
        for cell in self._checks():
            if cell.id not in self._decided:
                waits = Attempt(cell, {}, [])
                text = f"It waits: {why}."
                self._decide(waits.outcome(Verdict.WAITS, text=text))

    def _outcomes_of(self, question: str) -> list[Outcome]:
        return [o for o in self._decided.values() if o.question == question]

    def _owner(self, function: str) -> str:
        """Return the question whose answer defines a function; empty if none does."""
        owners = (c.question for c in self._answers() if function in defined(c.stub or c.source))
        return next(owners, "")

    def _answers(self) -> Iterator[Cell]:
        return (cell for cell in self.sheet.cells if cell.kind == "answer")

    def _answers_above(self, check: Cell) -> list[str]:
        names: list[str] = []
        for cell in self.sheet.cells:
            if cell.id == check.id:
                break
            if cell.kind == "answer":
                names += defined(cell.stub or cell.source)
        return list(dict.fromkeys(names))

    # --- hidden regions that a later cell may have spoilt ---

    def _try_in_order(self) -> None:
        """Try once more, in notebook order, what failed where a later cell rebinds a name."""
        suspect = {
            cell.id
            for cell in self._checks()
            if self._decided[cell.id].verdict is Verdict.FAIL
            and self._decided[cell.id].hidden
            and self._rebound_below(cell)
        }
        if not suspect:
            return
        kept, side = dict(self.ran), self._side()
        before = {name: self._decided.pop(name) for name in suspect}
        try:
            self._run_in_order(side, suspect)
        except (Stopped, Broken) as error:
            _stop_for(error)  # unless it misbehaved, the first verdicts stand
        finally:
            self._count(side)
            side.end()
            self.ran = kept  # what this process showed is thrown away
        for name, outcome in before.items():
            again = self._decided.get(name)
            if again is None or again.verdict is not Verdict.PASS:
                self._decided[name] = outcome
            else:
                # Its visible part may have run after another's hidden one: the first is shown.
                self._decided[name] = replace(
                    again, shown=outcome.shown, flags=(*again.flags, LATER)
                )

    def _run_in_order(self, side: StudentSide, suspect: set[str]) -> None:
        for cell in self.sheet.cells:
            if not suspect - set(self._decided):
                return
            if cell.kind == "check" and cell.id in suspect:
                if not self._go_on(side, self._begin(side, cell), None):
                    return
            elif cell.kind != "check" and cell.is_code and not self._run(side, cell):
                return

    def _rebound_below(self, check: Cell) -> bool:
        """Whether a student's cell below a check binds, or changes, a name that one above reads."""
        place = self.sheet.cells.index(check)
        read: set[str] = set()
        for at, cell in enumerate(self.sheet.cells):
            if cell.kind not in ("answer", "own"):
                continue
            names = _names(cell.source)
            if at < place:
                read |= names[0] if names else set()
            elif names is None or names[1] & read:
                return True
        return False

    # --- time ---

    @property
    def _spent(self) -> float:
        return self.seconds.get("cpu", 0.0)

    def _add(self, what: str, seconds: float) -> None:
        self.seconds[what] = round(self.seconds.get(what, 0.0) + seconds, 3)

    def _count(self, side: StudentSide) -> None:
        self._add("cpu", side.cpu_seconds())
        self._add("children", 1)


def _stop_for(error: Stopped | Broken) -> Stop:
    if isinstance(error, Stopped):
        return Stop(error.verdict, error.reason)
    if not isinstance(error.error, ClosedError):
        raise MisbehavedError(str(error.error))
    return Stop(Verdict.LOST, REASONS[Verdict.LOST])


def _stub(cell: Cell, reason: str) -> str:
    """Return what runs in place of a cell that was stopped."""
    says = f'raise NotImplementedError("{STOPPED}: {reason}")'
    if cell.kind != "answer":
        return says
    names = defined(cell.stub or cell.source)
    return "\n\n".join(f"def {name}(*arguments, **named):\n    {says}" for name in names)


def _names(source: str) -> tuple[set[str], set[str]] | None:
    """Return the names that a cell reads, and those that it binds or whose parts it changes.

    None if that cannot be told.
    """
    try:
        names, tree = Names.of(source), ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None
    changed: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            changed.update(node.names)
        elif isinstance(node, (ast.Attribute, ast.Subscript)) and not isinstance(
            node.ctx, ast.Load
        ):
            changed |= {inner.id for inner in ast.walk(node.value) if isinstance(inner, ast.Name)}
    return names.needed | names.bound, names.bound | names.imported | changed & names.needed
