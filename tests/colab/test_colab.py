"""A lecture, a challenge and the sentence that helps elsewhere, on an image shaped like Colab's.

`make colab` runs the rest. Where the image is not made, these skip: `make system` makes it.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from colab.images import NEWEST, Image, is_made, make, versions
from colab.trial import Notebook, Trial, publish_with_git, run
from conftest import need
from coursekit.sources.layout import Course

LECTURE = "notebooks/lectures/00_foundations_1_neurons.ipynb"
CHALLENGE = "notebooks/00_foundations/foundations_challenge.ipynb"


@pytest.fixture(scope="module")
def image() -> Path:
    if not is_made(NEWEST):
        need("Colab's newest image")
    return make(NEWEST)


@pytest.fixture(scope="module")
def git(root: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return publish_with_git(Course(root), tmp_path_factory.mktemp("published") / "student")


@pytest.fixture
def attempt(
    image: Path, git: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Callable[..., Trial]:
    def run_as_a_student(notebook: Notebook, kind: Image = NEWEST, **options: Any) -> Trial:
        with monkeypatch.context() as patch:
            # A kernel that sees this leaves to pytest what C and C++ write, and nobody reads it.
            patch.delenv("PYTEST_CURRENT_TEST")
            return run(kind, image, notebook, git, **options)

    return run_as_a_student


def test_a_lecture_installs_the_course_and_changes_nothing_else(
    root: Path, attempt: Callable[..., Trial]
) -> None:
    trial = attempt(nbformat.read(root / LECTURE, as_version=4))
    assert trial.findings == []
    new = [package.split()[0] for package in trial.added]
    assert new == ["coursekit", "jupyterquiz", "keras-tuner", "kt-legacy"]


def test_an_unanswered_challenge_runs_through_and_its_last_cell_answers(
    root: Path, attempt: Callable[..., Trial]
) -> None:
    trial = attempt(nbformat.read(root / CHALLENGE, as_version=4), passing=0)
    assert trial.findings == []
    assert trial.outputs[-1].startswith("This notebook, as it stands:")
    assert "File → Download → Download .ipynb" in trial.outputs[-1]


def test_elsewhere_a_missing_course_is_one_line_with_the_command(
    root: Path, attempt: Callable[..., Trial]
) -> None:
    elsewhere = Image("elsewhere", NEWEST.python)
    trial = attempt(nbformat.read(root / LECTURE, as_version=4), elsewhere, cells=1)
    assert trial.added == []
    [said] = trial.outputs
    assert said.startswith("The course is not in this kernel's Python")
    assert f"`%pip install {Course(root).student_repository}/archive/main.zip`" in said
    assert "\n" not in said, "a traceback helps nobody here"


def test_stderr_a_changed_image_and_an_error_are_findings(
    image: Path, attempt: Callable[..., Trial]
) -> None:
    cells = [
        "import subprocess, sys\nprint('a warning', file=sys.stderr)",
        "pip = [sys.executable, '-m', 'pip', 'uninstall', '-qq', '--yes', 'pytz']\n"
        "done = subprocess.run(pip)",
        "1 / 0",
    ]
    trial = attempt(new_notebook(cells=[new_code_cell(text) for text in cells]))
    there = versions(image)["pytz"]  # still: only the copy has lost it
    assert trial.findings == [
        "Cell 3 stops with ZeroDivisionError: division by zero",
        "Cell 1 writes to stderr: a warning",
        f"pytz was {there} and is gone.",
    ]
