"""The judge: given cells run once, and each check runs on a copy of what they made.

In place of answers a check finds proxies, which ask the student's process. This process never
runs a student's code.
"""

from __future__ import annotations

import contextlib
import dataclasses
import gc
import hashlib
import hmac
import io
import random
import signal
import sys
import time
import traceback
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from coursekit import expect
from coursekit.grading.doubles import Doubles
from coursekit.grading.limits import Broken, Stopped
from coursekit.grading.outputs import legible
from coursekit.grading.record import Outcome, Verdict
from coursekit.grading.student import StudentSide
from coursekit.grading.wire import UnsendableError
from coursekit.grading.wire.fits import Fit, Recorder
from coursekit.intake.sheet import Cell

BEGIN_HIDDEN, END_HIDDEN = "BEGIN HIDDEN TESTS", "END HIDDEN TESTS"
STOPPED = "this answer was stopped"  # what the stub of a stopped answer says
CLAIM = "{}, a model of a class of the student's own, was believed what it says of itself"
DEPTH = 4  # how deep given containers are looked into


class GivenCellError(Exception):
    """A given cell fails by itself: the course's fault."""


@dataclass
class Attempt:
    """A check at work, which may pause between its visible part and its hidden region.

    Attributes
    ----------
    cell : Cell
    names : dict
        What it sees and makes.
    left : list of (bool, str)
        Parts to run: whether each is hidden, and its code.
    """

    cell: Cell
    names: dict[str, Any]
    left: list[tuple[bool, str]]
    printed: str = ""
    shown: str = ""
    calls: list[str] = field(default_factory=list)
    opaque: list[str] = field(default_factory=list)
    claims: list[str] = field(default_factory=list)
    met: dict[str, None] = field(default_factory=dict)
    margins: dict[str, float] = field(default_factory=dict)
    seconds: float = 0.0

    def outcome(self, verdict: Verdict, **about: Any) -> Outcome:
        """Return the check's outcome, as things stand."""
        points = {Verdict.PASS: self.cell.points, Verdict.UNSENDABLE: None}.get(verdict, 0.0)
        if verdict in (Verdict.COURSE, Verdict.ENGINE):
            points = None
        flags = [f"could not be looked into: {text}" for text in dict.fromkeys(self.opaque)]
        if verdict is Verdict.PASS or " is of type " in about.get("text", ""):
            flags = []  # nothing was lost, or the check asked for the type and got its answer
        flags += [CLAIM.format(name) for name in dict.fromkeys(self.claims)]
        flags += [f"limit:{name}" for name in self.met]
        about["text"] = legible(about.get("text", ""))
        about["trace"] = tuple(map(legible, about.get("trace", ())))
        return Outcome(
            check=self.cell.id,
            question=self.cell.question,
            verdict=verdict,
            points=points,
            max_points=self.cell.points,
            shown=legible(self.shown),
            printed=legible(self.printed),
            calls=tuple(map(legible, self.calls)),
            flags=tuple(map(legible, flags)),
            seconds=round(self.seconds, 3),
            margins=dict(self.margins),
            **about,
        )


class Judge:
    """A unit's given cells, run once, and its checks.

    Parameters
    ----------
    cells : sequence of Cell
        Of the instructor's own notebook.
    shift : int
        What is added to every seed that a cell sets.

    Raises
    ------
    GivenCellError
        If a given cell fails.
    """

    def __init__(self, cells: Sequence[Cell], *, shift: int = 0) -> None:
        self._shift = shift
        self._names: dict[str, Any] = {"__name__": "__main__"}
        self._before: dict[str, dict[str, Any]] = {}
        self._recorder = Recorder()
        self._side: StudentSide | None = None
        self._attempt: Attempt | None = None
        self._doubles = Doubles(on_seed=self._on_seed, on_margin=self._on_margin)
        self._doubles.put_into(self._names)
        hidden = [text for c in cells if c.kind == "check" for h, text in parts(c.source) if h]
        self._secret = hashlib.sha256("\0".join(hidden).encode()).digest()
        for cell in cells:
            if cell.kind == "given":
                self._run_given(cell)
            elif cell.kind == "check":
                self._before[cell.id] = dict(self._names)
        self._given = {id(each) for value in self._names.values() for each in _containers(value)}
        _close_figures()

    @property
    def fits(self) -> list[Fit]:
        """What the given cells have trained, for a student's process to replay."""
        return self._recorder.fits

    def _run_given(self, cell: Cell) -> None:
        with _captured(io.StringIO()):
            try:
                with self._recorder.noting():
                    exec(compile(cell.source, f"<{cell.id}>", "exec"), self._names)
            except (Exception, SystemExit) as error:
                raise GivenCellError(f"{cell.id}: {type(error).__name__}: {error}") from error
        self._doubles.put_into(self._names)
        for value in self._names.values():
            for each in _containers(value):
                if isinstance(each, np.ndarray):
                    each.flags.writeable = False

    def begin(self, cell: Cell, bound: dict[str, Any]) -> Attempt:
        """Return an attempt at a check, with proxies for what the student has defined."""
        return Attempt(cell, self._before[cell.id] | bound, parts(cell.source))

    def go_on(self, attempt: Attempt, side: StudentSide, *, hidden: bool) -> Outcome | None:
        """Run the parts of a check up to its hidden region, or with `hidden` to its end.

        Returns
        -------
        Outcome or None
            None if a hidden region is left and nothing was lost so far.

        Raises
        ------
        Stopped
            If a student's function used up a limit.
        Broken
            If the student's process is gone, or misbehaves.
        """
        self._prepare(attempt, side)
        while attempt.left and (hidden or not attempt.left[0][0]):
            secret, code = attempt.left.pop(0)
            side.hidden = side.hidden or secret
            outcome = self._run_part(attempt, side, code)
            if outcome is not None:
                return outcome
        return None if attempt.left else attempt.outcome(Verdict.PASS)

    def _prepare(self, attempt: Attempt, side: StudentSide) -> None:
        self._side, self._attempt = side, attempt
        side.hidden, side.seed, side.called = False, None, ""
        side.calls, side.opaque, side.claims = attempt.calls, attempt.opaque, attempt.claims
        side.met, side.is_own = attempt.met, self._is_own
        # A check that sets no seed must not depend on what ran before it.
        random.seed(0)
        np.random.seed(0)
        if keras := sys.modules.get("keras"):
            keras.utils.set_random_seed(0)

    def _is_own(self, value: Any) -> bool:
        """Whether a check made an object: it, or what it looks into, was not given to it."""
        given = set(self._given)
        for function in self._names.values():
            if hasattr(function, "cache_info"):  # what it remembers, it gives again
                kept = gc.get_referents(function)
                given |= {id(each) for each in _containers(kept, DEPTH + 3)}
        while value is not None:
            if id(value) in given:
                return False
            value = value.base if isinstance(value, np.ndarray) else None
        return True

    def _run_part(self, attempt: Attempt, side: StudentSide, code: str) -> Outcome | None:
        began, out = time.perf_counter(), io.StringIO()
        try:
            compiled = compile(code, f"<{attempt.cell.id}>", "exec")
            with _limited(side), _captured(out):
                exec(compiled, attempt.names)
        except (Broken, Stopped):
            self._note(attempt, side, out, began)
            raise
        except BaseException as error:
            self._note(attempt, side, out, began)
            return self._lost(error, attempt, hidden=side.hidden)
        self._note(attempt, side, out, began)
        return None

    def _note(self, attempt: Attempt, side: StudentSide, out: io.StringIO, began: float) -> None:
        attempt.printed += out.getvalue()
        if not side.hidden:
            attempt.shown = attempt.printed
        attempt.seconds += time.perf_counter() - began

    def _lost(self, error: BaseException, attempt: Attempt, *, hidden: bool) -> Outcome:
        """Return the outcome of a check that an error ended."""
        name, text = type(error).__name__, str(error)
        trace = [text]
        if not isinstance(error, expect.ExpectationError):
            trace = [*_steps(error, attempt.cell), f"{name}: {text}"]
        verdict = Verdict.FAIL
        if isinstance(error, NotImplementedError):
            verdict = Verdict.WAITS if STOPPED in text else Verdict.NOT_TRIED
        elif isinstance(error, UnsendableError):
            verdict = Verdict.UNSENDABLE
        elif (
            attempt.opaque and not isinstance(error, AssertionError) and not hasattr(error, "line")
        ):
            verdict = Verdict.UNSENDABLE  # the check broke on what it could not look into
        return attempt.outcome(verdict, text=text, error=name, hidden=hidden, trace=tuple(trace))

    def _on_seed(self, seed: int) -> int:
        """Let a seed of a check travel; where hidden data may be drawn from it, in disguise."""
        seed += self._shift
        if self._side is not None:
            sent = seed
            if self._side.hidden:
                digest = hmac.new(self._secret, str(seed).encode(), hashlib.sha256).digest()
                sent = int.from_bytes(digest[:4], "big")
            self._side.seed = sent
        return seed

    def _on_margin(self, name: str, ratio: float) -> None:
        if self._attempt is not None:
            self._attempt.margins[name] = ratio

    def forget(self) -> None:
        """Drop what a submission left: results that given functions remember, steps of hints."""
        self._side = self._attempt = None
        for value in self._names.values():
            if callable(clear := getattr(value, "cache_clear", None)):
                clear()
        expect.forget_failures()
        _close_figures()


@contextlib.contextmanager
def _captured(out: io.StringIO) -> Iterator[None]:
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(io.StringIO()):
        yield


@contextlib.contextmanager
def _limited(side: StudentSide) -> Iterator[None]:
    """Stop what the judge does itself after so much computing time; waiting for a child is free."""

    def stop(*_: object) -> None:
        side.called = ""
        raise Stopped(Verdict.LIMIT_CPU, side.limits.cpu_check)

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, side.limits.cpu_check)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def parts(source: str) -> list[tuple[bool, str]]:
    """Split a check into visible and hidden parts; lines keep their numbers.

    Where a region's markers are indented, the whole check is one hidden part: half a block of
    Python cannot run alone.
    """
    found: list[tuple[bool, str]] = []
    lines = source.splitlines()
    marks = [at for at, line in enumerate(lines) if BEGIN_HIDDEN in line or END_HIDDEN in line]
    if any(lines[at][:1].isspace() for at in marks):
        return [(True, source)]
    hidden, start = False, 0
    for at in [*marks, len(lines)]:
        text = "\n".join(lines[start:at])
        if text.strip():
            found.append((hidden, "\n" * start + text))
        hidden, start = at < len(lines) and BEGIN_HIDDEN in lines[at], at + 1
    return found


def _steps(error: BaseException, cell: Cell) -> Iterator[str]:
    """Yield where an error comes from: the check's line, and the student's."""
    lines = cell.source.splitlines()
    own = [s for s in traceback.extract_tb(error.__traceback__) if s.filename == f"<{cell.id}>"]
    if own and (number := own[-1].lineno):
        yield f"{cell.id}, line {number}:\n    {lines[number - 1].strip()}"
    if line := getattr(error, "line", ""):
        yield f"the answer's {line}"


def _containers(value: Any, depth: int = DEPTH) -> Iterator[Any]:
    """Yield the arrays, lists, ... that a given value holds, itself among them."""
    if depth == 0 or isinstance(value, (str, bytes, type)):
        return
    if isinstance(value, np.ndarray):
        yield value
        base = value.base
        if isinstance(base, np.ndarray):
            yield from _containers(base, depth)
        return
    inner: Any = ()
    if isinstance(value, dict):
        inner = value.values()
    elif isinstance(value, (list, tuple, set)):
        inner = value
    elif dataclasses.is_dataclass(value):
        inner = vars(value).values()
    else:
        if type(value).__module__.startswith("pandas"):
            yield value
        return
    yield value
    for each in list(inner):
        yield from _containers(each, depth - 1)


def _close_figures() -> None:
    if plt := sys.modules.get("matplotlib.pyplot"):
        plt.close("all")
