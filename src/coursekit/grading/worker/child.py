"""A child runs one submission's cells and answers the judge, whom it can never call."""

from __future__ import annotations

import contextlib
import errno
import functools
import linecache
import socket
import traceback
from types import BuiltinFunctionType, FunctionType, MethodType
from typing import Any

import numpy as np

from coursekit.grading.wire import (
    ERRORS,
    PLAIN,
    Channel,
    ClosedError,
    Frame,
    UnsendableError,
    WireError,
    brief,
)
from coursekit.grading.wire.fits import Player
from coursekit.grading.worker.shell import CellShell, make_shell

FUNCTIONS = (FunctionType, BuiltinFunctionType, MethodType, functools.partial, np.ufunc)
ERRNOS = {
    errno.ENOSPC: "scratch",
    errno.EDQUOT: "scratch",
    errno.EFBIG: "scratch",
    errno.EMFILE: "files",
}
WRAPPERS = ("functools", "operator", "numpy", "tensorflow.python.eager.polymorphic_function")
"""Modules whose callable objects stand for functions: cached, vectorised, compiled ones."""


class Kept:
    """The values that stay here, by the number that the judge has of them."""

    def __init__(self) -> None:
        self._values: list[Any] = []
        self._numbers: dict[int, int] = {}  # id of a value -> its number; it is kept, so is its id

    def name(self, value: Any) -> list[Any]:
        """Return the tagged list that stands for a value: a name, or what can be shown of it."""
        kind = type(value).__name__
        if tag := _tag(value):
            if id(value) not in self._numbers:
                self._numbers[id(value)] = len(self._values)
                self._values.append(value)
            return [tag, self._numbers[id(value)], _text(tag, value)]
        return ["opaque", kind, brief(value)]

    def find(self, tag: str, number: int, text: str) -> Any:
        """Return the value of a number."""
        if tag not in ("function", "object", "own model") or not 0 <= number < len(self._values):
            raise WireError("the judge asks for what it was never given")
        return self._values[number]


def _tag(value: Any) -> str:
    if isinstance(value, FUNCTIONS) or (isinstance(value, type) and _is_own(value)):
        return "function"
    if callable(value) and type(value).__module__.startswith(WRAPPERS):
        return "function"
    import keras

    if isinstance(value, keras.Model):
        return "own model"
    return "object" if _is_own(type(value)) else ""


def _text(tag: str, value: Any) -> str:
    """Return what is shown of a value that stays here; of a model, also why it does."""
    kind = type(value).__name__
    if tag == "function":
        return str(getattr(value, "__name__", kind))
    if tag == "object":
        return kind
    from coursekit import models

    try:
        models.describe(value)
    except models.UnsendableModelError as error:
        return f"{kind}: {error}"
    return kind


def _is_own(kind: type) -> bool:
    """Whether a class stands in the notebook."""
    return getattr(kind, "__module__", "") == "__main__"


class Child:
    """Serves one judge.

    Parameters
    ----------
    connection : socket.socket
    """

    def __init__(self, connection: socket.socket) -> None:
        self._kept = Kept()
        self._channel = Channel(connection, self._kept)
        self._shell: CellShell = make_shell()
        self._player = Player([])
        import keras  # the parent has it already

        self._set_seed = keras.utils.set_random_seed  # as it is before any cell runs

    def serve(self) -> None:
        """Answer requests until the judge hangs up."""
        answers = {
            "prepare": self._prepare,
            "run": self._run,
            "bind": self._bind,
            "call": self._call,
            "get": self._get,
            "probe": self._probe,
        }
        while True:
            try:
                head, frame = self._channel.receive()
            except ClosedError:
                return
            reply, sent = answers[head["op"]](head, frame)
            self._channel.send({"id": head["id"], **reply}, sent)

    def _prepare(self, head: dict[str, Any], frame: Frame) -> tuple[dict[str, Any], Frame]:
        self._player = Player(frame.unpack(head["fits"]))
        return {}, self._channel.frame()

    def _run(self, head: dict[str, Any], frame: Frame) -> tuple[dict[str, Any], Frame]:
        # Keras is as it was before the first cell that a student has written.
        with self._player.playing() if head["given"] else contextlib.nullcontext():
            outputs, number, error = self._shell.run(head["source"], head["cell"])
        reply = {
            "outputs": outputs,
            "number": number,
            "error": "" if error is None else type(error).__name__,
        }
        met = "output" if self._shell.cut else _met(error)
        return {**reply, "met": met}, self._channel.frame()

    def _bind(self, head: dict[str, Any], frame: Frame) -> tuple[dict[str, Any], Frame]:
        """Name what the student's names stand for now."""
        sent, names = self._channel.frame(), self._shell.user_ns
        bound = {}
        for name in head["names"]:
            if name in names:
                bound[name] = self._pack(names[name], sent)
        return {"bound": bound}, sent

    def _call(self, head: dict[str, Any], frame: Frame) -> tuple[dict[str, Any], Frame]:
        function = frame.unpack(head["what"])
        arguments = [frame.unpack(argument) for argument in head["arguments"]]
        named = {name: frame.unpack(value) for name, value in head["named"].items()}
        given = [*arguments, *named.values()]
        before = [_fingerprint(value) for value in given]
        if head["seed"] is not None:
            self._set_seed(head["seed"])
        try:
            value = function(*arguments, **named)
        except BaseException as error:  # whatever ends a student's function ends a call, no more
            return {"raised": _told(error), "met": _met(error)}, self._channel.frame()
        sent = self._channel.frame()
        packed = self._pack(value, sent)
        changed = {
            str(at): self._pack(after, sent)
            for at, (after, was) in enumerate(zip(given, before, strict=True))
            if was is not None and _fingerprint(after) != was
        }
        return {"value": packed, "changed": changed}, sent

    def _get(self, head: dict[str, Any], frame: Frame) -> tuple[dict[str, Any], Frame]:
        try:
            value = getattr(frame.unpack(head["what"]), head["name"])
        except BaseException as error:
            return {"raised": _told(error)}, self._channel.frame()
        sent = self._channel.frame()
        return {"value": self._pack(value, sent)}, sent

    def _probe(self, head: dict[str, Any], frame: Frame) -> tuple[dict[str, Any], Frame]:
        from coursekit.grading.worker.probe import probe

        return {"found": probe(head["asked"])}, self._channel.frame()

    def _pack(self, value: Any, sent: Frame) -> Any:
        kept = len(sent.buffers), sent.size
        try:
            return sent.pack(value)
        except (WireError, UnsendableError, RecursionError, ValueError) as error:
            del sent.buffers[kept[0] :]
            sent.size = kept[1]
            return ["opaque", type(value).__name__, f"{type(value).__name__}: {error}"]


def _fingerprint(value: Any) -> Any:
    """Return what changes when a caller's own list, dict or array is changed; None for others."""
    if type(value) in (*PLAIN, tuple):
        return None
    frame = Frame(Kept())
    try:
        return frame.pack(value), [bytes(buffer) for buffer in frame.buffers]
    except (WireError, UnsendableError):
        return None


def _told(error: BaseException) -> dict[str, str]:
    """Say an error in plain text: its class by a name from the table, its message, its line."""
    kind = next((c.__name__ for c in type(error).__mro__ if ERRORS.get(c.__name__) is c), "")
    try:
        message = str(error.args[0]) if type(error) is KeyError and error.args else str(error)
    except Exception:
        message = "(the error cannot be shown)"
    name = type(error).__name__
    if kind != name:
        message = f"{name}: {message}" if message else name
    return {"kind": kind, "message": message[:2000], "line": _line(error)}


def _met(error: BaseException | None) -> str:
    """Name the limit that an error, or what it came from, tells of; empty if none does."""
    seen = 0
    while isinstance(error, BaseException) and seen < 10:
        if isinstance(error, MemoryError):
            return "memory"
        if isinstance(error, RuntimeError) and "start new thread" in _safe(error):
            return "threads"
        if isinstance(error, OSError) and error.errno in ERRNOS:
            return ERRNOS[error.errno]
        error, seen = error.__cause__ or error.__context__, seen + 1
    return ""


def _safe(error: BaseException) -> str:
    return next((arg for arg in error.args if type(arg) is str), "")


def _line(error: BaseException) -> str:
    """Return the last line of the notebook on the error's way, as ``line 3: return 1 / 0``."""
    try:
        steps = [(f.f_code.co_filename, n) for f, n in traceback.walk_tb(error.__traceback__)]
        own = [step for step in steps if step[0].startswith("<ipython-input-")]
        return f"line {own[-1][1]}: {linecache.getline(*own[-1]).strip()}"[:300] if own else ""
    except Exception:
        return ""
