"""The student's side, as a judge sees it: cells to run, and proxies for what they define."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from coursekit import expect
from coursekit.grading.forks import Child
from coursekit.grading.limits import MET, Broken, Limits, Stopped
from coursekit.grading.outputs import clean_outputs, legible
from coursekit.grading.record import Verdict
from coursekit.grading.watchdog import Watchdog
from coursekit.grading.wire import (
    ERRORS,
    Channel,
    Frame,
    Opaque,
    StudentError,
    UnsendableError,
    WireError,
    brief,
    numbers,
    opaque,
)
from coursekit.grading.wire.fits import Fit
from coursekit.models import ModelError

SHOWN_CALLS = 40  # of a check, in the record


@dataclass(frozen=True)
class Ran:
    """What came of a cell: its outputs in nbformat's form, its number, its error's class name."""

    outputs: list[dict[str, Any]]
    number: int
    error: str


class RemoteObject:
    """An instance of a class of the student's: it stays there, and answers from there."""

    def __init__(self, side: StudentSide, number: int, text: str) -> None:
        self._side, self._number, self._text = side, number, text

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(f"no attribute {name}")
        return self._side.get(self, name)

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """Ask the student's side."""
        return self._side.call(self, self._text, arguments, named)

    def __repr__(self) -> str:
        return f"<{self._text}>"


class RemoteModel(RemoteObject):
    """A model that cannot be rebuilt here; all that it says is a claim of the student's."""

    @property  # type: ignore[misc]
    def __class__(self) -> Any:  # so that isinstance says Model, as in the notebook
        import keras

        return keras.Model

    @property
    def why_not_sendable(self) -> str:
        """Why it is not rebuilt, for `coursekit.models`."""
        return self._text.partition(": ")[2] or "it is of a class of its own"

    def __getattr__(self, name: str) -> Any:
        self._refuse_hidden()
        return super().__getattr__(name)

    def __call__(self, *arguments: Any, **named: Any) -> Any:
        """Ask the student's side, but never about hidden inputs."""
        self._refuse_hidden()
        return super().__call__(*arguments, **named)

    def _refuse_hidden(self) -> None:
        if self._side.hidden:
            raise expect.ExpectationError(
                "the grader can rebuild the model, before it shows it hidden inputs",
                self.why_not_sendable,
                "Build it of Keras' own layers, without a class of your own.",
            )


class StudentSide:
    """A conversation with one child.

    Parameters
    ----------
    child : Child
    limits : Limits
    spent : float
        CPU seconds that other children of the same notebook have used.

    Attributes
    ----------
    limits : Limits
    seed : int or None
        What the next call sets there first.
    hidden : bool
        Whether a hidden region is running.
    calls : list of str
        What was asked and what came back, in brief.
    opaque : list of str
        What came and cannot be looked into.
    claims : list of str
        Models that came and answer for themselves: what they say is the student's word.
    called : str
        The function that was called last.
    met : dict of str to None
        Limits that the code met without being stopped, in order; see `MET`.
    """

    def __init__(self, child: Child, limits: Limits, spent: float = 0.0) -> None:
        self._child, self.limits = child, limits
        self._spent, self._used = spent, 0.0
        self._room, self._sent = limits.output_notebook << 20, 0
        self._watchdog = Watchdog(child, limits)
        self._channel = Channel(child.connection, self, self._watch)
        self._ids = numbers()
        self._kept: dict[int, Any] = {}
        self._numbers: dict[int, tuple[str, int]] = {}
        self._cpu_before = 0.0
        self._clock_before: float | None = None
        self._cpu_limit, self._looked = 0.0, 0.0
        self.seed: int | None = None
        self.hidden = False
        self.calls: list[str] = []
        self.opaque: list[str] = []
        self.claims: list[str] = []
        self.called = ""
        self.met: dict[str, None] = {}
        self.is_own: Callable[[Any], bool] = lambda value: True

    # --- what a session asks ---

    def prepare(self, fits: list[Fit]) -> None:
        """Send what given cells have trained, before the first of them runs."""
        frame = self._channel.frame()
        try:
            head = {"fits": frame.pack(fits)}
        except WireError:
            return  # too much to send: they are trained again
        self._ask("prepare", head, frame, self.limits.cpu_call)

    def run(self, cell: str, source: str, *, given: bool = False) -> Ran:
        """Run a cell.

        Parameters
        ----------
        cell, source : str
        given : bool
            Whether it is the course's own, whose trainings are replayed.

        Raises
        ------
        Stopped, Broken
        """
        asked = {"cell": cell, "source": source, "given": given}
        head, _ = self._ask("run", asked, None, self.limits.cpu_cell)
        outputs, number, error = (head.get(key) for key in ("outputs", "number", "error"))
        if type(outputs) is not list or type(number) is not int or type(error) is not str:
            raise Broken(WireError("a message is malformed"))
        if not 0 <= number < 10**9:
            raise Broken(WireError("a message is malformed"))
        room = min(self._room, self.limits.output_cell << 20)
        kept, left, cut = clean_outputs(outputs, room)
        self._room -= room - left
        if cut:
            self.met["output"] = None
        return Ran(kept, number, legible(error, 100))

    def bind(self, names: list[str]) -> dict[str, Any]:
        """Return what the student's names stand for now, those that stand for something."""
        self.called = ""
        head, frame = self._ask("bind", {"names": names}, None, self.limits.cpu_call)
        bound = head.get("bound")
        if type(bound) is not dict or not set(bound) <= set(names):
            raise Broken(WireError("a message is malformed"))
        return {name: self._bound(frame, value) for name, value in bound.items()}

    def _bound(self, frame: Frame, head: Any) -> Any:
        try:
            return self._unpack(frame, head)
        except ModelError as error:  # a model where a function should stand
            return opaque("model", str(error))

    def cpu_seconds(self) -> float:
        """Return the CPU time that the child has used, as far as it was seen."""
        self._used = max(self._used, self._child.usage().cpu)
        return self._used

    def end(self) -> None:
        """End the child."""
        self._watchdog.stop()
        self._child.end()

    # --- what proxies ask ---

    def call(self, what: Any, name: str, arguments: Any, named: dict[str, Any]) -> Any:
        """Call a function of the student's and return what it returns.

        Raises
        ------
        Exception
            One of `ERRORS`, or `StudentError`, if it raises; with the attribute ``line``.
        UnsendableError
            If an argument cannot be sent.
        Stopped, Broken
        """
        frame, self.called = self._channel.frame(), name
        try:
            head = {
                "what": frame.pack(what),
                "arguments": [frame.pack(value) for value in arguments],
                "named": {key: frame.pack(value) for key, value in named.items()},
                "seed": self.seed,
            }
        except WireError as error:
            raise UnsendableError(f"an argument of {name}: {error}") from None
        self.seed = None
        asked = ", ".join([brief(a)[:60] for a in arguments] + [f"{k}=…" for k in named])
        reply, came = self._ask("call", head, frame, self.limits.cpu_call)
        value = self._value(reply, came, f"{name}({asked})")
        self._write_back(reply.get("changed"), came, [*arguments, *named.values()])
        return value

    def get(self, what: Any, name: str) -> Any:
        """Return an attribute of an object of the student's."""
        frame = self._channel.frame()
        head = {"what": frame.pack(what), "name": name}
        reply, came = self._ask("get", head, frame, self.limits.cpu_call)
        return self._value(reply, came, f"{what!r}.{name}")

    def _value(self, reply: dict[str, Any], came: Frame, asked: str) -> Any:
        if "raised" in reply:
            error = _error(reply["raised"])
            self._note(f"{asked} raised {type(error).__name__}: {error}")
            raise error
        value = self._unpack(came, reply.get("value"))
        self._note(f"{asked} -> {_seen(value)}")
        return value

    def _note(self, text: str) -> None:
        if len(self.calls) < SHOWN_CALLS:
            self.calls.append(text[:400])

    def _unpack(self, frame: Frame, head: Any) -> Any:
        try:
            value = frame.unpack(head)
        except WireError as error:
            raise Broken(error) from None
        if isinstance(value, Opaque):
            self.opaque.append(f"{type(value).__name__} {value!r}"[:200])
        return value

    def _write_back(self, changed: Any, came: Frame, given: list[Any]) -> None:
        """Let what the student changed in an argument be seen by the check that made it."""
        if type(changed) is not dict or not set(changed) <= {str(n) for n in range(len(given))}:
            raise Broken(WireError("a message is malformed"))
        for at, head in changed.items():
            _put(given[int(at)], self._unpack(came, head), self.is_own)

    # --- references: what the other side keeps ---

    def name(self, value: Any) -> list[Any] | None:
        """Return the tagged list of a proxy; nothing else has a name there."""
        if isinstance(value, RemoteObject):
            tag = "own model" if type(value) is RemoteModel else "object"
            return [tag, vars(value)["_number"], ""]
        tag, number = self._numbers.get(id(value), ("", 0))
        return [tag, number, ""] if tag else None

    def find(self, tag: str, number: int, text: str) -> Any:
        """Return the proxy of a value of the student's: one and the same each time."""
        if number not in self._kept:
            if tag == "function":
                self._kept[number] = self._function(number, text)
                self._numbers[id(self._kept[number])] = (tag, number)
            elif tag in ("object", "own model"):
                kind = RemoteModel if tag == "own model" else RemoteObject
                self._kept[number] = kind(self, number, text)
            else:
                raise WireError("a message is malformed")
        if tag == "own model":
            self.claims.append(text.partition(":")[0])
        return self._kept[number]

    def _function(self, number: int, text: str) -> Callable[..., Any]:
        def proxy(*arguments: Any, **named: Any) -> Any:
            return self.call(proxy, name, arguments, named)

        name = re.sub(r"\W", "_", text)[:60] or "function"
        proxy.__name__ = proxy.__qualname__ = name
        proxy.__module__ = "__main__"
        return proxy

    # --- the conversation ---

    def _ask(
        self, what: str, head: dict[str, Any], frame: Frame | None, cpu: float
    ) -> tuple[dict[str, Any], Frame]:
        number = next(self._ids)
        if number > self.limits.calls:
            raise Broken(WireError(f"more than {self.limits.calls:,} calls"))
        self._cpu_before, self._clock_before = -1.0, None
        self._cpu_limit = cpu
        try:
            self._channel.send({"id": number, "op": what, **head}, frame)
            reply, came = self._channel.receive()
        except WireError as error:
            raise self._watchdog.over or Broken(error) from None
        if reply.get("id") != number:
            raise Broken(WireError("an answer belongs to no question"))
        self._sent += sum(len(buffer) for buffer in came.buffers)
        if self._sent >> 20 > self.limits.sent:
            raise Broken(WireError(f"more than {self.limits.sent:,} MB of answers"))
        if (met := reply.get("met")) in MET:
            self.met[met] = None
        return reply, came

    def _watch(self) -> None:
        """Look, while the child works, at the CPU time that it uses."""
        now = time.monotonic()
        if self._clock_before is None:
            self._clock_before, self._looked = now - self._child.waited(), now
        elif now - self._looked > 0.25:
            self._looked, used = now, self.cpu_seconds()
            clock = now - self._child.waited()  # on a busy machine it stands still, too
            if self._cpu_before < 0:
                self._cpu_before = used
            wall = self.limits.wall * self._cpu_limit
            if self._spent + used > self.limits.cpu_notebook:
                raise Stopped(Verdict.LIMIT_CPU, self.limits.cpu_notebook)
            if used - self._cpu_before > self._cpu_limit:
                raise Stopped(Verdict.LIMIT_CPU, self._cpu_limit)
            if clock - self._clock_before > wall:
                raise Stopped(Verdict.LIMIT_WALL, wall)


def _seen(value: Any) -> str:
    if isinstance(value, np.ndarray) and value.size > 20:
        return f"array of shape {value.shape}, {value.dtype}"
    return brief(value)[:200]


def _error(told: Any) -> Exception:
    """Build the error that the student's side tells of."""
    if type(told) is not dict or any(type(told.get(k)) is not str for k in ("message", "line")):
        raise Broken(WireError("a message is malformed"))
    kind = told.get("kind")
    made = ERRORS.get(kind, StudentError) if type(kind) is str else StudentError
    error = made(told["message"][:2000])
    error.line = told["line"][:300]  # type: ignore[attr-defined]
    return error


def _put(target: Any, new: Any, is_own: Callable[[Any], bool]) -> None:
    """Make `target` equal to `new`, in place, if the check made it and it is of the same type."""
    if type(target) is not type(new) or not is_own(target):
        return
    if isinstance(target, np.ndarray):
        if target.flags.writeable and _fits(target, new):
            target[...] = new
    elif isinstance(target, list):
        same = len(target) == len(new)
        for at in range(len(target)) if same else ():
            if _fits(target[at], new[at]):
                _put(target[at], new[at], is_own)
            else:
                target[at] = new[at]
        if not same:
            target[:] = new
    elif isinstance(target, (dict, set)):
        target.clear()
        target.update(new)


def _fits(target: Any, new: Any) -> bool:
    """Whether a container can be made equal to another in place."""
    if isinstance(target, np.ndarray) and isinstance(new, np.ndarray):
        return bool(target.shape == new.shape and target.dtype == new.dtype)
    return isinstance(target, (list, dict)) and type(target) is type(new)
