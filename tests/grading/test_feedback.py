"""What a student gets back shows their work and marks, and nothing of the grader's."""

import re
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output
from nbgrader.api import Gradebook

from coursekit.classroom.course_folder import CourseFolder
from coursekit.classroom.feedback import (
    FAILED,
    NOTE,
    UNDECIDED,
    WITHHELD,
    RedactFeedback,
    told_to_student,
)
from coursekit.classroom.grade import grade_class
from coursekit.classroom.stock import StockGrader
from coursekit.demo.sample_class import SampleStudent, write_submission
from coursekit.grading.record import Outcome, Verdict
from coursekit.leaks.gate import gate_feedback
from coursekit.sources.layout import Unit
from coursekit.sources.progress import no_progress
from samples import make_unit

CHALLENGE = """# %% [markdown]
# # A challenge

# %% given="setup"
from coursekit import expect

# %% [markdown] prompt="q1_double"
# Double it.

# %% answer="q1_double"
def double(x):
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION

# %% check="q1_double" part="explained" points=1
expect.equal(double(1), 2, name="twice one", hint="Add it to itself.")
expect.equal(double(2), 4, name="twice two", hint="Add it to itself.")
### BEGIN HIDDEN TESTS
expect.equal(double(4711), 9422, name="twice a famous number", hint="Add it to itself.")
### END HIDDEN TESTS

# %% check="q1_double" part="plain" points=1
assert double(5) == 10, "five"
### BEGIN HIDDEN TESTS
_secret_value = double(31337)
assert _secret_value == 62674, "the grader's large value"
### END HIDDEN TESTS

# %% check="q1_double" part="open" points=1
assert double(7) == 14, "seven"

# %% [markdown] task="q2_why" points=4
# Why?
# ### BEGIN MARK SCHEME
# Since adding a number to itself doubles it.
# ### END MARK SCHEME

# %% [markdown]
# *Your answer.*
"""
VARIANTS = """# %% q1_double right="adds"
def double(x):
    return x + x
"""
ANSWERS = {
    "right": "def double(x):\n    return x + x",
    "wrong": "def double(x):\n    return x + 1",
    "small": "def double(x):\n    return 2 * x if x < 10 else 0",
    "stops": "def double(x):\n    return 2 * x if x < 10 else x / 0",
    "talks": "def double(x):\n    print('called with', x)\n    return x * 2",
}
SECRETS = (
    "4711",
    "9422",
    "31337",
    "62674",
    "famous",
    "large value",
    "_secret_value",
    "itself doubles",
)


@pytest.fixture(scope="module")
def unit(tmp_path_factory: pytest.TempPathFactory) -> Unit:
    return make_unit(tmp_path_factory.mktemp("course"), CHALLENGE, VARIANTS)


@pytest.fixture(scope="module")
def pages(unit: Unit, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folder = tmp_path_factory.mktemp("class")
    for name, code in ANSWERS.items():
        student = SampleStudent(f"student-{name}", "", {"q1_double": code}, {"q1_double-open": 1})
        write_submission(unit, student, folder / "submitted")
    names = [f"student-{name}" for name in ANSWERS]
    with StockGrader(folder, unit) as grader:
        assert [record.status for record in grader.grade(names)] == ["needs-manual"] * len(names)
        with Gradebook(grader.db_url) as gradebook:
            scores = [s.score for s in gradebook.assignment_submissions(unit.id)]
        assert sorted(scores) == [0, 1, 1, 3, 3]
        return dict(zip(ANSWERS, grader.write_feedback(names), strict=True))


@pytest.fixture(scope="module")
def engine_pages(unit: Unit, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Return the same students' feedback from records, hidden parts told by no traceback."""
    folder = tmp_path_factory.mktemp("class")
    for name, code in ANSWERS.items():
        student = SampleStudent(f"student-{name}", "", {"q1_double": code}, {"q1_double-open": 1})
        write_submission(unit, student, folder / "submitted")
    names = [f"student-{name}" for name in ANSWERS]
    with CourseFolder(folder, unit) as course:
        records = grade_class(course, names, progress=no_progress)
        points = [sum(filter(None, record.scores.values())) for record in records]
        assert points == [3, 0, 1, 1, 3], "as stock nbgrader has it"
        return dict(zip(ANSWERS, course.write_feedback(names), strict=True))


def said(page: Path) -> str:
    """Return a page's text without tags."""
    body = page.read_text(encoding="utf-8").split("<body", 1)[1]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", "", body))


@pytest.mark.parametrize("name", ANSWERS)
def test_nothing_of_the_grader_s_is_shown(pages: dict[str, Path], name: str) -> None:
    text = pages[name].read_text(encoding="utf-8")
    assert [secret for secret in SECRETS if secret in text] == []
    assert "BEGIN HIDDEN" not in text
    assert "BEGIN MARK" not in text
    assert "site-packages" not in text


def test_the_gate_lets_these_pages_pass(unit: Unit, pages: dict[str, Path]) -> None:
    folders = {f"student-{name}": [page] for name, page in pages.items()}
    assert gate_feedback(unit.course, unit, folders) == []


def test_work_marks_and_visible_messages_are_shown(pages: dict[str, Path]) -> None:
    wrong = said(pages["wrong"])
    assert "return x + 1" in wrong
    assert "(Score: 0.0 / 7.0)" in wrong
    assert "expected: twice two equals 4 got: 3, of type int try: Add it to itself." in wrong
    assert "AssertionError: five" in wrong
    assert "AssertionError: seven" in wrong
    assert "[pass] twice one equals 2" in wrong
    assert "a hidden part of this check" in wrong
    assert FAILED[:40] not in wrong


def test_a_hidden_failure_is_told_without_its_values(pages: dict[str, Path]) -> None:
    small, stops = said(pages["small"]), said(pages["stops"])
    assert small.count(FAILED) == 2
    assert f"{FAILED} try: Add it to itself." in small
    assert "[pass] twice two equals 4" in small
    assert f"{FAILED} It stopped with ZeroDivisionError." in stops
    assert "return 2 * x if x &lt; 10 else x / 0" in stops
    assert "AssertionError: seven" not in small


def test_what_is_printed_in_a_hidden_part_is_not_shown(pages: dict[str, Path]) -> None:
    talks = said(pages["talks"])
    assert "called with 7" in talks, "a check without a hidden part"
    assert "called with 5" not in talks, "nobody can tell which part printed it"


@pytest.mark.parametrize("name", ANSWERS)
def test_nothing_of_the_grader_s_is_shown_from_a_record(
    engine_pages: dict[str, Path], name: str
) -> None:
    text = engine_pages[name].read_text(encoding="utf-8")
    assert [secret for secret in SECRETS if secret in text] == []
    assert "BEGIN HIDDEN" not in text
    assert "BEGIN MARK" not in text
    assert "site-packages" not in text


def test_the_gate_lets_an_engine_s_pages_pass(unit: Unit, engine_pages: dict[str, Path]) -> None:
    folders = {f"student-{name}": [page] for name, page in engine_pages.items()}
    assert gate_feedback(unit.course, unit, folders) == []


def test_a_record_tells_what_the_visible_part_said(engine_pages: dict[str, Path]) -> None:
    wrong = said(engine_pages["wrong"])
    assert "return x + 1" in wrong
    assert "(Score: 0.0 / 7.0)" in wrong
    assert "expected: twice two equals 4 got: 3, of type int try: Add it to itself." in wrong
    assert 'q1_double-plain, line 1: assert double(5) == 10, "five" AssertionError: five' in wrong
    assert "[pass] twice one equals 2" in wrong
    assert "a hidden part of this check" in wrong
    assert FAILED[:40] not in wrong


def test_a_record_tells_of_a_hidden_failure_without_its_values(
    engine_pages: dict[str, Path],
) -> None:
    small, stops = said(engine_pages["small"]), said(engine_pages["stops"])
    assert small.count(FAILED) == 2
    assert f"{FAILED} try: Add it to itself." in small
    assert "[pass] twice two equals 4" in small
    assert "the answer's line 2: return 2 * x if x &lt; 10 else x / 0" in stops
    assert f"{FAILED} It stopped with ZeroDivisionError." in stops


def outcome(**about: object) -> Outcome:
    given = {"hidden": True, "points": 0.0, "verdict": Verdict.FAIL, **about}
    return Outcome(check="q", question="q", max_points=1.0, **given)  # type: ignore[arg-type]


OURS = {"error": "ExpectationError"}


@pytest.mark.parametrize(
    ("about", "told"),
    [
        ({"verdict": Verdict.PASS, "points": 1.0, "text": "secret"}, ""),
        ({"text": "secret", "trace": ("q, line 3: secret", "secret")}, FAILED),
        ({"error": "ValueError", "text": "secret"}, f"{FAILED} It stopped with ValueError."),
        ({**OURS, "text": "expected: another name secret\ntry: secret"}, FAILED),
        (
            {**OURS, "text": "expected: visible name equals secret"},
            f"{FAILED} It is about this: visible name.",
        ),
        ({"error": "StudentError", "text": "expected: visible name is secret"}, FAILED),
        ({"trace": ("the answer's line 1: secret",)}, FAILED),
        ({"trace": ("the answer's line 1: own()",)}, f"the answer's line 1: own()\n{FAILED}"),
        ({"verdict": Verdict.UNSENDABLE, "points": None, "text": "secret"}, UNDECIDED),
        ({"verdict": Verdict.COURSE, "points": None, "hidden": False, "text": "secret"}, UNDECIDED),
        ({"verdict": Verdict.ENGINE, "points": None, "trace": ("secret",)}, UNDECIDED),
        ({"hidden": False, "text": "ten, not nine"}, "ten, not nine"),
        ({"hidden": False, "text": "a", "trace": ("q, line 1: f", "a")}, "q, line 1: f\na"),
    ],
)
def test_what_a_student_is_told_of_an_outcome(about: dict[str, object], told: str) -> None:
    note = told_to_student(outcome(**about), HIDDEN, ["own()"])
    assert note["said"] == told


def test_a_note_stands_for_everything_that_a_check_left() -> None:
    note = told_to_student(outcome(text="secret", shown="[pass] a\n"), HIDDEN, [])
    cell = check_cell(HIDDEN, evalue="secret", traceback=["secret"])
    cell.outputs.append(new_output("stream", name="stdout", text="[pass] a\nsecret"))
    cell.metadata[NOTE] = note
    RedactFeedback().preprocess(new_notebook(cells=[cell]), {})
    printed, error = cell.outputs
    assert printed.text == "[pass] a\n"
    assert error.traceback == [FAILED]
    assert "secret" not in str(cell.outputs)


@pytest.mark.parametrize("note", [{}, {"hidden": False}, {"said": 5}, "nonsense", None, [1]])
def test_a_forged_note_shows_nothing_of_the_check(note: object) -> None:
    """Stock nbgrader leaves a student's own metadata in the autograded copy."""
    cell = check_cell(HIDDEN, evalue="secret", traceback=["secret"])
    cell.metadata[NOTE] = note
    RedactFeedback().preprocess(new_notebook(cells=[cell]), {})
    assert "secret" not in str(cell.outputs)


def check_cell(source: str, **output: object) -> nbformat.NotebookNode:
    flags = {"grade": True, "locked": True, "solution": False, "grade_id": "q", "points": 1}
    error = new_output("error", **{"ename": "E", "evalue": "", "traceback": [], **output})
    return new_code_cell(source, metadata={"nbgrader": flags}, outputs=[error], execution_count=3)


HIDDEN = """expect.equal(f(1), 2, name="visible name")
### BEGIN HIDDEN TESTS
expect.equal(f(9), 81, name="another name")
### END HIDDEN TESTS"""


@pytest.mark.parametrize(
    "output",
    [
        {"ename": "AssertionError", "evalue": "secret", "traceback": []},
        {"ename": "AssertionError", "evalue": "secret", "traceback": ["<ipython-input-3> secret"]},
        {"ename": "E", "evalue": "secret", "traceback": ["Cell In[3], line 3", "secret"]},
        {
            "ename": "E",
            "evalue": "secret",
            "traceback": ["Cell In[3], line 1", "Cell In[3], line 3"],
        },
        {"ename": "E", "evalue": "secret", "traceback": ["Cell In[2], line 1", "secret"]},
        {"ename": "E", "evalue": "expected: the value equals secret", "traceback": []},
        {"ename": "E", "evalue": "expected: another name, visible name secret", "traceback": []},
    ],
)
def test_in_doubt_the_message_goes(output: dict[str, object]) -> None:
    notebook = new_notebook(cells=[check_cell(HIDDEN, **output)])
    RedactFeedback().preprocess(notebook, {})
    assert "secret" not in nbformat.writes(notebook)
    assert FAILED in notebook.cells[0].outputs[0].traceback[-1]


def test_a_name_that_is_computed_tells_nothing(tmp_path: Path) -> None:
    source = HIDDEN.replace('name="another name"', 'name=_label + "visible name"')
    cell = check_cell(source, evalue="expected: visible name equals secret")
    RedactFeedback().preprocess(new_notebook(cells=[cell]), {})
    assert "secret" not in str(cell.outputs)


def test_a_region_that_is_not_closed_is_hidden_to_the_end() -> None:
    cell = check_cell(HIDDEN.replace("### END HIDDEN TESTS", "secret = 1"))
    RedactFeedback().preprocess(new_notebook(cells=[cell]), {})
    assert "secret" not in cell.source
    assert "81" not in cell.source


def test_an_output_that_repeats_a_hidden_test_is_withheld() -> None:
    spy = new_code_cell("print(stolen)")
    spy.outputs = [new_output("stream", name="stdout", text=HIDDEN.splitlines()[2])]
    path = new_code_cell("print(path)")
    path.outputs = [new_output("display_data", {"text/html": "<p>/x/course/held_out/a.npz</p>"})]
    plain = new_code_cell("print(2)")
    plain.outputs = [new_output("stream", name="stdout", text="2\n")]
    notebook = new_notebook(cells=[check_cell(HIDDEN), spy, path, plain])
    RedactFeedback().preprocess(notebook, {})
    texts = [cell.outputs[0].get("text") for cell in notebook.cells[1:]]
    assert texts == [WITHHELD + "\n", WITHHELD + "\n", "2\n"]
