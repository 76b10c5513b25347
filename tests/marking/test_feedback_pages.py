"""The page that a student gets: what is on it, and what never is."""

from __future__ import annotations

import re
from pathlib import Path

import nbformat
import pytest

from composites import write
from coursekit.classroom.course_folder import CourseFolder
from coursekit.cli import main
from coursekit.marking.by_hand import ByHand
from coursekit.sources.layout import Unit
from samples import CHALLENGE, VARIANTS, make_unit

SQUARES = "def double(x):\n    return x * x"
PICTURE = """import matplotlib.pyplot as plt
from coursekit import plots

axes = plt.subplots()[1]
axes.plot([1, 2])
plots.show(axes, alt="A line that rises <b>steeply</b>.")
def double(x):
    return 2 * x"""
READS = CHALLENGE.replace('prompt="q1_double"', 'prompt="q1_double" reads="1: Idea 1: twice"')
READS = READS.replace("# Double it.", "# ## Question 1: double it (1.5 points)")
LECTURE = "# %% [markdown]\n# # A lecture\n#\n# ## Idea 1: twice\n"


@pytest.fixture(scope="module")
def unit(tmp_path_factory: pytest.TempPathFactory) -> Unit:
    root = tmp_path_factory.mktemp("pages")
    made = make_unit(root, READS, VARIANTS)
    (made.folder / "lecture.py").write_text(LECTURE, encoding="utf-8")
    answers = {"ada": PICTURE, "bob": SQUARES, "eve": "def double(x):\n    return '<script>'"}
    for student, answer in answers.items():
        path = write(made, student, {"q1_double": answer}, root / "submitted")
        notebook = nbformat.read(path, as_version=4)
        next(c for c in notebook.cells if c.source == "*Your answer.*").source = "<img src=x> so."
        nbformat.write(notebook, path)
        (path.parent / "timestamp.txt").write_text("2026-03-01 12:00:00.000000 UTC")
        (path.parent / "submission_secret.txt").write_text(f"secret of {student}")
    write(made, "zoe", {}, root / "submitted").write_text("{")
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        assert main(["grade", made.id]) == 1
        with CourseFolder(root, made) as course:
            desk = ByHand(course)
            ada = next(answer for answer in desk.waiting() if answer.student == "ada")
            desk.save(ada, 3.0, "Well <said>.")
    return made


@pytest.fixture(autouse=True)
def _in_course(unit: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(unit.course.root)


def page(unit: Unit, student: str) -> str:
    path = unit.course.root / "feedback" / student / unit.id / "small_challenge.html"
    return path.read_text(encoding="utf-8")


def test_a_page_says_what_was_expected_and_got(
    unit: Unit, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["feedback", unit.id]) == 0
    said = capsys.readouterr()
    assert said.out.startswith("3 page(s) in ")
    assert "1 student(s) have no points yet, and no page." in said.err
    ada, bob = page(unit, "ada"), page(unit, "bob")
    assert "<strong>4.5</strong> of 5.5 points." in ada
    assert "Well &lt;said&gt;." in ada
    assert 'alt="A line that rises &lt;b&gt;steeply&lt;/b&gt;."' in ada
    assert ada.count("data:image/png;base64,") == 1
    assert "Read again" not in ada, "nothing is missing"
    assert "so far: a person has still to read one question" in bob
    assert bob.count("✗ not yet") == 2
    assert "AssertionError" in bob
    link = re.search(r'Read again: <a href="([^"]+)">lecture 1, Idea 1: twice</a>', bob)
    assert link
    assert link[1].endswith("/notebooks/lectures/01_small.ipynb#Idea-1:-twice")


def test_nothing_hidden_and_nothing_alive_is_on_it(unit: Unit) -> None:
    for options in ([], ["--with-solutions"]):
        assert main(["feedback", unit.id, *options]) == 0
        for student in ("ada", "bob", "eve"):
            text = page(unit, student)
            assert "double(3)" not in text
            assert "Because." not in text, "the mark scheme"
            assert "MARK SCHEME" not in text
            assert "<script" not in text
            assert "<img src=x" not in text


def test_solutions_other_answers_and_the_name_of_a_mistake(unit: Unit) -> None:
    assert main(["feedback", unit.id, "--with-solutions", "--student", "bob"]) == 0
    text = page(unit, "bob")
    assert "this well-known mistake does: <strong>squares</strong>" in text
    assert "Another right answer: adds" in text
    assert "return 2 * x" in text
    assert "BEGIN SOLUTION" not in text


def test_solutions_wait_until_the_last_may_hand_in(
    unit: Unit, capsys: pytest.CaptureFixture[str]
) -> None:
    deadlines = unit.course.root / "deadlines.csv"
    deadlines.write_text("unit,due\n01_small,2999-01-01 12:00Z\n")
    try:
        assert main(["feedback", unit.id, "--with-solutions"]) == 1
        said = "01_small may be handed in until 2999-01-01 12:00 UTC: give solutions out later."
        assert said in capsys.readouterr().err
        assert main(["feedback", unit.id]) == 0
    finally:
        deadlines.unlink()


@pytest.mark.filterwarnings("ignore::ResourceWarning")  # nbgrader leaves files open
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
def test_nbgrader_releases_the_pages(unit: Unit, tmp_path: Path) -> None:
    """nbgrader looks for feedback under the names that the pages have."""
    assert main(["feedback", unit.id]) == 0
    with CourseFolder(unit.course.root, unit) as course:
        config = course.config.copy()
        config.Exchange.root = str(tmp_path / "exchange")
        config.CourseDirectory.course_id = "course"
        for name in ("inbound", "outbound", "feedback"):
            (tmp_path / "exchange" / "course" / name).mkdir(parents=True)
        from nbgrader.exchange.default import ExchangeReleaseFeedback

        release = ExchangeReleaseFeedback(coursedir=course.api.coursedir, config=config)
        release.coursedir.assignment_id = unit.id
        release.coursedir.course_id = "course"
        (tmp_path / "exchange").chmod(0o777)
        release.start()
    assert len(list((tmp_path / "exchange" / "course" / "feedback").glob("*.html"))) == 3
