"""One message: what a head holds, how much of it there may be, and what stands for the rest."""

from __future__ import annotations

import re
import reprlib
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from json.encoder import encode_basestring_ascii as escape
from types import NoneType
from typing import Any, Protocol

MAX_HEAD = 16 << 20  # bytes of JSON
MAX_TEXTS = 12 << 20  # of them, what values may take
MAX_BYTES = 256 << 20  # of a whole frame
MAX_BUFFERS = 20_000
MAX_DEPTH = 40
MAX_NODES = 400_000
MAX_TEXT = 300  # characters that say what an opaque thing is

PLAIN = (NoneType, bool, int, float, str)


class WireError(Exception):
    """The other side sent what it must not: this ends the conversation."""


class ClosedError(WireError):
    """The other side is gone."""


class UnsendableError(Exception):
    """A value of this side cannot be sent; the message says which."""


class StudentError(Exception):
    """An error on the student's side that is none of `ERRORS`."""


ERRORS: dict[str, type[Exception]] = {
    error.__name__: error
    for error in (
        AttributeError,
        IndexError,
        KeyError,
        NotImplementedError,
        TypeError,
        ValueError,
        ZeroDivisionError,
    )
}
"""The classes that an error may arrive as; every other arrives as `StudentError`."""


class UnsuitedError(Exception):
    """A value is not of a kind after all."""


class Opaque:
    """A value that cannot cross: it can be shown, and nothing else."""

    def __init__(self, text: str) -> None:
        self._text = text

    def __repr__(self) -> str:
        return self._text


class References(Protocol):
    """What one end knows of the values that stay on the student's side."""

    def name(self, value: Any) -> list[Any] | None:
        """Return the tagged list that stands for `value`, or None if it has no such name."""
        ...

    def find(self, tag: str, number: int, text: str) -> Any:
        """Return the value, or what stands for it here.

        Raises
        ------
        WireError
            If there is none.
        """
        ...


@dataclass
class Frame:
    """One message: a head and its buffers, with a count of what they hold."""

    references: References
    buffers: list[Any] = field(default_factory=list)
    nodes: int = 0
    size: int = 0
    text: int = 0

    def count(self, depth: int) -> None:
        """Count one more node.

        Raises
        ------
        WireError
            If the value is nested too deep, or has too many parts.
        """
        self.nodes += 1
        if depth > MAX_DEPTH:
            raise WireError(f"a value is nested deeper than {MAX_DEPTH} levels")
        if self.nodes > MAX_NODES:
            raise WireError(f"a value has more than {MAX_NODES:,} parts")

    def add(self, buffer: Any) -> int:
        """Keep a buffer, and return its number."""
        self.size += len(buffer)
        if self.size > MAX_BYTES // 2:
            raise WireError(f"a value has more than {MAX_BYTES >> 21} MB")
        if len(self.buffers) >= MAX_BUFFERS:
            raise WireError(f"a value has more than {MAX_BUFFERS:,} arrays or NumPy numbers")
        self.buffers.append(buffer)
        return len(self.buffers) - 1

    def say(self, *parts: Any) -> None:
        """Count what plain values take in a head.

        Raises
        ------
        WireError
            If it is too much.
        """
        self.text += sum(map(_length, parts))
        if self.text > MAX_TEXTS:
            raise WireError(f"a value has more than {MAX_TEXTS >> 20} MB of text")

    def buffer(self, number: Any) -> bytearray:
        """Return a buffer that came; each may be asked for once."""
        need(type(number) is int and 0 <= number < len(self.buffers))
        found, self.buffers[number] = self.buffers[number], None
        need(found is not None)
        return found  # type: ignore[no-any-return]

    # --- packing ---

    def pack(self, value: Any, depth: int = 0) -> Any:
        """Return what stands for `value` in a head.

        Raises
        ------
        UnsendableError
            If something in it cannot be sent.
        WireError
            If it is too large or too deep.
        """
        self.count(depth)
        kind = type(value)
        if kind is int and value.bit_length() > 10_000:
            raise WireError("a whole number has more than 3,000 digits")
        self.say(value if kind in (int, str) else None)
        if kind in PLAIN:
            return value
        for tag, spec in KINDS.items():
            if spec.takes(value, kind):
                with suppress(UnsuitedError):
                    return [tag, *spec.pack(value, self, depth + 1)]
        named = self.references.name(value)
        if named is None:
            raise UnsendableError(f"{kind.__name__} {brief(value)} cannot be sent")
        self.say(*named)
        return named

    # --- unpacking ---

    def unpack(self, head: Any, depth: int = 0) -> Any:
        """Return the value that a head stands for.

        Raises
        ------
        WireError
            If it stands for none.
        ModelError
            If it is a model that is not to be built: a fault of the model, not of the message.
        """
        self.count(depth)
        if type(head) in PLAIN:
            return head
        need(type(head) is list and len(head) > 0 and type(head[0]) is str)
        tag, *rest = head
        if spec := KINDS.get(tag):
            return spec.unpack(rest, self, depth + 1)
        if tag == "opaque":
            need(len(rest) == 2 and all(type(text) is str for text in rest))
            return opaque(*rest)
        need(len(rest) == 2 and type(rest[0]) is int and type(rest[1]) is str)
        return self.references.find(tag, rest[0], rest[1][:MAX_TEXT])


def _length(value: Any) -> int:
    """Return about how many characters a value takes in a head, its brackets and tag included."""
    if type(value) is str:
        return 5 + len(escape(value))
    return 5 + value.bit_length() // 3 if type(value) is int else 25


def opaque(name: str, text: str) -> Opaque:
    """Return what shows a value of a type called `name` that cannot cross."""
    safe = re.sub(r"\W", "_", name)[:60] or "object"
    made: Opaque = type(safe, (Opaque,), {})(text[:MAX_TEXT])
    return made


def brief(value: Any) -> str:
    """Return a value as a short text, whatever its class does when asked."""
    with suppress(Exception):
        return " ".join(reprlib.repr(value).split())[:MAX_TEXT]
    return "(it cannot be shown)"


def need(condition: bool) -> None:
    """Refuse a message in which a condition does not hold."""
    if not condition:
        raise WireError("a message is malformed")


@dataclass(frozen=True)
class Kind:
    """How one kind of value travels.

    Attributes
    ----------
    takes : callable
        Whether a value, of this type, is of the kind: exactly, never a subclass of a plain one.
    pack : callable
        Value, frame and depth to the list behind the tag.
    unpack : callable
        That list, frame and depth to a value; it trusts nothing in the list.
    """

    takes: Callable[[Any, type], bool]
    pack: Callable[[Any, Frame, int], list[Any]]
    unpack: Callable[[list[Any], Frame, int], Any]


KINDS: dict[str, Kind] = {}
"""What may cross, by tag; `docs/check-cells.md` and the lint speak of these."""
