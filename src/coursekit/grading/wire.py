"""What travels between the judge and a student's process: plain data, and names for the rest.

A frame is a JSON head and raw buffers. In the head ``None``, truth values, numbers and texts stand
for themselves, everything else is a list that begins with a tag::

    ["list", 1, 2]   ["array", "<f4", [2, 3], 0]   ["function", 7, "double"]

`KINDS` says which tags there are: a further kind is one entry. Nothing is ever pickled, no name
that came is ever looked up, and both ends count bytes, depth and nodes before they trust a frame.
"""

from __future__ import annotations

import json
import re
import reprlib
import socket
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from types import NoneType
from typing import Any, Protocol

import numpy as np

MAX_HEAD = 16 << 20  # bytes of JSON
MAX_BYTES = 256 << 20  # of a whole frame
MAX_BUFFERS = 20_000
MAX_DEPTH = 40
MAX_NODES = 400_000
MAX_TEXT = 300  # characters that say what an opaque thing is

PLAIN = (NoneType, bool, int, float, str)
# Numbers, truth values, texts, dates: no objects, no records, nothing that refers to memory.
DTYPE = re.compile(
    r"[<>|=]?(?:b1|i[1248]|u[1248]|f[248]|c8|c16|[SU]\d{1,6}|[mM]8\[\d{0,3}[a-zA-Z]{1,2}\])"
)
HEADER = struct.Struct(">II")
LENGTH = struct.Struct(">Q")


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
        if self.size > MAX_BYTES // 2 or len(self.buffers) >= MAX_BUFFERS:
            raise WireError(f"a value has more than {MAX_BYTES >> 21} MB")
        self.buffers.append(buffer)
        return len(self.buffers) - 1

    def buffer(self, number: Any) -> bytearray:
        """Return a buffer that came; each may be asked for once."""
        _need(type(number) is int and 0 <= number < len(self.buffers))
        found, self.buffers[number] = self.buffers[number], None
        _need(found is not None)
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
        if kind in PLAIN:
            return value
        for tag, spec in KINDS.items():
            if spec.takes(value, kind):
                with suppress(UnsuitedError):
                    return [tag, *spec.pack(value, self, depth + 1)]
        named = self.references.name(value)
        if named is None:
            raise UnsendableError(f"{kind.__name__} {brief(value)} cannot be sent")
        return named

    # --- unpacking ---

    def unpack(self, head: Any, depth: int = 0) -> Any:
        """Return the value that a head stands for.

        Raises
        ------
        WireError
            If it stands for none.
        """
        self.count(depth)
        if type(head) in PLAIN:
            return head
        _need(type(head) is list and len(head) > 0 and type(head[0]) is str)
        tag, *rest = head
        if spec := KINDS.get(tag):
            return spec.unpack(rest, self, depth + 1)
        if tag == "opaque":
            _need(len(rest) == 2 and all(type(text) is str for text in rest))
            return opaque(*rest)
        _need(len(rest) == 2 and type(rest[0]) is int and type(rest[1]) is str)
        return self.references.find(tag, rest[0], rest[1][:MAX_TEXT])


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


def _need(condition: bool) -> None:
    if not condition:
        raise WireError("a message is malformed")


# --- kinds -----------------------------------------------------------------------------------


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


def _exactly(wanted: type) -> Callable[[Any, type], bool]:
    return lambda value, kind: kind is wanted


def _loaded(module: str, *names: str) -> tuple[type, ...]:
    """Return classes of a module that is loaded already: nothing is imported to ask."""
    found = sys.modules.get(module)
    return tuple(getattr(found, name) for name in names) if found else ()


def _sequence(make: type) -> Kind:
    return Kind(
        _exactly(make),
        lambda value, frame, depth: [frame.pack(item, depth) for item in value],
        lambda rest, frame, depth: _make(make, [frame.unpack(item, depth) for item in rest]),
    )


def _make(make: Callable[[Any], Any], items: list[Any]) -> Any:
    try:
        return make(items)
    except TypeError:  # unhashable
        raise WireError("a message is malformed") from None


def _pack_dict(value: dict[Any, Any], frame: Frame, depth: int) -> list[Any]:
    return [part for pair in value.items() for part in (frame.pack(half, depth) for half in pair)]


def _unpack_dict(rest: list[Any], frame: Frame, depth: int) -> dict[Any, Any]:
    _need(len(rest) % 2 == 0)
    parts = [frame.unpack(half, depth) for half in rest]
    made: dict[Any, Any] = _make(dict, list(zip(parts[::2], parts[1::2], strict=True)))
    return made


def _unpack_range(rest: list[Any], frame: Frame, depth: int) -> range:
    _need(len(rest) == 3 and all(type(n) is int and abs(n) < 2**62 for n in rest) and rest[2] != 0)
    return range(*rest)


def _unpack_complex(rest: list[Any], frame: Frame, depth: int) -> complex:
    _need(len(rest) == 2 and all(type(part) is float for part in rest))
    return complex(*rest)


def _is_array(value: Any, kind: type) -> bool:
    # A subclass (matrix, masked array) behaves in its own way: it is none.
    return kind is np.ndarray and DTYPE.fullmatch(value.dtype.str) is not None


def _pack_array(value: Any, frame: Frame, depth: int) -> list[Any]:
    flat = np.ascontiguousarray(value).reshape(-1)
    buffer = flat.view(np.uint8).data if flat.nbytes else b""
    return [value.dtype.str, list(value.shape), frame.add(buffer)]


def _unpack_array(rest: list[Any], frame: Frame, depth: int) -> Any:
    _need(len(rest) == 3)
    dtype, shape = _dtype(rest[0]), _shape(rest[1])
    buffer = frame.buffer(rest[2])
    _need(len(buffer) == int(np.prod(shape, dtype=object)) * dtype.itemsize)
    return np.frombuffer(buffer, dtype).reshape(shape) if buffer else np.empty(shape, dtype)


def _dtype(text: Any) -> np.dtype[Any]:
    _need(type(text) is str and DTYPE.fullmatch(text) is not None)
    try:
        made: np.dtype[Any] = np.dtype(text)
    except TypeError:
        raise WireError("a message is malformed") from None
    return made


def _shape(sizes: Any) -> tuple[int, ...]:
    _need(type(sizes) is list and len(sizes) <= 32)
    _need(all(type(n) is int and 0 <= n <= MAX_BYTES for n in sizes))
    return tuple(sizes)


def _unpack_scalar(rest: list[Any], frame: Frame, depth: int) -> Any:
    return _unpack_array(rest, frame, depth)[()]


def _is_scalar(value: Any, kind: type) -> bool:
    return (
        isinstance(value, np.generic)
        and kind.__module__ == "numpy"
        and _is_array(np.asarray(value), np.ndarray)
    )


def _is_object_array(value: Any, kind: type) -> bool:
    return kind is np.ndarray and value.dtype == object


def _pack_objects(value: Any, frame: Frame, depth: int) -> list[Any]:
    return [list(value.shape), *(frame.pack(item, depth) for item in value.reshape(-1).tolist())]


def _unpack_objects(rest: list[Any], frame: Frame, depth: int) -> Any:
    _need(len(rest) > 0)
    shape = _shape(rest[0])
    _need(len(rest) - 1 == int(np.prod(shape, dtype=object)))
    made = np.empty(len(rest) - 1, dtype=object)
    for at, item in enumerate(rest[1:]):
        made[at] = frame.unpack(item, depth)
    return made.reshape(shape)


# pandas' own kinds of column that are more than an array
EXTENSIONS = ("category", "string", "str", "Int64", "Int32", "Float64", "boolean")


def _pack_series(value: Any, frame: Frame, depth: int) -> list[Any]:
    plain = isinstance(value.dtype, np.dtype)
    kept = "" if plain else str(value.dtype)
    if kept and kept not in EXTENSIONS:
        raise UnsendableError(f"a column of the type {kept[:60]} cannot be sent")
    column = value.to_numpy() if plain else value.astype(object).to_numpy(copy=True)
    if not plain:
        column[value.isna().to_numpy()] = None
    return [frame.pack(part, depth) for part in (value.name, *_index(value.index), kept, column)]


def _unpack_series(rest: list[Any], frame: Frame, depth: int) -> Any:
    import pandas as pd

    _need(len(rest) == 5)
    name, index, index_name, kept, column = (frame.unpack(part, depth) for part in rest)
    _need(kept == "" or kept in EXTENSIONS)
    try:
        made = pd.Series(column, index=_unpack_index(index, index_name), name=name)
        return made.astype(kept) if kept else made
    except (TypeError, ValueError):
        raise WireError("a message is malformed") from None


def _index(index: Any) -> tuple[Any, Any]:
    if type(index).__name__ == "RangeIndex":
        return range(index.start, index.stop, index.step), index.name
    return index.tolist(), list(index.names) if index.nlevels > 1 else index.name


def _unpack_index(index: Any, name: Any) -> Any:
    import pandas as pd

    if type(index) is range:
        return pd.RangeIndex(index, name=name)
    _need(type(index) is list)
    return (
        pd.MultiIndex.from_tuples(index, names=name)
        if type(name) is list
        else pd.Index(index, name=name)
    )


def _pack_table(value: Any, frame: Frame, depth: int) -> list[Any]:
    columns = [value.iloc[:, at] for at in range(value.shape[1])]
    head = [frame.pack(part, depth) for part in (*_index(value.columns), *_index(value.index))]
    return [*head, *(frame.pack(column, depth) for column in columns)]


def _unpack_table(rest: list[Any], frame: Frame, depth: int) -> Any:
    import pandas as pd

    _need(len(rest) >= 4)
    columns, columns_name, index, index_name = (frame.unpack(part, depth) for part in rest[:4])
    series = [frame.unpack(part, depth) for part in rest[4:]]
    _need(all(type(column) is pd.Series for column in series))
    try:
        rows = _unpack_index(index, index_name)
        made = pd.concat(series, axis=1) if series else pd.DataFrame(index=rows)
        made.index, made.columns = rows, _unpack_index(columns, columns_name)
    except (TypeError, ValueError):
        raise WireError("a message is malformed") from None
    return made


def _is_tensor(value: Any, kind: type) -> bool:
    tensors = _loaded("tensorflow", "Tensor", "Variable") + _loaded("keras", "Variable")
    if not isinstance(value, tensors) or not hasattr(value, "numpy"):
        return False
    return _is_array(np.asarray(value.numpy()), np.ndarray)


def _unpack_tensor(rest: list[Any], frame: Frame, depth: int) -> Any:
    import tensorflow as tf

    array = _unpack_array(rest, frame, depth)
    try:
        return tf.constant(array)
    except (TypeError, ValueError, tf.errors.OpError):
        raise WireError("a message is malformed") from None


def _is_model(value: Any, kind: type) -> bool:
    return isinstance(value, _loaded("keras", "Model"))


def _pack_model(value: Any, frame: Frame, depth: int) -> list[Any]:
    from coursekit import models

    try:
        description, arrays = models.describe(value)
    except models.UnsendableModelError as error:
        raise UnsuitedError(str(error)) from None
    return [json.dumps(description), *(frame.pack(array, depth) for array in arrays)]


def _unpack_model(rest: list[Any], frame: Frame, depth: int) -> Any:
    from coursekit import models

    _need(len(rest) > 0 and type(rest[0]) is str)
    arrays = [frame.unpack(array, depth) for array in rest[1:]]
    _need(all(type(array) is np.ndarray for array in arrays))
    try:
        description = json.loads(rest[0])
    except (ValueError, RecursionError):
        raise WireError("a message is malformed") from None
    return models.rebuild(description, arrays)


KINDS: dict[str, Kind] = {
    "list": _sequence(list),
    "tuple": _sequence(tuple),
    "dict": Kind(_exactly(dict), _pack_dict, _unpack_dict),
    "array": Kind(_is_array, _pack_array, _unpack_array),
    "scalar": Kind(_is_scalar, lambda v, f, d: _pack_array(np.asarray(v), f, d), _unpack_scalar),
    "set": _sequence(set),
    "frozenset": _sequence(frozenset),
    "complex": Kind(
        _exactly(complex), lambda value, frame, depth: [value.real, value.imag], _unpack_complex
    ),
    "bytes": Kind(
        _exactly(bytes),
        lambda value, frame, depth: [frame.add(value)],
        lambda rest, frame, depth: bytes(frame.buffer(*rest[:1] or [None])),
    ),
    "range": Kind(
        _exactly(range),
        lambda value, frame, depth: [value.start, value.stop, value.step],
        _unpack_range,
    ),
    "objects": Kind(_is_object_array, _pack_objects, _unpack_objects),
    "tensor": Kind(
        _is_tensor,
        lambda value, frame, depth: _pack_array(np.asarray(value.numpy()), frame, depth),
        _unpack_tensor,
    ),
    "series": Kind(
        lambda value, kind: kind in _loaded("pandas", "Series"), _pack_series, _unpack_series
    ),
    "frame": Kind(
        lambda value, kind: kind in _loaded("pandas", "DataFrame"), _pack_table, _unpack_table
    ),
    "model": Kind(_is_model, _pack_model, _unpack_model),
}
"""What may cross, by tag. `docs/check-cells.md` and the lint speak of these."""

# --- frames ----------------------------------------------------------------------------------


class Channel:
    """One end of a conversation over a socket.

    Parameters
    ----------
    connection : socket.socket
        A connected stream socket.
    references : References
    watch : callable, optional
        Called again and again while this end waits; may raise to stop waiting.
    """

    TICK = 0.05  # seconds between two looks at what is waited for

    def __init__(
        self,
        connection: socket.socket,
        references: References,
        watch: Callable[[], None] | None = None,
    ) -> None:
        self._socket, self._watch, self.references = connection, watch, references
        connection.settimeout(self.TICK if watch else None)

    def frame(self) -> Frame:
        """Return an empty frame to pack values into."""
        return Frame(self.references)

    def send(self, head: dict[str, Any], frame: Frame | None = None) -> None:
        """Send a message.

        Raises
        ------
        WireError
            If it is too large.
        ClosedError
            If nobody is there.
        """
        buffers = frame.buffers if frame else []
        text = json.dumps(head, ensure_ascii=True, separators=(",", ":")).encode()
        if len(text) > MAX_HEAD:
            raise WireError(f"a message has more than {MAX_HEAD >> 20} MB of text")
        lengths = b"".join(LENGTH.pack(len(buffer)) for buffer in buffers)
        self._send(HEADER.pack(len(text), len(buffers)) + lengths + text)
        for buffer in buffers:
            self._send(buffer)

    def _send(self, data: Any) -> None:
        view = memoryview(data)
        while view:
            try:
                view = view[self._socket.send(view) :]
            except TimeoutError:
                self._look()
            except OSError as error:
                raise ClosedError("the other side is gone") from error

    def receive(self) -> tuple[dict[str, Any], Frame]:
        """Return the next message: its head, and a frame to unpack values from.

        Raises
        ------
        WireError
            If it is malformed or too large.
        ClosedError
            If nobody is there any more.
        """
        size, count = HEADER.unpack(self._read(HEADER.size))
        _need(size <= MAX_HEAD and count <= MAX_BUFFERS)
        lengths = [n for (n,) in LENGTH.iter_unpack(self._read(LENGTH.size * count))]
        _need(sum(lengths) <= MAX_BYTES)
        text = self._read(size)
        _need(text.count(b"[") + text.count(b"{") <= 2 * MAX_NODES)
        try:
            head = json.loads(text)
        except (ValueError, RecursionError):
            raise WireError("a message is malformed") from None
        _need(type(head) is dict)
        return head, Frame(self.references, [self._read(n) for n in lengths])

    def _read(self, size: int) -> bytearray:
        data = bytearray(size)
        view = memoryview(data)
        while view:
            try:
                got = self._socket.recv_into(view)
            except TimeoutError:
                self._look()
                continue
            except OSError as error:
                raise ClosedError("the other side is gone") from error
            if not got:
                raise ClosedError("the other side is gone")
            view = view[got:]
        return data

    def _look(self) -> None:
        if self._watch:
            self._watch()

    def close(self) -> None:
        """Close this end."""
        self._socket.close()


def numbers(start: int = 1) -> Iterator[int]:
    """Yield the ids of requests."""
    while True:
        yield start
        start += 1
