"""Quizzes have places of their own on the page, and leave random numbers alone."""

import random
import re

import pytest
from IPython.display import HTML, Javascript

from coursekit import quiz

ANSWERS = {"2": "Right.", "3": "Count again."}


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> list[HTML | Javascript]:
    """Return what goes to the page."""
    found: list[HTML | Javascript] = []
    monkeypatch.setattr("jupyterquiz.dynamic.display.display", found.append)
    return found


def ids(shown: list[HTML | Javascript]) -> list[str]:
    html = "".join(str(part.data) for part in shown if isinstance(part, HTML))
    return re.findall(r'<div id="(\w+)"', html)


def test_two_quizzes_after_equal_seeds_have_two_places(shown: list[HTML | Javascript]) -> None:
    for _ in range(2):
        random.seed(0)
        quiz.ask("1 + 1?", ANSWERS)
    first, second = ids(shown)
    assert first != second


def test_the_first_answer_is_the_right_one(shown: list[HTML | Javascript]) -> None:
    quiz.ask("1 + 1?", ANSWERS)
    page = "".join(str(part.data) for part in shown)
    assert re.search(r'"answer": "2", "correct": true, "feedback": "Right."', page)
    assert re.search(r'"answer": "3", "correct": false', page)


def test_a_quiz_does_not_change_what_is_drawn_next(shown: list[HTML | Javascript]) -> None:
    random.seed(0)
    expected = random.random()
    random.seed(0)
    quiz.ask("1 + 1?", ANSWERS)
    assert random.random() == expected


def test_a_page_without_scripts_has_a_twin_that_answers_too(
    shown: list[HTML | Javascript], monkeypatch: pytest.MonkeyPatch
) -> None:
    ours: list[HTML | Javascript] = []
    monkeypatch.setattr("IPython.display.display", ours.append)
    quiz.ask("Is 1 < 2?", {"yes": "Right.", "no": "No: count."})
    script, twin = ours
    assert ".coursekit-twin { display: none }" in str(script.data)
    assert str(twin.data) == (
        '<div class="coursekit-twin"><p>Is 1 &lt; 2?</p>'
        "<details><summary>no</summary>No: count.</details>"
        "<details><summary>yes</summary>Right.</details></div>"
    )
