"""Guess first, run later: record a prediction and compare it with the result.

Source: the predict-observe-explain habit; a wrong guess teaches more than none, so nothing here
is graded and nothing here stops a notebook.
"""

import math

import numpy as np

_guesses: dict[str, tuple[object, str]] = {}


def record(key: str, guess: object, *, unit: str = "") -> None:
    """Keep a guess until the result is there.

    Parameters
    ----------
    key : str
        Name of the question; a second guess under one name replaces the first.
    guess : object
        A number, a word, or None (also ``...``) for no guess. A number written with a comma is
        none: Python takes it for two.
    unit : str
        Unit of the guess and of the result, such as ``"iterations"``.

    Examples
    --------
    >>> record("iterations", 60)
    Your guess for iterations is kept: 60.
    """
    _guesses[key] = guess, unit
    kept = f"Your guess for {key} is kept: {_text(guess, unit)}."
    todo = "put a number without commas, or a word, in place of None; then run this cell again."
    print(f"No guess for {key} yet: {todo}" if _blank(guess) else kept)


def compare(key: str, result: object, *, rtol: float = 0.1) -> None:
    """Print how a recorded guess compares with the result.

    Parameters
    ----------
    key : str
        Name that was given to `record`.
    result : object
        A number (also a tensor or array of one value) or a word; words ignore capitals.
    rtol : float
        A number within this fraction of the result counts as close.

    Examples
    --------
    >>> record("iterations", 60, unit="steps")
    Your guess for iterations is kept: 60 steps.
    >>> compare("iterations", 55)
    You guessed 60 steps, the result is 55 steps: close (within 10 %).
    """
    guess, unit = _guesses.get(key, (None, ""))
    truth = f"the result is {_text(result, unit)}"
    if _blank(guess):
        print(f"You made no guess for {key}; {truth}.")
        return
    g, r = _number(guess), _number(result)
    if g is None or r is None:
        same = _text(guess).casefold() == _text(result).casefold()
        verdict = "right" if same else "not the same (what did you expect, and why?)"
    elif g == r:
        verdict = "exactly right"
    elif abs(g - r) <= rtol * abs(r):
        verdict = f"close (within {100 * rtol:g} %)"
    else:
        share = f" ({abs(g / r - 1):.0%} of the result)" if r else ""
        verdict = f"too {'high' if g > r else 'low'} by {_text(abs(g - r), unit)}{share}"
    print(f"You guessed {_text(guess, unit)}, {truth}: {verdict}.")


def _blank(guess: object) -> bool:
    # 7,114 is two numbers for Python, and no guess that could be compared.
    return guess is None or guess is ... or isinstance(guess, tuple) or not str(guess).strip()


def _number(value: object) -> float | None:
    """Return a finite number, or None for whatever is none (a word, True, NaN, an array)."""
    try:
        array = np.asarray(value)
        number = float(array.item())
    except Exception:  # a guess may be anything, and no guess may stop the notebook
        return None
    return number if math.isfinite(number) and array.dtype.kind != "b" else None


def _text(value: object, unit: str = "") -> str:
    number = _number(value)
    if number is None:
        text = " ".join(str(value).split())[:60]
    else:
        text = f"{number:,.0f}" if 1e4 <= abs(number) < 1e15 else f"{number:.4g}"
    return f"{text} {unit}".strip()
