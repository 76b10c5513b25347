"""Ask closed questions in a notebook.

Source: jupyterquiz, whose quizzes need no kernel once they are on the page.
"""

import html
import random
from collections.abc import Mapping
from pathlib import Path

SCRIPT = Path(__file__).with_suffix(".js").read_text(encoding="utf-8")


def ask(question: str, answers: Mapping[str, str]) -> None:
    """Show a multiple-choice question; a click on an answer shows what is said about it.

    Parameters
    ----------
    question : str
        Plain text: formulas are not set in every program.
    answers : mapping of str to str
        Each answer and the feedback to it. The first is the right one; they are shown in random
        order.
    """
    from IPython.display import HTML, Javascript, display
    from jupyterquiz import display_quiz

    choices = [
        {"answer": answer, "correct": not number, "feedback": feedback}
        for number, (answer, feedback) in enumerate(answers.items())
    ]
    display(Javascript(SCRIPT))
    state = random.getstate()
    # jupyterquiz draws an id from these numbers: after equal seeds two quizzes would share one, and
    # the second stay invisible. And a quiz must not change what the next model draws.
    random.seed()
    display_quiz([{"question": question, "type": "multiple_choice", "answers": choices}])
    random.setstate(state)
    display(HTML(_twin(question, answers)))


def _twin(question: str, answers: Mapping[str, str]) -> str:
    """Return the quiz as plain HTML, for pages that run no script; the script hides it."""
    folds = "".join(
        f"<details><summary>{html.escape(answer)}</summary>{html.escape(answers[answer])}</details>"
        for answer in sorted(answers)  # the right one is not always the first
    )
    return f'<div class="coursekit-twin"><p>{html.escape(question)}</p>{folds}</div>'
