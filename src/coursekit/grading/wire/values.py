"""The kinds that Python and NumPy bring: containers, ranges, bytes, arrays."""

from __future__ import annotations

import math
import re
import sys
from collections.abc import Callable
from typing import Any

import numpy as np

from coursekit.grading.wire.frame import KINDS, MAX_BYTES, Frame, Kind, WireError, need

MAX_RANGE = 10_000_000  # numbers that a range stands for: something may make a list of them
MAX_CLASHES = 1_000  # keys of one table that hash alike: each is compared with all others
# Numbers, truth values, texts, dates: no objects, no records, nothing that refers to memory.
DTYPE = re.compile(
    r"[<>|=]?(?:b1|i[1248]|u[1248]|f[248]|c8|c16|[SU]\d{1,6}|[mM]8\[(?:[1-9]\d{0,2})?[a-zA-Z]{1,2}\])"
)


def _exactly(wanted: type) -> Callable[[Any, type], bool]:
    return lambda value, kind: kind is wanted


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
        need(len(items) - len({hash(item) for item in items}) <= MAX_CLASHES)
    except TypeError:
        raise WireError("a message is malformed") from None
    return items


def _pack_dict(value: dict[Any, Any], frame: Frame, depth: int) -> list[Any]:
    return [part for pair in value.items() for part in (frame.pack(half, depth) for half in pair)]


def _unpack_dict(rest: list[Any], frame: Frame, depth: int) -> dict[Any, Any]:
    need(len(rest) % 2 == 0)
    parts = [frame.unpack(half, depth) for half in rest]
    return dict(zip(_keys(parts[::2]), parts[1::2], strict=True))


def _pack_range(value: range, frame: Frame, depth: int) -> list[Any]:
    if not _is_short(value):
        raise WireError(f"a range has more than {MAX_RANGE:,} numbers, or huge ones")
    return [value.start, value.stop, value.step]


def _unpack_range(rest: list[Any], frame: Frame, depth: int) -> range:
    need(len(rest) == 3 and all(type(n) is int for n in rest) and rest[2] != 0)
    made = range(*rest)
    need(_is_short(made))
    return made


def _is_short(value: range) -> bool:
    small = all(abs(n) < 2**62 for n in (value.start, value.stop, value.step))
    return small and len(value) <= MAX_RANGE


def _unpack_complex(rest: list[Any], frame: Frame, depth: int) -> complex:
    need(len(rest) == 2 and all(type(part) is float for part in rest))
    return complex(*rest)


def is_array(value: Any, kind: type) -> bool:
    """Whether a value is an array of numbers, truth values, text or dates."""
    # A subclass (matrix, masked array) behaves in its own way: it is none.
    return kind is np.ndarray and DTYPE.fullmatch(value.dtype.str) is not None


def pack_array(value: Any, frame: Frame, depth: int) -> list[Any]:
    """Take an array apart: its type, its shape, its buffer."""
    flat = np.ascontiguousarray(value).reshape(-1)
    buffer = flat.view(np.uint8).data if flat.nbytes else b""
    return [value.dtype.str, list(value.shape), frame.add(buffer)]


def unpack_array(rest: list[Any], frame: Frame, depth: int) -> Any:
    """Put an array together, if its parts agree."""
    need(len(rest) == 3)
    dtype, shape = _dtype(rest[0]), _shape(rest[1])
    buffer = frame.buffer(rest[2])
    need(len(buffer) == math.prod(shape) * dtype.itemsize)
    need(dtype.kind != "U" or _are_characters(buffer, dtype))
    try:
        made = np.frombuffer(buffer, dtype).reshape(shape) if buffer else np.empty(shape, dtype)
        return made.view(np.uint8) != 0 if dtype.kind == "b" else made  # a byte may be 255
    except ValueError:  # too many dimensions, or too large ones, of which one is 0
        raise WireError("a message is malformed") from None


def _are_characters(buffer: bytearray, dtype: np.dtype[Any]) -> bool:
    codes = np.frombuffer(buffer, f"{dtype.byteorder}u4")
    return not (codes > sys.maxunicode).any()


def _dtype(text: Any) -> np.dtype[Any]:
    need(type(text) is str and DTYPE.fullmatch(text) is not None)
    try:
        made: np.dtype[Any] = np.dtype(text)
    except TypeError:
        raise WireError("a message is malformed") from None
    return made


def _shape(sizes: Any) -> tuple[int, ...]:
    need(type(sizes) is list and len(sizes) <= 64)
    need(all(type(n) is int and 0 <= n <= MAX_BYTES for n in sizes))
    return tuple(sizes)


def _unpack_scalar(rest: list[Any], frame: Frame, depth: int) -> Any:
    need(len(rest) == 3 and rest[1] == [])
    return unpack_array(rest, frame, depth)[()]


def _is_scalar(value: Any, kind: type) -> bool:
    return (
        isinstance(value, np.generic)
        and kind.__module__ == "numpy"
        and is_array(np.asarray(value), np.ndarray)
    )


def _is_object_array(value: Any, kind: type) -> bool:
    return kind is np.ndarray and value.dtype == object


def _pack_objects(value: Any, frame: Frame, depth: int) -> list[Any]:
    return [list(value.shape), *(frame.pack(item, depth) for item in value.reshape(-1).tolist())]


def _unpack_objects(rest: list[Any], frame: Frame, depth: int) -> Any:
    need(len(rest) > 0)
    shape = _shape(rest[0])
    need(len(rest) - 1 == math.prod(shape))
    made = np.empty(len(rest) - 1, dtype=object)
    for at, item in enumerate(rest[1:]):
        made[at] = frame.unpack(item, depth)
    try:
        return made.reshape(shape)
    except ValueError:
        raise WireError("a message is malformed") from None


KINDS |= {
    "list": _sequence(list),
    "tuple": _sequence(tuple),
    "dict": Kind(_exactly(dict), _pack_dict, _unpack_dict),
    "array": Kind(is_array, pack_array, unpack_array),
    "scalar": Kind(_is_scalar, lambda v, f, d: pack_array(np.asarray(v), f, d), _unpack_scalar),
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
}
