"""Checks that explain themselves: expected, got, try.

Every function prints one ``[pass]`` line on stdout, or raises `ExpectationError` with a message
of three lines. Whatever a student's function returns - None, a string, a ragged list, NaN - gets
that message and never a raw TypeError.

Source: the message layout follows the three outcomes of Kaggle's learntools.
"""

import contextlib
import inspect
import reprlib
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from coursekit.models import ModelError, describe, rebuild

Size: TypeAlias = tuple[int | None, ...]
Hint: TypeAlias = str | tuple[str, ...]
"""What to try next; of several, each failure in a row shows the next, down to the last."""

_failed: dict[Hint, int] = {}
FINITE = "Lower the learning rate; look for log(0), a division by 0 or missing values."
NOTHING = "Did you forget `return`, or return what print() or compile() gives, which is None?"


class ExpectationError(AssertionError):
    """A check did not pass; the message has the lines ``expected:``, ``got:``, ``try:``."""

    def __init__(self, expected: str, got: str, hint: str) -> None:
        super().__init__(expected, got, hint)

    def __str__(self) -> str:
        # Each part stays on its line, whatever the value's own text looks like.
        parts = (" ".join(str(part).split()) for part in self.args)
        return "\n".join(map(": ".join, zip(("expected", "got", "try"), parts, strict=False)))

    def _render_traceback_(self) -> list[str]:
        """Show IPython the message alone, without the frames of this module."""
        return [str(self)]


def forget_failures() -> None:
    """Begin each ladder of hints anew, as for another student."""
    _failed.clear()


def that(condition: object, *, expected: str, got: object, hint: Hint = "", name: str = "") -> None:
    """Check anything: the general form of the functions below.

    Parameters
    ----------
    condition : bool or array of bool
        True, or true everywhere, passes.
    expected : str
        What should hold, as a sentence.
    got : object
        What was found: a sentence, or the value itself, which is shortened.
    hint : str or tuple of str
        What the learner can try next; of several, each failure shows the next.
    name : str
        What was checked, for the pass line; `expected` if empty.

    Raises
    ------
    ExpectationError
        The condition does not hold.

    Examples
    --------
    >>> that(2 + 2 == 4, expected="2 + 2 makes 4", got=2 + 2)
    [pass] 2 + 2 makes 4
    """
    try:
        passed = bool(np.all(np.asarray(condition)))
    except Exception:  # text, ragged lists, symbolic tensors: nothing that holds
        passed = False
    found = got[:300] if isinstance(got, str) else _brief(got)
    todo = hint or "Read the question again, one step at a time."
    _check(passed, name or expected if passed else expected, found, todo)


def is_a(
    value: object, kind: type | tuple[type, ...], *, name: str = "the value", hint: Hint = ""
) -> None:
    """Check the type; NumPy's own numbers count as int, float and bool.

    Parameters
    ----------
    value : object
        What to check.
    kind : type or tuple of type
        The type, or the types any of which will do.
    name : str
        What is checked.
    hint : str or tuple of str
        What to try when it fails, the gentlest first.

    Raises
    ------
    ExpectationError
        The value is of another type.

    Examples
    --------
    >>> is_a([1, 2], list)
    [pass] the value is of type list
    >>> is_a(None, list)
    Traceback (most recent call last):
    ...
    coursekit.expect.ExpectationError: expected: the value is of type list
    got: None
    try: Did you forget `return`, or return what print() or compile() gives, which is None?
    """
    kinds = kind if isinstance(kind, tuple) else (kind,)
    claim = f"{name} is of type {' or '.join(getattr(k, '__name__', str(k)) for k in kinds)}"
    plain = value.item() if isinstance(value, np.generic) else value
    itself = isinstance(value, type)
    todo = "Add () to make one." if itself else "Look at what the last line returns."
    fits = isinstance(value, kinds) or isinstance(plain, kinds)
    _check(fits, claim, _brief(value), hint or todo)


def shape(value: object, shape: Size, *, name: str = "the value", hint: Hint = "") -> None:
    """Check the shape of an array, tensor or nested list.

    Parameters
    ----------
    value : array_like
        What to check.
    shape : tuple of (int or None)
        Expected size of each axis; None stands for any size.
    name : str
        What is checked.
    hint : str or tuple of str
        What to try when it fails, the gentlest first.

    Raises
    ------
    ExpectationError
        The shape differs, or the value has none.

    Examples
    --------
    >>> shape([[1, 2], [3, 4]], (None, 2), name="x")
    [pass] x has shape (any, 2)
    """
    claim = f"{name} has shape {_size(shape)}"
    _match(_shape_of(value, claim, hint), shape, claim, hint)


def output_shape(
    model: Any, shape: Size, *, inputs: Any = None, name: str = "the model", hint: Hint = ""
) -> None:
    """Check what shape a Keras model gives back.

    Parameters
    ----------
    model : keras.Model
        Sequential, functional or subclassed.
    shape : tuple of (int or None)
        Expected shape; None, usual for the batch axis, stands for any size.
    inputs : array of shape (batch, ...), optional
        A small batch to call the model on. Give it wherever the model may be subclassed or may not
        know its input yet: the answer is then what the model really does.
    name : str
        What is checked.
    hint : str or tuple of str
        What to try when it fails, the gentlest first.

    Raises
    ------
    ExpectationError
        The shape differs, the model fails on `inputs`, or it is not built and `inputs` is absent.
    """
    claim = f"{name} gives shape {_size(shape)}"
    if isinstance(model, type) or inspect.isroutine(model):
        _check(False, claim, _brief(model), hint or "Give the model itself: add () to make it.")
    got = _brief(model)
    try:
        found = _stated_shape(model) if inputs is None else model(inputs)
    except Exception as error:  # a student's model may fail in any way
        if model is not None:
            got = f"{got}, stopped with {type(error).__name__}: {error}"[:300]
        _check(False, claim, got, hint or "Call it on two rows of data and read the error.")
    if inputs is not None:
        found = _shape_of(found, claim, hint)
    if isinstance(found, tuple):
        hint = hint or "Look at the last layer: its units are the last axis."
    _match(found, shape, claim, hint)


def close(
    value: object,
    target: object,
    *,
    rtol: float = 1e-5,
    atol: float = 1e-8,
    name: str = "the value",
    hint: Hint = "",
) -> None:
    """Check numbers, arrays or tensors up to rounding.

    It passes where ``|value - target| <= atol + rtol * |target|`` everywhere.

    Parameters
    ----------
    value, target : array_like
        Of the same shape: nothing is broadcast.
    rtol, atol : float
        Relative and absolute tolerance, the latter in the unit of `target`.
    name : str
        What is checked.
    hint : str or tuple of str
        What to try when it fails, the gentlest first.

    Raises
    ------
    ExpectationError
        The shapes differ, or some value is off; the message says how far and where.

    Examples
    --------
    >>> close([0.1 + 0.2, 1.0], [0.3, 1.0], name="the sums")
    [pass] the sums: close to the target
    """
    claim = f"{name}: close to the target"
    want, have = np.asarray(target, dtype=np.float64), _numbers(value, claim, hint)
    if have.shape != want.shape:
        _match(have.shape, want.shape, f"{claim}, of shape {_size(want.shape)}", hint)
    with np.errstate(invalid="ignore"):  # inf - inf
        off = np.abs(have - want)
    bad = ~np.isclose(have, want, rtol=rtol, atol=atol)
    if bad.any():
        rank = np.where(bad, np.nan_to_num(off, nan=np.inf), -1.0)
        at = np.unravel_index(int(rank.argmax()), rank.shape)
        got = f"{have[at]:.6g} instead of {want[at]:.6g}"
        if at:
            got += f"{_at(at)}, the largest difference; {bad.sum()} of {bad.size} values are off"
        _check(False, claim, got, hint or "Work one small case out by hand.")
    _check(True, claim)


def finite(value: object, *, name: str = "the value", hint: Hint = "") -> None:
    """Check that there are numbers, and that none is NaN or infinite.

    Parameters
    ----------
    value : array_like
        A number, array, tensor or nested list, of any shape.
    name : str
        What is checked.
    hint : str or tuple of str
        What to try when it fails, the gentlest first.

    Raises
    ------
    ExpectationError
        Some number is not finite, or there is none.

    Examples
    --------
    >>> finite([0.5, 0.25], name="the losses")
    [pass] the losses: every number is finite
    """
    claim = f"{name}: every number is finite"
    array = _numbers(value, claim, hint)
    bad = np.argwhere(~np.isfinite(array))
    got = (
        f"{len(bad)} of {array.size} numbers NaN or infinite" if array.size else "no number at all"
    )
    got += f", the first{_at(bad[0])}" if len(bad) and array.ndim else ""
    _check(not len(bad) and array.size, claim, got, hint or FINITE)


def better(
    score: object,
    baseline: float,
    *,
    factor: float = 1.0,
    lower_is_better: bool = True,
    name: str = "the score",
    hint: Hint = "",
) -> None:
    """Check that a model learned better than a baseline.

    Parameters
    ----------
    score : float
        One number: an error, or with ``lower_is_better=False`` for instance an accuracy.
    baseline : float
        The score of the baseline, in the same unit.
    factor : float
        The limit is ``factor * baseline``.
    lower_is_better : bool
        Whether the score must be at most, or at least, the limit.
    name : str
        What is checked.
    hint : str or tuple of str
        What to try when it fails, the gentlest first.

    Raises
    ------
    ExpectationError
        The score misses the limit or is not one finite number.

    Examples
    --------
    >>> better(0.04, 0.10, factor=0.5, name="the test error")
    [pass] the test error is at most 0.05 (baseline 0.1): 0.04
    """
    limit, one = factor * float(baseline), _numbers(score, f"{name} is one number", hint)
    if one.size != 1:
        _check(False, f"{name} is one number", _brief(score), hint or "Take one of them.")
    number, most = one.item(), "most" if lower_is_better else "least"
    claim = f"{name} is at {most} {limit:.4g} (baseline {float(baseline):.4g})"
    todo = "Look at the learning curves: does the model underfit, overfit, or stop too early?"
    passed = number <= limit if lower_is_better else number >= limit
    _check(passed, claim + f": {number:.4g}" * passed, f"{number:.4g}", hint or todo)


def equal(value: object, target: object, *, name: str = "the value", hint: Hint = "") -> None:
    """Check an exact answer: text, whole numbers, truth values, lists of them.

    The message names the target, so use it where the answer may be seen.

    Parameters
    ----------
    value, target : object
        Compared with ``==``, except that True is not 1; arrays need equal shape and values.
    name : str
        What is checked.
    hint : str or tuple of str
        What to try when it fails, the gentlest first.

    Raises
    ------
    ExpectationError
        The two differ.

    Examples
    --------
    >>> equal("relu", "relu", name="the activation")
    [pass] the activation equals 'relu'
    """
    claim = f"{name} equals {reprlib.repr(target)}"
    try:
        if hasattr(value, "shape") or hasattr(target, "shape"):
            same = np.array_equal(np.asarray(value), np.asarray(target))
        else:
            same = bool(value == target) and isinstance(value, bool) == isinstance(target, bool)
    except Exception:  # whatever cannot be compared is not equal
        same = False
    plain = {_brief(v).rsplit(",", 1)[0].strip("'\" ").casefold() for v in (value, target)}
    almost = len(plain) == 1
    todo = "Almost: look at type, capitals, blanks." if almost else "Work it out again by hand."
    _check(same, claim, _brief(value), hint or todo)


def rebuilds(model: Any, *, name: str = "the model", hint: Hint = "") -> None:
    """Check that the grader can build a model anew, from its description and its weights.

    So it does before it trains a model, or shows it data that students do not have.

    Parameters
    ----------
    model : keras.Model
        Sequential or functional, of Keras' own layers, built.
    name : str
        What is checked.
    hint : str or tuple of str
        What to try when it fails, the gentlest first.

    Raises
    ------
    ExpectationError
        Some part is not on the grader's list, a weight is not finite, or the copy says something
        else than the model.
    """
    claim, got = f"{name} is one that the grader can rebuild", ""
    try:
        twin = rebuild(*describe(model))
    except ModelError as error:
        got = "None" if model is None else str(error)
        todo = "Use Keras' own layers, no Lambda and no class of your own; begin with keras.Input."
        _check(False, claim, got, hint or (FINITE if "NaN" in got else todo))
    if isinstance(model.input_shape, tuple):
        ones = np.ones((2, *model.input_shape[1:]), dtype="float32")
        got, same = "a copy that says something else", False
        try:
            pairs = zip(*(_flat(each(ones, training=False)) for each in (model, twin)), strict=True)
            same = all(np.allclose(a, b, rtol=1e-3, atol=1e-4, equal_nan=True) for a, b in pairs)
        except Exception as error:  # a layer may have been tampered with
            got = f"{type(error).__name__}: {error}"[:300]
        _check(same, claim, got, hint or "Leave the layers of the model as Keras makes them.")
        return
    _check(True, claim)


def _flat(outputs: Any) -> list[NDArray[Any]]:
    """Return what a model gives back as a list of arrays."""
    import keras  # not at the top: TensorFlow is slow to import

    return [np.asarray(each) for each in keras.tree.flatten(outputs)]


def _check(passed: object, claim: str, got: str = "", hint: Hint = "") -> None:
    """Print the pass line or raise; a None gets the advice that nearly always helps."""
    if not passed:
        raise ExpectationError(claim, got, NOTHING if got == "None" else _rung(hint))
    print(f"[pass] {claim}")


def _rung(hint: Hint) -> str:
    """Return the next step of a ladder of hints."""
    steps, tried = (hint,) if isinstance(hint, str) else hint, _failed.get(hint, 0)
    _failed[hint] = tried + 1
    return steps[min(tried, len(steps) - 1)]


def _brief(value: object) -> str:
    """Say what a value is in one short line: never a whole array."""
    if value is None:
        return "None"
    text = "a value"
    with contextlib.suppress(Exception):  # a broken __repr__, a shape that is none
        text = " ".join(reprlib.repr(value).split())
        if size := tuple(getattr(value, "shape", ())):
            text = f"shape {_size(size)}"
    return f"{text}, of type {type(value).__name__}"


def _size(size: Any) -> str:
    return str(tuple(size)).replace("None", "any")


def _at(index: Any) -> str:
    return f" at index {[int(i) for i in index]}" if len(index) else ""


def _numbers(value: object, claim: str, hint: Hint) -> NDArray[np.float64]:
    array = np.asarray(None)
    with contextlib.suppress(Exception):  # ragged lists, symbolic tensors
        array = np.asarray(value)
    if array.dtype.kind in "OMmUSc":
        todo = "Give numbers: one, or an array with rows of equal length."
        _check(False, claim, _brief(value), hint or todo)
    return array.astype(np.float64)


def _shape_of(value: Any, claim: str, hint: Hint) -> tuple[int | None, ...]:
    try:  # a symbolic tensor has a shape and no numbers
        return tuple(value.shape)
    except Exception:
        return _numbers(value, claim, hint).shape


def _stated_shape(model: Any) -> Any:
    """Return the output shape that a model states through public API, None if it is not built."""
    try:
        return model.output_shape
    except (AttributeError, ValueError):  # subclassed, or not built
        import keras  # not at the top: TensorFlow is slow to import

        known = (model.get_build_config() or {}).get("input_shape")
        return tuple(model(keras.Input(known[1:])).shape) if known else None


def _match(found: Any, want: Any, claim: str, hint: Hint) -> None:
    """Compare two shapes, and guess from the pair what went wrong."""
    got, todo = f"shape {_size(found or ())}", "Print the shape of every step, from the first on."
    if not isinstance(found, tuple):
        got = _brief(found) if found else "a model that is not built, so its shape is not known"
        todo = "Begin with keras.Input(shape=...), or call the model on a batch first."
    elif tuple(want) == (*found, 1):
        todo = "Make it a column: x.reshape(-1, 1)."
    elif found == (*want, 1):
        todo = "Make it flat: x.reshape(-1)."
    elif found == tuple(want)[::-1]:
        todo = "Swap the axes: x.T."
    fits = isinstance(found, tuple) and len(found) == len(want)
    fits = fits and all(w in (None, f) for w, f in zip(want, found, strict=True))
    _check(fits, claim, got, hint or todo)
