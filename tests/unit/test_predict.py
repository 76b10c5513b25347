"""A guess is recorded and compared; nothing a learner types stops the notebook."""

import numpy as np
import pytest

from coursekit import predict


@pytest.fixture(autouse=True)
def no_guesses(monkeypatch):
    monkeypatch.setattr(predict, "_guesses", {})


def said(capsys, guess, result, **options):
    unit = options.pop("unit", "")
    predict.record("it", guess, unit=unit)
    capsys.readouterr()
    predict.compare("it", result, **options)
    out, err = capsys.readouterr()
    assert err == ""
    assert out.count("\n") == 1
    return out.strip()


@pytest.mark.parametrize(
    ("guess", "result", "text"),
    [
        (60, 55, "You guessed 60, the result is 55: close (within 10 %)."),
        (55, 55.0, "You guessed 55, the result is 55: exactly right."),
        (80, 55, "You guessed 80, the result is 55: too high by 25 (45% of the result)."),
        (0, 55, "You guessed 0, the result is 55: too low by 55 (100% of the result)."),
        (1, 0, "You guessed 1, the result is 0: too high by 1."),
        (-2, -1, "You guessed -2, the result is -1: too low by 1 (100% of the result)."),
        ("60", 55, "You guessed 60, the result is 55: close (within 10 %)."),
        (
            6e4,
            70000,
            "You guessed 60,000, the result is 70,000: too low by 10,000 (14% of the result).",
        ),
        (" UP ", "up", "You guessed UP, the result is up: right."),
        (True, True, "You guessed True, the result is True: right."),
        ("down", "up", "You guessed down, the result is up: not the same"),
        ("about sixty", 55, "You guessed about sixty, the result is 55: not the same"),
        (float("nan"), 55, "You guessed nan, the result is 55: not the same"),
        (None, 55, "You made no guess for it; the result is 55."),
        (..., 55, "You made no guess for it; the result is 55."),
        ("  ", 55, "You made no guess for it; the result is 55."),
    ],
)
def test_compare(capsys, guess, result, text):
    assert said(capsys, guess, result).startswith(text)


def test_units_tolerance_and_array_results(capsys):
    text = said(capsys, 60, np.array([[55.0]]), unit="epochs", rtol=0.01)
    assert text == (
        "You guessed 60 epochs, the result is 55 epochs: too high by 5 epochs (9% of the result)."
    )


@pytest.mark.parametrize(
    "guess",
    [[], {}, object(), print, [1, [2]], np.zeros((3, 3)), 10**400, "é" * 999, "a\nb", 1j, b"x"],
)
def test_weird_guesses_do_not_crash(capsys, guess):
    assert len(said(capsys, guess, 55)) < 200
    assert len(said(capsys, 55, guess)) < 200


def test_no_record(capsys):
    predict.compare("never", 3)
    assert capsys.readouterr().out == "You made no guess for never; the result is 3.\n"


def test_record_confirms_or_invites(capsys):
    predict.record("epochs", 7, unit="epochs")
    predict.record("epochs", None)
    kept, invited = capsys.readouterr().out.splitlines()
    assert kept == "Your guess for epochs is kept: 7 epochs."
    assert invited.startswith("No guess for epochs yet")
