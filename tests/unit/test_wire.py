"""What crosses comes back exactly; what does not is refused, whatever bytes arrive."""

from __future__ import annotations

import enum
import json
import math
import os
import socket
import struct
import threading
import time
from collections import OrderedDict, namedtuple
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from coursekit.grading import wire
from coursekit.grading.wire import (
    Channel,
    ClosedError,
    Frame,
    Opaque,
    UnsendableError,
    WireError,
)
from coursekit.models import ModelError

FRAMES = int(os.environ.get("COURSEKIT_FUZZ", "2000"))  # `make fuzz` asks for more
HEADS = FRAMES // 4


class Nothing:
    """References of an end that keeps nothing."""

    def name(self, value: Any) -> list[Any] | None:
        return None

    def find(self, tag: str, number: int, text: str) -> Any:
        raise WireError("there is nothing here")


def message(value: Any) -> tuple[str, list[bytes]]:
    frame = Frame(Nothing())
    return json.dumps(frame.pack(value)), [bytes(buffer) for buffer in frame.buffers]


def back(value: Any) -> Any:
    """Return `value` after a journey."""
    head, buffers = message(value)
    return Frame(Nothing(), [bytearray(b) for b in buffers]).unpack(json.loads(head))


def unpacked(head: Any, *buffers: bytes) -> Any:
    return Frame(Nothing(), [bytearray(b) for b in buffers]).unpack(head)


def same(a: Any, b: Any) -> bool:
    """Whether two values are equal and of the same types, all the way down."""
    if type(a) is not type(b):
        return False
    if isinstance(a, (list, tuple)):
        return len(a) == len(b) and all(map(same, a, b))
    if isinstance(a, dict):
        return same(list(a.items()), list(b.items()))
    if isinstance(a, (set, frozenset)):
        return len(a) == len(b) and all(any(same(x, y) for y in b) for x in a)
    if isinstance(a, complex):
        return same([a.real, a.imag], [b.real, b.imag])
    if isinstance(a, float):
        return struct.pack("d", a) == struct.pack("d", b) or (math.isnan(a) and math.isnan(b))
    return bool(a == b)


hashable = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.complex_numbers()
    | st.binary(max_size=20)
    | st.text(st.characters(), max_size=20),  # surrogates, too
    lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=3),
    max_leaves=6,
)
plain = st.recursive(
    hashable
    | st.sets(hashable, max_size=4)
    | st.builds(range, st.integers(0, 9), st.integers(0, 9)),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.tuples(inner)
        | st.dictionaries(hashable, inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(plain)
def test_plain_values_come_back_as_they_were(value: Any) -> None:
    assert same(back(value), value)


@pytest.mark.parametrize(
    "value",
    [
        math.nan,
        math.inf,
        -0.0,
        5e-324,
        complex(-0.0, math.nan),
        10**3000,
        -(2**64),
        "\ud800 lone",
        "\0",
        "🦊" * 100,
        b"\xff\0",
        range(5, -5, -2),
        {1: "one", "1": 1, (1,): [1], None: {}, math.inf: 0},
        [[], (), {}, set(), frozenset()],
        {True: 1, 0: 2},
    ],
    ids=lambda value: repr(value)[:20],
)
def test_odd_values_come_back_as_they_were(value: Any) -> None:
    assert same(back(value), value)


ARRAYS = [
    *(np.arange(6).reshape(2, 3).astype(code) for code in "?bhilqBHILQefdFD"),
    *(np.arange(6).astype(f">{code}") for code in ("i4", "f8", "c16", "u2")),
    np.array(["a", "ünï", ""]),
    np.array([b"ab", b"c"]),
    np.array(["2024-01-01", "NaT"], "M8[D]"),
    np.array([1, 2], "m8[ns]"),
    np.array(3.5),
    np.empty((0,)),
    np.empty((2, 0, 3), "i2"),
    np.empty((0, 3), "U4"),
    np.asfortranarray(np.arange(6.0).reshape(2, 3)),
    np.arange(24).reshape(4, 6)[::2, ::-3],
    np.broadcast_to(np.arange(3), (2, 3)),
    np.array([math.nan, -0.0, math.inf]),
    np.zeros((1,) * 32),
]


@pytest.mark.parametrize("array", ARRAYS, ids=lambda a: f"{a.dtype}{a.shape}")
def test_arrays_come_back_as_they_were(array: np.ndarray[Any, Any]) -> None:
    came = back(array)
    assert type(came) is np.ndarray
    assert (came.dtype, came.shape) == (array.dtype, array.shape)
    assert came.tobytes() == array.tobytes()
    assert came.flags.writeable


def test_an_array_of_objects_holds_what_may_cross() -> None:
    array = np.array([[1, "a"], [None, [2.5]]], dtype=object)
    came = back(array)
    assert came.dtype == object
    assert same(came.tolist(), array.tolist())
    with pytest.raises(UnsendableError, match="Thread"):
        back(np.array([threading.Thread()], dtype=object))


@pytest.mark.parametrize(
    "scalar",
    [
        np.float64(0.1),
        np.float32(-0.0),
        np.float16(2),
        np.int64(-5),
        np.uint8(255),
        np.bool_(True),
        np.complex64(1j),
        np.str_("ü"),
        np.bytes_(b"x"),
        np.datetime64("2024-01-01T00:00"),
        np.timedelta64(5, "s"),
    ],
    ids=lambda scalar: type(scalar).__name__,
)
def test_numpys_numbers_stay_numpys(scalar: Any) -> None:
    came = back(scalar)
    assert type(came) is type(scalar)
    assert came.dtype == scalar.dtype
    assert came.tobytes() == scalar.tobytes()


def test_a_truth_value_is_0_or_1_whatever_its_byte_was() -> None:
    came = back(np.array([0, 1, 255], np.uint8).view(bool))
    assert came.view(np.uint8).tolist() == [0, 1, 1]


FRAMES_OF_DATA = {
    "plain": pd.DataFrame({"a": [1, 2], "b": [0.5, math.nan], "c": ["x", None]}),
    "indexed": pd.DataFrame({"a": [1, 2]}, index=pd.Index(["r", "s"], name="row")),
    "same names": pd.DataFrame([[1, 2.5], [3, 4.5]], columns=["a", "a"]),
    "same rows": pd.DataFrame({"a": [1, 2], "b": [3, 4]}, index=[7, 7]),
    "many levels": pd.DataFrame(
        [[1, 2]],
        columns=pd.MultiIndex.from_tuples([("a", 1), ("a", 2)], names=["x", None]),
        index=pd.MultiIndex.from_tuples([("r", 1.5)]),
    ),
    "numbers as names": pd.DataFrame(np.eye(2, dtype="float32")),
    "nullable": pd.DataFrame(
        {
            "i": pd.array([1, None], "Int64"),
            "u": pd.array([1, None], "UInt8"),
            "f": pd.array([0.5, None], "Float64"),
            "b": pd.array([True, None], "boolean"),
            "s": pd.array(["x", None], "string"),
        }
    ),
    "categories": pd.DataFrame(
        {
            "o": pd.Categorical(["b", "a", None], categories=["b", "a", "unused"], ordered=True),
            "n": pd.Categorical([2, 1, 2]),
        }
    ),
    "dates": pd.DataFrame(
        {"t": pd.to_datetime(["2024-01-01", None])}, index=pd.to_datetime(["2024", "2025"])
    ),
    "small types": pd.DataFrame({"i": np.array([1], "i2"), "b": [True]}, index=np.array([3], "u1")),
    "no rows": pd.DataFrame({"a": np.empty(0, "f4"), "b": pd.Categorical([])}),
    "no columns": pd.DataFrame(index=range(2, 8, 2)),
    "nothing": pd.DataFrame(),
}


@pytest.mark.parametrize("table", FRAMES_OF_DATA.values(), ids=FRAMES_OF_DATA)
def test_frames_come_back_as_they_were(table: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(
        back(table), table, check_index_type="exact", check_column_type="exact"
    )
    for at in range(table.shape[1]):
        column = table.iloc[:, at]
        pd.testing.assert_series_equal(back(column), column, check_index_type="exact")


def test_tensors_and_variables_arrive_as_tensors() -> None:
    import keras
    import tensorflow as tf

    for value in (tf.constant([[1.5]]), tf.Variable([[1.5]]), keras.Variable([[1.5]])):
        came = back(value)
        assert isinstance(came, tf.Tensor)
        assert (came.dtype, came.numpy().tolist()) == (tf.float32, [[1.5]])


class Int(int): ...


class Text(str): ...


class Items(list): ...  # type: ignore[type-arg]


class Table(dict): ...  # type: ignore[type-arg]


class Array(np.ndarray): ...  # type: ignore[type-arg]


class Number(np.float64): ...


class Column(pd.Series): ...  # type: ignore[type-arg]


class Colour(enum.IntEnum):
    RED = 1


Point = namedtuple("Point", "x y")


@pytest.mark.parametrize(
    "value",
    [
        Int(1),
        Text("a"),
        Items([1]),
        Table(a=1),
        OrderedDict(a=1),
        Point(1, 2),
        Colour.RED,
        Number(1),
        np.zeros(2).view(Array),
        np.zeros((1, 1)).view(np.matrix),
        np.ma.masked_array([1], [True]),
        Column([1]),
        np.array([(1, 2)], "i4,i4"),
        np.array([1], np.longdouble),
        object(),
        iter([]),
        print,
        bytearray(b"a"),
        memoryview(b"a"),
        pd.Timestamp("2024"),
    ],
    ids=lambda value: type(value).__name__,
)
@pytest.mark.filterwarnings("ignore:the matrix subclass")
def test_what_a_check_would_trust_too_far_does_not_cross(value: Any) -> None:
    with pytest.raises(UnsendableError, match="cannot be sent"):
        back(value)
    with pytest.raises(UnsendableError, match="cannot be sent"):
        back([value])


# --- caps ------------------------------------------------------------------------------------


def nested(levels: int) -> Any:
    value: Any = 1
    for _ in range(levels):
        value = [value]
    return value


def endless() -> Any:
    value: list[Any] = []
    value.append(value)
    return value


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: nested(wire.frame.MAX_DEPTH + 1), "deeper than 40 levels"),
        (endless, "deeper than 40 levels"),
        (lambda: [0] * wire.frame.MAX_NODES, "more than 400,000 parts"),
        (lambda: 10**3020, "3,000 digits"),
        (lambda: ["a" * 1_000_000] * 13, "12 MB of text"),
        (lambda: "\0" * 2_200_000, "12 MB of text"),
        (lambda: np.zeros(wire.frame.MAX_BYTES // 2 + 1, "u1"), "more than 128 MB"),
        (lambda: [np.zeros(70 << 20, "u1")] * 2, "more than 128 MB"),
        (lambda: [np.float64(1)] * (wire.frame.MAX_BUFFERS + 1), "20,000 arrays or NumPy numbers"),
        (lambda: range(10**9), "range has more than 10,000,000 numbers"),
        (lambda: range(2**70, 2**70 + 1), "or huge ones"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_too_much_is_refused_before_it_is_sent(make: Callable[[], Any], says: str) -> None:
    with pytest.raises(WireError, match=says):
        Frame(Nothing()).pack(make())


def test_what_may_be_packed_may_be_sent_and_unpacked() -> None:
    near = [[0.1234567890123456] * 1000] * 300 + [nested(wire.frame.MAX_DEPTH - 2), 10**3000]
    assert back(near) == near
    assert len(message(near)[0]) < wire.frame.MAX_HEAD


M61 = 2**61 - 1  # Python's whole numbers hash modulo this


@pytest.mark.parametrize(
    "head",
    [
        nested(wire.frame.MAX_DEPTH + 1),
        ["list", *[0] * wire.frame.MAX_NODES],
        ["range", 0, 10**12, 1],
        ["range", 0, 5, 0],
        ["range", 2**63, 2**63, 1],
        ["dict", *[part for n in range(3_000) for part in (n * M61, 0)]],
        ["set", *[n * M61 for n in range(3_000)]],
        ["frozenset", *[["tuple", n * M61] for n in range(3_000)]],
    ],
    ids=lambda head: str(head)[:24],
)
def test_too_much_is_refused_when_it_comes(head: Any) -> None:
    began = time.perf_counter()
    with pytest.raises(WireError):
        unpacked(head)
    assert time.perf_counter() - began < 1


# --- malformed values ------------------------------------------------------------------------


def series(
    column: Any, index: Any = ("range", 0, 1, 1), *, name: Any = None, kept: Any = ""
) -> list[Any]:
    return ["series", name, list(index), None, kept, column]


def table(*columns: Any, index: Any = ("range", 0, 1, 1), names: Any = ("list", "a")) -> list[Any]:
    return ["frame", list(names), None, list(index), None, *columns]


ONE = ["array", "<f8", [1], 0]
MALFORMED: dict[str, tuple[Any, tuple[bytes, ...]]] = {
    "no tag": ([], ()),
    "a number as tag": ([1], ()),
    "a list as tag": ([["list"]], ()),
    "an object": ({"list": 1}, ()),
    "unknown tag": (["pickle", "gASVBQAAAA==", 0], ()),
    "too few parts": (["array", "<f8"], ()),
    "too many": (["array", "<f8", [1], 0, 0], (b"12345678",)),
    "no buffer": (ONE, ()),
    "buffer too short": (ONE, (b"1234567",)),
    "buffer too long": (ONE, (b"123456789",)),
    "buffer twice": (["list", ONE, ONE], (b"12345678",)),
    "buffer by truth": (["array", "<f8", [1], False], (b"12345678",)),
    "buffer below 0": (["array", "<f8", [1], -1], (b"12345678",)),
    "negative shape": (["array", "<f8", [-1], 0], (b"12345678",)),
    "negative shapes": (["array", "<f8", [-1, -1], 0], (b"12345678",)),
    "truth as shape": (["array", "<f8", [True], 0], (b"12345678",)),
    "float as shape": (["array", "<f8", [1.0], 0], (b"12345678",)),
    "overflowing shape": (["array", "<f8", [2**28] * 3, 0], (b"",)),
    "overflow beside 0": (["array", "<f8", [0, 2**28, 2**28, 2**28], 0], (b"",)),
    "objects beside 0": (["objects", [0, 2**28, 2**28, 2**28]], ()),
    "too many dimensions": (["array", "u1", [1] * 65, 0], (b"1",)),
    "objects, dtype": (["array", "|O", [1], 0], (b"12345678",)),
    "record, dtype": (["array", "i4,i4", [1], 0], (b"12345678",)),
    "void, dtype": (["array", "|V8", [1], 0], (b"12345678",)),
    "a list as dtype": (["array", [["a", "<f8"]], [1], 0], (b"12345678",)),
    "a name as dtype": (["array", "float64", [1], 0], (b"12345678",)),
    "unknown unit": (["array", "<M8[zz]", [1], 0], (b"12345678",)),
    "unit of 0": (["array", "<M8[0s]", [1], 0], (b"12345678",)),
    "no character": (["array", "<U1", [1], 0], (b"\xff" * 4,)),
    "no character, scalar": (["scalar", "<U1", [], 0], (b"\xff" * 4,)),
    "scalar with a shape": (["scalar", "<f8", [1], 0], (b"12345678",)),
    "bytes without": (["bytes"], ()),
    "complex of text": (["complex", "1", "2"], ()),
    "complex of one": (["complex", 1.0], ()),
    "odd dict": (["dict", 1], ()),
    "list as key": (["dict", ["list"], 1], ()),
    "array in a set": (["set", ["array", "<f8", [1], 0]], (b"12345678",)),
    "opaque of numbers": (["opaque", 1, 2], ()),
    "reference by text": (["function", "1", "f"], ()),
    "reference to nothing": (["function", 1, "f"], ()),
    "series of a number": (series(5, ("range", 0, 10_000_000, 1)), ()),
    "series of a dict": (series(["dict"]), ()),
    "series of a table": (series(["array", "<f8", [1, 1], 0]), (b"12345678",)),
    "series, name of a list": (series(ONE, name=["list"]), (b"12345678",)),
    "series of another length": (series(ONE, ("range", 0, 2, 1)), (b"12345678",)),
    "series, small floats as index": (
        series(ONE, ("array", "<f2", [1], 1)),
        (b"12345678", b"12"),
    ),
    "series of unknown type": (series(ONE, kept="object"), (b"12345678",)),
    "series of a type by path": (series(ONE, kept="interval"), (b"12345678",)),
    "huge number as Int64": (series(["objects", [1], 10**400], kept="Int64"), ()),
    "categories by a list": (series(["list"], kept="category"), ()),
    "category that is none": (
        series(["list", ["array", "|i1", [1], 0], ["list", "a"], None, False], kept="category"),
        (b"\x05",),
    ),
    "dates out of bounds": (series(["array", "<M8[Y]", [1], 0]), (b"\xff" * 7 + b"\x7e",)),
    "frame of one half": (table(""), ()),
    "frame without names": (["frame"], ()),
    "frame, columns of other lengths": (table("", ONE, index=("range", 0, 3, 1)), (b"12345678",)),
    "frame, names missing": (table("", ONE, names=("list",)), (b"12345678",)),
    "frame of a number, long": (table("", 5, index=("range", 0, 10_000_000, 1)), ()),
    "tensor of dates": (["tensor", "<M8[s]", [1], 0], (b"12345678",)),
    "model of no JSON": (["model", "{"], ()),
    "model, deep": (["model", "[" * 100_000], ()),
    "model with a list": (["model", "{}", ["list"]], ()),
}


@pytest.mark.parametrize(("head", "buffers"), MALFORMED.values(), ids=MALFORMED)
def test_malformed_values_are_one_error(head: Any, buffers: tuple[bytes, ...]) -> None:
    with pytest.raises(WireError):
        unpacked(head, *buffers)


def test_a_model_that_is_none_is_its_own_error() -> None:
    with pytest.raises(ModelError, match="names its kind"):
        unpacked(["model", "{}"])


def test_an_opaque_thing_shows_and_does_nothing() -> None:
    came = unpacked(["opaque", "Evil\ud800 <b>", "x" * 1000])
    assert isinstance(came, Opaque)
    assert type(came).__name__ == "Evil___b_"
    assert repr(came) == "x" * wire.frame.MAX_TEXT
    assert came != "x" * wire.frame.MAX_TEXT


# --- frames ----------------------------------------------------------------------------------


@pytest.fixture
def ends() -> Iterator[tuple[socket.socket, Channel]]:
    theirs, ours = socket.socketpair()
    with theirs, ours:
        yield theirs, Channel(ours, Nothing())


def packed(head: bytes, *buffers: bytes, lengths: list[int] | None = None) -> bytes:
    sizes = [len(b) for b in buffers] if lengths is None else lengths
    raw = b"".join(wire.channel.LENGTH.pack(n) for n in sizes)
    return wire.channel.HEADER.pack(len(head), len(sizes)) + raw + head + b"".join(buffers)


def received(ends: tuple[socket.socket, Channel], data: bytes) -> Any:
    theirs, channel = ends
    theirs.sendall(data)
    theirs.shutdown(socket.SHUT_WR)
    return channel.receive()


@pytest.mark.parametrize(
    "data",
    [
        packed(b"[]"),
        packed(b"5"),
        packed(b""),
        packed(b"{"),
        packed(b"\xff\xfe\0"),
        packed(b'{"a":' + b"9" * 5000 + b"}"),
        packed(b"[" * 100_000 + b"]" * 100_000),
        packed(b'{"a":' * 100_000 + b"1" + b"}" * 100_000),
        packed(b"[" + b"[]," * (2 * wire.frame.MAX_NODES) + b"[]]"),
        wire.channel.HEADER.pack(wire.frame.MAX_HEAD + 1, 0),
        wire.channel.HEADER.pack(2, 2**32 - 1),
        wire.channel.HEADER.pack(2, wire.frame.MAX_BUFFERS + 1),
        packed(b"{}", lengths=[2**63]),
        packed(b"{}", lengths=[wire.frame.MAX_BYTES, 1]),
        packed(b"{}", lengths=[2**64 - 1] * 3),
    ],
    ids=lambda data: repr(data[:24]),
)
def test_a_malformed_frame_is_refused(ends: tuple[socket.socket, Channel], data: bytes) -> None:
    theirs, channel = ends
    writer = threading.Thread(target=theirs.sendall, args=(data,))
    writer.start()
    with pytest.raises(WireError) as error:
        channel.receive()
    assert error.type is WireError
    channel.close()
    theirs.close()
    writer.join()


@pytest.mark.parametrize("kept", range(0, 40, 3))
def test_a_frame_cut_short_means_that_nobody_is_there(
    ends: tuple[socket.socket, Channel], kept: int
) -> None:
    whole = packed(b'{"a": 1}', b"12345678", b"12345678")
    with pytest.raises(ClosedError):
        received(ends, whole[:kept])


def test_who_waits_looks_also_while_bytes_drip() -> None:
    """A sender of one byte at a time must not escape the limits."""
    theirs, ours = socket.socketpair()
    looks = 0

    def look() -> None:
        nonlocal looks
        looks += 1
        if looks > 5:
            raise TimeoutError("enough")

    def drip() -> None:
        with theirs:
            while not done.wait(0.005):
                try:
                    theirs.sendall(b"\0")
                except OSError:
                    return

    done = threading.Event()
    writer = threading.Thread(target=drip)
    writer.start()
    channel = Channel(ours, Nothing(), look)
    with pytest.raises(TimeoutError, match="enough"):
        channel._read(1000)
    done.set()
    writer.join()
    channel.close()


def a_message() -> bytes:
    value = {
        "numbers": [1, 2.5, None, 10**30],
        "array": np.arange(6.0).reshape(2, 3),
        "texts": np.array(["a", "b"]),
        "objects": np.array([1, "a"], dtype=object),
        "table": FRAMES_OF_DATA["categories"],
        "column": pd.Series([1, None], dtype="Int64"),
        "bytes": b"abc",
        "more": ({1, 2}, frozenset([3]), 1j, range(5), np.float32(1)),
    }
    head, buffers = message(value)
    return packed(json.dumps({"id": 1, "value": json.loads(head)}).encode(), *buffers)


MESSAGE = a_message()
WORDS = [b'"array"', b'"frame"', b'"<U9"', b"null", b"[]", b"-1", b"1e999", b'"category"', b"0"]
change = st.tuples(
    st.integers(0, len(MESSAGE) - 1), st.sampled_from(["set", "cut", "add"]), st.binary(max_size=6)
) | st.tuples(st.integers(0, len(MESSAGE) - 1), st.just("add"), st.sampled_from(WORDS))


def mutated(changes: list[tuple[int, str, bytes]]) -> bytes:
    data = bytearray(MESSAGE)
    for at, what, by in changes:
        if what == "set":
            data[at : at + len(by)] = by
        elif what == "cut":
            del data[at : at + len(by)]
        else:
            data[at:at] = by
    return bytes(data)


@settings(max_examples=FRAMES, deadline=2000, suppress_health_check=list(HealthCheck))
@given(st.lists(change, min_size=1, max_size=4))
def test_mutated_frames_are_read_or_refused(changes: list[tuple[int, str, bytes]]) -> None:
    theirs, ours = socket.socketpair()
    with theirs, ours:
        theirs.settimeout(1)
        theirs.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 1 << 20)
        theirs.sendall(mutated(changes))
        theirs.shutdown(socket.SHUT_WR)
        try:
            head, frame = Channel(ours, Nothing()).receive()
            repr(frame.unpack(head.get("value")))
        except WireError:
            return


leaf = st.sampled_from(
    [
        None,
        True,
        -1,
        0,
        1,
        2,
        2**63,
        1.5,
        "",
        "a",
        "<f8",
        "<U1",
        "|b1",
        "<M8[s]",
        "category",
        "Int8",
    ]
)
heads = st.recursive(
    leaf,
    lambda inner: st.builds(
        lambda tag, rest: [tag, *rest],
        st.sampled_from([*wire.KINDS, "opaque", "function"]),
        st.lists(inner | st.lists(st.integers(0, 3), max_size=3), max_size=6),
    ),
    max_leaves=20,
)


@pytest.fixture(scope="module")
def tensorflow() -> None:
    """Import it before: within an example it takes seconds, and looks like a slow value."""
    import tensorflow  # noqa: F401


@settings(max_examples=HEADS, deadline=2000, suppress_health_check=list(HealthCheck))
@given(heads, st.lists(st.binary(max_size=16), max_size=3))
@pytest.mark.usefixtures("tensorflow")
@pytest.mark.filterwarnings("ignore")  # pandas has opinions
def test_made_up_heads_are_read_or_refused(head: Any, buffers: list[bytes]) -> None:
    try:
        repr(unpacked(head, *buffers))
    except (WireError, ModelError):
        return
