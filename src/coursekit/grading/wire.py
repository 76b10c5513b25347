"""What travels between the judge and a student's process: plain data, and names for the rest.

A frame is a JSON head and raw buffers. In the head ``None``, truth values, numbers and texts stand
for themselves, everything else is a list that begins with a tag::

    ["list", 1, 2]   ["array", "<f4", [2, 3], 0]   ["function", 7, "double"]

`KINDS` says which tags there are: a further kind is one entry. Nothing is ever pickled, no name
that came is ever looked up, and both ends count bytes, depth and nodes before they trust a frame.
"""

from __future__ import annotations

import json
import math
import re
import reprlib
import socket
import struct
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from json.encoder import encode_basestring_ascii as escape
from types import NoneType
from typing import Any, Protocol

import numpy as np

MAX_HEAD = 16 << 20  # bytes of JSON
MAX_TEXTS = 12 << 20  # of them, what values may take
MAX_BYTES = 256 << 20  # of a whole frame
MAX_BUFFERS = 20_000
MAX_DEPTH = 40
MAX_NODES = 400_000
MAX_RANGE = 10_000_000  # numbers that a range stands for: something may make a list of them
MAX_CLASHES = 1_000  # keys of one table that hash alike: each is compared with all others
MAX_TEXT = 300  # characters that say what an opaque thing is

PLAIN = (NoneType, bool, int, float, str)
# Numbers, truth values, texts, dates: no objects, no records, nothing that refers to memory.
DTYPE = re.compile(
    r"[<>|=]?(?:b1|i[1248]|u[1248]|f[248]|c8|c16|[SU]\d{1,6}|[mM]8\[(?:[1-9]\d{0,2})?[a-zA-Z]{1,2}\])"
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
        _need(type(head) is list and len(head) > 0 and type(head[0]) is str)
        tag, *rest = head
        if spec := KINDS.get(tag):
            return spec.unpack(rest, self, depth + 1)
        if tag == "opaque":
            _need(len(rest) == 2 and all(type(text) is str for text in rest))
            return opaque(*rest)
        _need(len(rest) == 2 and type(rest[0]) is int and type(rest[1]) is str)
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
        lambda rest, frame, depth: make(frame.unpack(item, depth) for item in rest),
    )


def _set(make: type) -> Kind:
    return Kind(
        _exactly(make),
        lambda value, frame, depth: [frame.pack(item, depth) for item in value],
        lambda rest, frame, depth: make(_keys([frame.unpack(item, depth) for item in rest])),
    )


def _keys(items: list[Any]) -> list[Any]:
    """Return the keys of a dict or set, if they can be such, and were not chosen to clash."""
    try:
        _need(len(items) - len({hash(item) for item in items}) <= MAX_CLASHES)
    except TypeError:
        raise WireError("a message is malformed") from None
    return items


def _pack_dict(value: dict[Any, Any], frame: Frame, depth: int) -> list[Any]:
    return [part for pair in value.items() for part in (frame.pack(half, depth) for half in pair)]


def _unpack_dict(rest: list[Any], frame: Frame, depth: int) -> dict[Any, Any]:
    _need(len(rest) % 2 == 0)
    parts = [frame.unpack(half, depth) for half in rest]
    return dict(zip(_keys(parts[::2]), parts[1::2], strict=True))


def _pack_range(value: range, frame: Frame, depth: int) -> list[Any]:
    if not _is_short(value):
        raise WireError(f"a range has more than {MAX_RANGE:,} numbers, or huge ones")
    return [value.start, value.stop, value.step]


def _unpack_range(rest: list[Any], frame: Frame, depth: int) -> range:
    _need(len(rest) == 3 and all(type(n) is int for n in rest) and rest[2] != 0)
    made = range(*rest)
    _need(_is_short(made))
    return made


def _is_short(value: range) -> bool:
    small = all(abs(n) < 2**62 for n in (value.start, value.stop, value.step))
    return small and len(value) <= MAX_RANGE


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
    _need(len(buffer) == math.prod(shape) * dtype.itemsize)
    _need(dtype.kind != "U" or _are_characters(buffer, dtype))
    try:
        made = np.frombuffer(buffer, dtype).reshape(shape) if buffer else np.empty(shape, dtype)
        return made.view(np.uint8) != 0 if dtype.kind == "b" else made  # a byte may be 255
    except ValueError:  # too many dimensions, or too large ones, of which one is 0
        raise WireError("a message is malformed") from None


def _are_characters(buffer: bytearray, dtype: np.dtype[Any]) -> bool:
    codes = np.frombuffer(buffer, f"{dtype.byteorder}u4")
    return not (codes > sys.maxunicode).any()


def _dtype(text: Any) -> np.dtype[Any]:
    _need(type(text) is str and DTYPE.fullmatch(text) is not None)
    try:
        made: np.dtype[Any] = np.dtype(text)
    except TypeError:
        raise WireError("a message is malformed") from None
    return made


def _shape(sizes: Any) -> tuple[int, ...]:
    _need(type(sizes) is list and len(sizes) <= 64)
    _need(all(type(n) is int and 0 <= n <= MAX_BYTES for n in sizes))
    return tuple(sizes)


def _unpack_scalar(rest: list[Any], frame: Frame, depth: int) -> Any:
    _need(len(rest) == 3 and rest[1] == [])
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
    _need(len(rest) - 1 == math.prod(shape))
    made = np.empty(len(rest) - 1, dtype=object)
    for at, item in enumerate(rest[1:]):
        made[at] = frame.unpack(item, depth)
    try:
        return made.reshape(shape)
    except ValueError:
        raise WireError("a message is malformed") from None


# pandas' own kinds of column that are more than an array
EXTENSIONS = (
    *("string", "str", "boolean", "Float32", "Float64"),
    *(f"{sign}Int{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64)),
)


def _pack_series(value: Any, frame: Frame, depth: int) -> list[Any]:
    parts = (value.name, *_index(value.index), *_column(value))
    return [frame.pack(part, depth) for part in parts]


def _unpack_series(rest: list[Any], frame: Frame, depth: int) -> Any:
    import pandas as pd

    _need(len(rest) == 5)
    name, index, index_name, kept, column = (frame.unpack(part, depth) for part in rest)
    with _malformed():
        rows = _unpack_index(index, index_name)
        return pd.Series(_unpack_column(kept, column, len(rows)), index=rows, name=name)


def _pack_table(value: Any, frame: Frame, depth: int) -> list[Any]:
    parts = [*_index(value.columns), *_index(value.index)]
    for at in range(value.shape[1]):
        parts += _column(value.iloc[:, at])
    return [frame.pack(part, depth) for part in parts]


def _unpack_table(rest: list[Any], frame: Frame, depth: int) -> Any:
    import pandas as pd

    _need(len(rest) >= 4 and len(rest) % 2 == 0)
    columns, columns_name, index, index_name, *parts = (frame.unpack(p, depth) for p in rest)
    with _malformed():
        rows = _unpack_index(index, index_name)
        kept = zip(parts[::2], parts[1::2], strict=True)
        made = pd.DataFrame(
            {at: _unpack_column(*pair, len(rows)) for at, pair in enumerate(kept)}, index=rows
        )
        made.columns = _unpack_index(columns, columns_name)
        return made


def _column(value: Any) -> tuple[str, Any]:
    """Return the name of a column's type where it is more than an array, and its values."""
    if isinstance(value.dtype, np.dtype):
        return "", value.to_numpy()
    kept = str(value.dtype)
    if kept == "category":
        kinds = value.cat.categories
        return kept, [value.cat.codes.to_numpy(), *_index(kinds), bool(value.cat.ordered)]
    if kept not in EXTENSIONS:
        raise UnsendableError(f"a column of the type {kept[:60]} cannot be sent")
    column = value.astype(object).to_numpy(copy=True)
    column[value.isna().to_numpy()] = None
    return kept, column


def _unpack_column(kept: Any, column: Any, rows: int) -> Any:
    import pandas as pd

    if kept == "category":
        codes, kinds, name, ordered = column
        _need(type(codes) is np.ndarray and codes.shape == (rows,) and type(ordered) is bool)
        return pd.Categorical.from_codes(codes, _unpack_index(kinds, name), ordered=ordered)
    _need(type(column) is np.ndarray and column.shape == (rows,))
    _need(kept == "" or kept in EXTENSIONS)
    return pd.array(column, dtype=kept) if kept else column


def _index(index: Any) -> tuple[Any, Any]:
    if type(index).__name__ == "RangeIndex":
        return range(index.start, index.stop, index.step), index.name
    plain = index.nlevels == 1 and isinstance(index.dtype, np.dtype)
    values = index.to_numpy() if plain else index.tolist()
    return values, list(index.names) if index.nlevels > 1 else index.name


def _unpack_index(index: Any, name: Any) -> Any:
    import pandas as pd

    if type(index) is range:
        return pd.RangeIndex(index, name=name)
    if type(index) is np.ndarray:
        return pd.Index(index, name=name, dtype=index.dtype)
    _need(type(index) is list)
    return (
        pd.MultiIndex.from_tuples(index, names=name)
        if type(name) is list
        else pd.Index(index, name=name)
    )


@contextmanager
def _malformed() -> Iterator[None]:
    """Turn whatever pandas says of values that do not go together into one error."""
    try:
        yield
    except Exception:
        raise WireError("a message is malformed") from None


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
    "set": _set(set),
    "frozenset": _set(frozenset),
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
        _pack_range,
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
                self._look()
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
            self._look()  # also while bytes come, one by one
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
