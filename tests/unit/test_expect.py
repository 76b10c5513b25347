"""Each check passes with one line or explains itself in three, whatever a student returns."""

import copy
import pickle

import numpy as np
import pandas as pd
import pytest

from coursekit import expect
from coursekit.expect import ExpectationError


def parts(check):
    """Run a check that must fail; return what follows expected:, got:, try:."""
    with pytest.raises(ExpectationError) as caught:
        check()
    lines = str(caught.value).split("\n")
    assert [line.split(": ", 1)[0] for line in lines] == ["expected", "got", "try"]
    found = [line.split(": ", 1)[1] for line in lines]
    assert all(found)
    assert max(map(len, lines)) < 400
    assert caught.value._render_traceback_() == [str(caught.value)]
    return found


class Hostile:
    """Fails at everything."""

    def _no(self, *args):
        raise RuntimeError("no")

    __repr__ = __str__ = __eq__ = __bool__ = __len__ = __array__ = __iter__ = _no
    __hash__ = None
    shape = property(_no)


WEIRD = {
    "None": None,
    "text": "abc",
    "long text": "x" * 10_000,
    "ragged": [[1, 2], [3]],
    "dict": {"a": 1},
    "function": print,
    "class": dict,
    "objects": [None, None],
    "hostile": Hostile(),
    "set": {1, 2},
    "complex": 1j,
    "bytes": b"x",
}
CHECKS = {
    "is_a": lambda v: expect.is_a(v, float),
    "shape": lambda v: expect.shape(v, (3, 1)),
    "output_shape": lambda v: expect.output_shape(v, (None, 1)),
    "output_shape on a batch": lambda v: expect.output_shape(v, (None, 1), inputs=np.ones((2, 2))),
    "close": lambda v: expect.close(v, 1.0),
    "finite": lambda v: expect.finite(v),
    "better": lambda v: expect.better(v, 1.0),
    "equal": lambda v: expect.equal(v, 7),
    "rebuilds": lambda v: expect.rebuilds(v),
    "that": lambda v: expect.that(False, expected="more", got=v),
}


@pytest.mark.parametrize("value", WEIRD.values(), ids=WEIRD.keys())
@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS.keys())
def test_no_weird_value_gives_a_raw_error(check, value):
    _, got, todo = parts(lambda: check(value))
    if value is None:
        assert got == "None"
        assert todo == expect.NOTHING


@pytest.mark.parametrize("check", CHECKS.values(), ids=CHECKS.keys())
def test_a_huge_array_is_not_printed(check):
    _, got, _ = parts(lambda: check(np.full((1000, 1000), np.nan)))
    assert len(got) < 200


def test_pass_line_and_hint(capsys):
    expect.is_a(np.float32(1), np.floating, name="rate")
    expect.is_a(np.int64(1), int)
    expect.shape(np.zeros((2, 3)), (None, 3))
    expect.shape(pd.DataFrame({"a": [1]}), (1, 1))
    expect.close(np.float32(0.3), 0.3, rtol=1e-6)
    expect.close([], [])
    expect.finite([[1, 2]])
    expect.better(0.9, 0.5, lower_is_better=False, factor=1.5, name="accuracy")
    expect.equal([1, 2], [1, 2])
    expect.equal(np.arange(3), [0, 1, 2])
    expect.that(np.array([True, True]), expected="all positive", got="x", name="signs")
    out, err = capsys.readouterr()
    assert err == ""
    lines = out.splitlines()
    assert len(lines) == 11
    assert all(line.startswith("[pass] ") for line in lines)
    assert lines[0] == "[pass] rate is of type floating"
    assert lines[-1] == "[pass] signs"
    assert parts(lambda: expect.finite([np.inf], hint="Mine."))[2] == "Mine."


@pytest.mark.parametrize(
    ("value", "target", "todo"),
    [
        (np.zeros(3), (3, 1), "x.reshape(-1, 1)"),
        (np.zeros((3, 1)), (3,), "x.reshape(-1)"),
        (np.zeros((3, 2)), (2, 3), "x.T"),
        (np.zeros((3, 2)), (4, 5), "Print the shape"),
        (5, (None,), "Print the shape"),
    ],
)
def test_shape_guesses_what_went_wrong(value, target, todo):
    expected, got, hint = parts(lambda: expect.shape(value, target))
    assert str(target).replace("None", "any") in expected
    assert got == f"shape {np.shape(value)}"
    assert todo in hint


def test_close_says_where_and_never_broadcasts():
    target = np.ones((2, 3))
    value = target.copy()
    value[0, 1], value[1, 2] = 1.5, -1
    got = parts(lambda: expect.close(value, target))[1]
    assert got == "-1 instead of 1 at index [1, 2], the largest difference; 2 of 6 values are off"
    value[0, 0] = np.nan
    assert parts(lambda: expect.close(value, target))[1].startswith(
        "nan instead of 1 at index [0, 0]"
    )
    assert parts(lambda: expect.close(2, 1))[1] == "2 instead of 1"
    assert parts(lambda: expect.close(np.inf, 1))[1] == "inf instead of 1"
    assert parts(lambda: expect.close(np.inf, -np.inf))[1] == "inf instead of -inf"
    for wrong in (1.0, np.ones(3), np.ones((1, 2, 3)), np.ones((6, 1))):
        expected, got, _ = parts(lambda v=wrong: expect.close(v, target))
        assert "(2, 3)" in expected
        assert got == f"shape {np.shape(wrong)}"


def test_finite_and_better():
    assert (
        "2 of 4 numbers NaN or infinite, the first at index [1, 0]"
        in parts(lambda: expect.finite([[1, 2], [np.nan, np.inf]]))[1]
    )
    assert parts(lambda: expect.finite(np.nan))[1] == "1 of 1 numbers NaN or infinite"
    assert parts(lambda: expect.finite([]))[1] == "no number at all"
    expected, got, _ = parts(lambda: expect.better(0.6, 1.0, factor=0.5, name="error"))
    assert (expected, got) == ("error is at most 0.5 (baseline 1)", "0.6")
    assert parts(lambda: expect.better(np.nan, 1.0))[1] == "nan"
    assert "at least" in parts(lambda: expect.better(0.6, 1.0, lower_is_better=False))[0]
    assert "one number" in parts(lambda: expect.better([1, 2], 1.0))[0]


@pytest.mark.parametrize(
    ("value", "target", "almost"),
    [
        ("Relu ", "relu", True),
        ("3", 3, True),
        (True, 1, False),
        ((1, 2), [1, 2], False),
        (np.array([3]), 3, False),
        ("sigmoid", "relu", False),
    ],
)
def test_equal_is_exact(value, target, almost):
    assert parts(lambda: expect.equal(value, target))[2].startswith("Almost") is almost


def test_that_stays_on_three_lines():
    expected, got, todo = parts(
        lambda: expect.that([True, False], expected="a\nb", got="c\n\nd", hint="e\nf")
    )
    assert (expected, got, todo) == ("a b", "c d", "e f")


def test_the_error_is_plain_data():
    error = ExpectationError("a", "b", "c")
    assert str(pickle.loads(pickle.dumps(error))) == str(copy.copy(error)) == str(error)


def test_models(capsys):
    keras = pytest.importorskip("keras")
    layers = keras.layers
    x = np.zeros((2, 2), "float32")

    class Net(keras.Model):
        def __init__(self):
            super().__init__()
            self.out = layers.Dense(1)

        def call(self, x):
            return self.out(x)

    class Forgot(Net):
        def call(self, x):
            self.out(x)

    class Broken(Net):
        def call(self, x):
            return self.out(self.nothing)

    entry = keras.Input((2,))
    functional = keras.Model(entry, layers.Dense(1)(entry))
    sequential = keras.Sequential([keras.Input((2,)), layers.Dense(1)])
    built = Net()
    built(x)
    for model in (functional, sequential, built):
        expect.output_shape(model, (None, 1))
    unbuilt = keras.Sequential([layers.Dense(1)])
    for model in (functional, sequential, built, Net(), unbuilt):
        expect.output_shape(model, (None, 1), inputs=x)
    expect.output_shape(Net(), (2, 1), inputs=keras.ops.convert_to_tensor(x))
    expect.shape(functional.output, (None, 1))
    expect.close(functional(x), np.zeros((2, 1)))
    expect.close(keras.ops.cast(functional(x), "bfloat16"), np.zeros((2, 1)))
    expect.is_a(functional, keras.Model)
    out, err = capsys.readouterr()
    assert out.count("[pass] ") == out.count("\n") == 13
    assert err == ""

    for model in (Net(), keras.Sequential([layers.Dense(1)])):
        _, got, todo = parts(lambda m=model: expect.output_shape(m, (None, 1)))
        assert "not built" in got
        assert "keras.Input" in todo
    _, got, todo = parts(lambda: expect.output_shape(functional, (None, 3)))
    assert got == "shape (any, 1)"
    assert "last layer" in todo
    assert parts(lambda: expect.output_shape(built, (None, 3), inputs=x))[1] == "shape (2, 1)"
    assert parts(lambda: expect.output_shape(Net, (None, 1)))[2].startswith("Give the model itself")
    assert parts(lambda: expect.output_shape(Forgot(), (None, 1), inputs=x))[1] == "None"
    assert "AttributeError" in parts(lambda: expect.output_shape(Broken(), (None, 1), inputs=x))[1]
    two = keras.Model(entry, [layers.Dense(1)(entry), layers.Dense(1)(entry)])
    assert "list" in parts(lambda: expect.output_shape(two, (None, 1)))[1]
    parts(lambda: expect.close(functional.output, 0.0))


def test_hints_come_one_step_at_a_time():
    ladder = ("look again", "it is a sum", "add both")

    def hint_of_the_next_failure():
        with pytest.raises(expect.ExpectationError) as caught:
            expect.close(1, 2, hint=ladder)
        return str(caught.value).splitlines()[-1]

    said = [hint_of_the_next_failure() for _ in range(4)]
    assert said == ["try: look again", "try: it is a sum", "try: add both", "try: add both"]


def test_a_model_that_the_grader_rebuilds(capsys):
    keras = pytest.importorskip("keras")
    layers = keras.layers

    class Net(keras.Model):
        def call(self, x):
            return x

    def chain(*members):
        return keras.Sequential([keras.Input((2,)), *members])

    entry = keras.Input((2,))
    two = keras.Model(entry, {"a": layers.Dense(1)(entry), "b": entry + 1})
    scale = layers.Normalization()
    scale.adapt(np.arange(8.0).reshape(4, 2))
    for model in (chain(layers.Dense(1)), two, chain(scale, layers.Dropout(0.5))):
        expect.rebuilds(model, name="it")
    assert capsys.readouterr().out == "[pass] it is one that the grader can rebuild\n" * 3

    for model, says in (
        (chain(layers.Lambda(lambda x: x)), "layer 'Lambda'"),
        (Net(), "rebuild a Net"),
        (keras.Sequential([layers.Dense(1)]), "not built"),
        ("a model", "rebuild a str"),
    ):
        expected, got, todo = parts(lambda model=model: expect.rebuilds(model))
        assert expected == "the model is one that the grader can rebuild"
        assert says in got
        assert "keras.Input" in todo
    assert parts(lambda: expect.rebuilds(None))[1] == "None"
    assert parts(lambda: expect.rebuilds(Net(), hint="No class."))[2] == "No class."

    broken = chain(layers.Dense(1))
    broken.set_weights([np.full((2, 1), np.nan), np.zeros(1)])
    _, got, todo = parts(lambda: expect.rebuilds(broken))
    assert got.startswith("its weights contain NaN or infinity: ")
    assert todo.startswith("Lower the learning rate")

    patched = chain(layers.Dense(1))
    patched.layers[0].call = lambda x, **_: x[:, :1] + 3
    assert "something else" in parts(lambda: expect.rebuilds(patched))[1]
