"""The build on a small course: right files, nothing changes twice, hand edits show."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from coursekit.authoring.build import build, check, strangers
from coursekit.sources.layout import Course, CourseError
from coursekit.sources.notebook import make_notebook
from coursekit.sources.source import SourceCell
from samples import CHALLENGE as GOOD

LECTURE = """# %% [markdown]
# # A lecture
#
# {{badge}} and {{challenge}}

# %%
# NBVAL_CHECK_OUTPUT
print(2 * 15 + 21)

# %%
print("not compared")

# %%
print("not compared")
"""


@pytest.fixture
def course(tmp_path: Path) -> Course:
    unit = tmp_path / "course" / "01_small"
    unit.mkdir(parents=True)
    (unit / "challenge.py").write_text(GOOD, encoding="utf-8")
    (unit / "lecture.py").write_text(LECTURE, encoding="utf-8")
    (tmp_path / "pyproject.toml").write_text(
        '[tool.coursekit]\nstudent_repository = "https://github.com/someone/course"\n'
    )
    return Course(tmp_path)


def read(course: Course, name: str) -> nbformat.NotebookNode:
    return nbformat.read(course.root / name, as_version=4)


SOLUTION = "solutions/01_small/small_challenge.ipynb"
RELEASE = "notebooks/01_small/small_challenge.ipynb"
TAUGHT = "notebooks/lectures/01_small.ipynb"


def test_builds_three_notebooks_and_then_changes_nothing(course: Course) -> None:
    names = sorted(str(p.relative_to(course.root)) for p in build(course.units))
    assert names == [RELEASE, TAUGHT, SOLUTION]
    assert check(course.units) == []
    before = {name: (course.root / name).read_bytes() for name in names}
    assert build(course.units) == []
    assert build(course.units, force=True) == [], "the same outputs, byte for byte"
    assert before == {name: (course.root / name).read_bytes() for name in names}


def test_solution_has_nbgraders_metadata_and_stable_ids(course: Course) -> None:
    build(course.units)
    cells = {cell.id: cell for cell in read(course, SOLUTION).cells}
    answer = cells["q1_double"].metadata["nbgrader"]
    assert answer == {
        "grade": False,
        "solution": True,
        "locked": False,
        "task": False,
        "grade_id": "q1_double",
        "schema_version": 3,
    }
    assert cells["q1_double-small"].metadata["nbgrader"]["points"] == 1
    assert cells["q1_double-prompt"].metadata["nbgrader"]["locked"]
    assert cells["q2_why"].metadata["nbgrader"]["task"]
    assert "nbgrader" not in cells["q2_why-answer"].metadata
    assert not any("lines_to_next_cell" in cell.metadata for cell in cells.values())


def test_release_hides_answers_and_lets_run_all_go_on(course: Course) -> None:
    build(course.units)
    text = (course.root / RELEASE).read_text(encoding="utf-8")
    for secret in ("return 2 * x", "double(3) == 6", "Because.", "BEGIN"):
        assert secret not in text
    assert 'raise NotImplementedError(\\"not tried yet\\")' in text
    tags = {cell.id: cell.metadata.get("tags", []) for cell in read(course, RELEASE).cells}
    assert tags["q1_double"] == tags["q1_double-large"] == ["raises-exception"]
    assert tags["setup-given"] == []


def test_a_quiz_is_folded_since_its_code_says_the_answer() -> None:
    quiz = 'answers = {"2": "Right."}\nquiz.ask("1 + 1?", answers)'
    cells = [SourceCell("plain", "", "code", text, 1) for text in (quiz, "print(1)")]
    folded, open_ = make_notebook(cells).cells
    assert folded.metadata["jupyter"] == {"source_hidden": True}
    assert folded.metadata["cellView"] == "form"
    assert not open_.metadata


def test_ids_change_only_where_the_text_did(course: Course) -> None:
    build(course.units)
    before = [cell.id for cell in read(course, TAUGHT).cells]
    assert before[3].endswith("-1")
    assert before[4] == before[3][:-1] + "2", "the same text a second time"
    lecture = course.units[0].lectures[0]
    lecture.write_text(LECTURE.replace("A lecture", "A better lecture"), encoding="utf-8")
    build(course.units)
    after = [cell.id for cell in read(course, TAUGHT).cells]
    assert after[1:] == before[1:]
    assert after[0] != before[0]


def test_only_marked_cells_keep_outputs(course: Course) -> None:
    build(course.units)
    cells = [cell for cell in read(course, TAUGHT).cells if cell.cell_type == "code"]
    assert [o.text for o in cells[1].outputs] == ["51\n"]
    assert cells[1].execution_count == 2
    assert cells[0].outputs == cells[2].outputs == cells[3].outputs == []


def test_links_lead_to_the_student_repository(course: Course) -> None:
    build(course.units)
    first = read(course, TAUGHT).cells[0].source
    assert f"colab.research.google.com/github/someone/course/blob/main/{TAUGHT}" in first
    assert f"https://github.com/someone/course/blob/main/{RELEASE}" in first


def edit_source(course: Course) -> None:
    lecture = course.units[0].lectures[0]
    lecture.write_text(LECTURE.replace("2 * 15", "3 * 15"), encoding="utf-8")


def edit_text(course: Course) -> None:
    path = course.root / TAUGHT
    path.write_text(path.read_text().replace("A lecture", "My lecture"))


def edit_output(course: Course) -> None:
    path = course.root / TAUGHT
    notebook = json.loads(path.read_text())
    notebook["cells"][2]["outputs"][0]["text"] = ["52\n"]
    path.write_text(json.dumps(notebook))


def edit_release(course: Course) -> None:
    path = course.root / RELEASE
    path.write_text(path.read_text().replace("Double it", "Triple it"))


def remove_solution(course: Course) -> None:
    (course.root / SOLUTION).unlink()


def damage(course: Course) -> None:
    (course.root / TAUGHT).write_text('{"cells": [')


FINDINGS = {
    edit_source: [f"{TAUGHT}: its outputs are stale or were edited by hand"],
    edit_text: [f"{TAUGHT}: not what its source builds"],
    edit_output: [f"{TAUGHT}: its outputs are stale or were edited by hand"],
    edit_release: [f"{RELEASE}: not what its source builds"],
    remove_solution: [f"{SOLUTION}: missing"],
    damage: [f"{TAUGHT}: its outputs are stale or were edited by hand"],
}


@pytest.mark.parametrize("change", FINDINGS, ids=lambda change: change.__name__)
def test_check_names_what_is_not_current_and_build_mends_it(course: Course, change) -> None:
    build(course.units)
    change(course)
    assert check(course.units) == FINDINGS[change]
    build(course.units)
    assert check(course.units) == []


OWN = [
    "notebooks/lectures/01_small_2_old.ipynb",
    "notebooks/01_small/figure.png",
    "solutions/01_small/notes.txt",
    "solutions/01_small/small_challenge (copy).ipynb",
]


@pytest.mark.parametrize("name", OWN)
def test_what_the_build_did_not_write_is_named_and_left(course: Course, name: str) -> None:
    build(course.units)
    path = course.root / name
    shutil.copy(course.root / TAUGHT, path)
    assert check(course.units) == [f"{name}: no source builds it"]
    assert build(course.units) == []
    assert strangers(course.units) == [path]
    assert path.read_bytes() == (course.root / TAUGHT).read_bytes()


def test_what_the_build_wrote_goes_with_its_source_unless_it_was_edited(course: Course) -> None:
    second = course.units[0].folder / "lecture_2_more.py"
    made = course.root / "notebooks/lectures/01_small_2_more.ipynb"
    for edited in (False, True):
        second.write_text("# %% [markdown]\n# # More\n", encoding="utf-8")
        build(course.units)
        content = made.read_bytes()
        if edited:
            made.write_bytes(content + b"\n")
        second.unlink()
        assert build(course.units) == ([] if edited else [made])
        assert made.exists() == edited


@pytest.mark.parametrize(
    "mark", ["%notmagic", "print(undefined)", "raise ValueError", "import nono"]
)
def test_a_lecture_without_a_compared_cell_is_executed_once(course: Course, mark: str) -> None:
    lecture = course.units[0].lectures[0]
    plain = LECTURE.replace("# NBVAL_CHECK_OUTPUT\n", "")
    lecture.write_text(plain, encoding="utf-8")
    build(course.units)
    assert check(course.units) == []
    lecture.write_text(plain + f"\n# %%\n{mark}\n", encoding="utf-8")
    assert check(course.units) == [f"{TAUGHT}: its outputs are stale or were edited by hand"]
    with pytest.raises(CourseError, match=r"lecture\.py:15: "):
        build(course.units)


def test_a_failing_lecture_names_its_line(course: Course) -> None:
    lecture = course.units[0].lectures[0]
    lecture.write_text(LECTURE + "\n# %%\n1 / 0\n", encoding="utf-8")
    with pytest.raises(CourseError, match=r"lecture\.py:16: ZeroDivisionError: division by zero"):
        build(course.units)


@pytest.mark.parametrize(
    ("cell", "message"),
    [
        ("import warnings\nwarnings.warn('old name')", "UserWarning: old name"),
        ("import os, time\nos.write(2, b'notice\\n')\ntime.sleep(0.5)", "notice"),
    ],
    ids=["a warning", "from C"],
)
def test_a_cell_that_writes_to_stderr_is_refused(
    course: Course, cell: str, message: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("PYTEST_CURRENT_TEST")  # or the kernel leaves C's output to pytest
    lecture = course.units[0].lectures[0]
    lecture.write_text(LECTURE + f"\n# %%\n{cell}\n", encoding="utf-8")
    with pytest.raises(CourseError, match=rf"lecture\.py:16: the cell writes to .*{message}"):
        build(course.units)


@pytest.mark.parametrize(
    ("cell", "message"),
    [("x = 1", "prints nothing to compare"), ("x = 1\nx", "may only print text")],
)
def test_a_marked_cell_must_print(course: Course, cell: str, message: str) -> None:
    lecture = course.units[0].lectures[0]
    text = f"# %% [markdown]\n# # T\n\n# %%\n# NBVAL_CHECK_OUTPUT\n{cell}\n"
    lecture.write_text(text, encoding="utf-8")
    with pytest.raises(CourseError, match=f"lecture.py:4: .*{message}"):
        build(course.units)


def test_a_lecture_takes_no_graded_cells_and_no_unknown_words(course: Course) -> None:
    lecture = course.units[0].lectures[0]
    lecture.write_text(GOOD, encoding="utf-8")
    with pytest.raises(CourseError, match=r"lecture\.py:4: a lecture has no given cells"):
        build(course.units)
    lecture.write_text("# %% [markdown]\n# {{bagde}}\n", encoding="utf-8")
    with pytest.raises(CourseError, match=r"lecture\.py:1: nothing is known to put for"):
        build(course.units)


def test_command_says_what_to_do(course: Course) -> None:
    def run(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "coursekit.cli", *arguments]
        return subprocess.run(command, cwd=course.root, capture_output=True, text=True)

    assert run("build").returncode == 0
    assert run("build", "--check").returncode == 0
    edit_text(course)
    stale = run("build", "--check")
    assert stale.returncode == 1
    assert "Run `coursekit build`" in stale.stdout
    wrong = run("build", "99_none")
    assert wrong.returncode == 1
    assert wrong.stderr == "coursekit: No unit called '99_none': choose from 01_small.\n"


def test_a_course_names_its_student_repository(course: Course) -> None:
    (course.root / "pyproject.toml").write_text("[tool.coursekit]\n", encoding="utf-8")
    with pytest.raises(CourseError, match=r"set student_repository in \[tool\.coursekit\]"):
        build(course.units)


def test_outside_a_course_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(CourseError, match="No course here"):
        Course.find(tmp_path)
