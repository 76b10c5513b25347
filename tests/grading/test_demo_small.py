"""The demo on a small course without TensorFlow: it tells when graders do not grade."""

from pathlib import Path

import nbformat
import pytest
from nbgrader.api import Gradebook

from coursekit.classroom.stock import StockGrader
from coursekit.cli import main
from coursekit.demo.run import run_demo
from coursekit.demo.sample_class import sample_class, write_submission
from coursekit.grading.record import Record
from coursekit.sources.layout import CourseError, Unit
from samples import VARIANTS, make_unit


@pytest.fixture(scope="module")
def unit(tmp_path_factory: pytest.TempPathFactory) -> Unit:
    return make_unit(tmp_path_factory.mktemp("course"))


def silent(label: str, done: int, total: int) -> None:
    pass


def test_every_score_is_the_declared_one(unit: Unit, tmp_path: Path) -> None:
    steps = []
    demo = run_demo(unit, 5, tmp_path / "demo", progress=lambda *step: steps.append(step))
    assert demo.surprises == []
    assert [s.role for s in demo.students] == [
        "perfect",
        "unanswered",
        "broken file",
        "wrong",
        "other right",
    ]
    statuses = ["needs-manual", "needs-manual", "error:unreadable", "needs-manual", "needs-manual"]
    assert [r.status for r in demo.records] == statuses
    scores = [r.scores.get("q1_double-small") for r in demo.records]
    assert scores == [1, 0, None, 0, 1]
    assert ("grading", 5, 5) in steps
    assert ("feedback", 4, 4) in steps
    folder = tmp_path / "demo"
    assert (folder / "feedback/student-01/01_small/small_challenge.html").exists()
    with Gradebook(f"sqlite:///{folder / 'gradebook.db'}") as gradebook:
        graded = {s.student.id for s in gradebook.assignment_submissions("01_small")}
    assert graded == {"student-01", "student-02", "student-04", "student-05"}, "no row: no zero"
    page = demo.report.read_text(encoding="utf-8")
    assert "feedback/student-01/01_small/small_challenge.html" in page
    assert "error:unreadable" in page


def test_a_record_says_of_every_check_what_the_gradebook_says(unit: Unit, tmp_path: Path) -> None:
    perfect, unanswered = sample_class(unit, 2)
    for student in (perfect, unanswered):
        write_submission(unit, student, tmp_path / "submitted")
    with StockGrader(tmp_path, unit) as grader:
        records = list(grader.grade([perfect.id, unanswered.id]))
    said = [[(o.check, o.question, o.verdict, o.points) for o in r.outcomes] for r in records]
    small, large = ("q1_double-small", "q1_double"), ("q1_double-large", "q1_double")
    assert said[0] == [(*small, "pass", 1.0), (*large, "pass", 0.5)]
    assert said[1] == [(*small, "fail", 0.0), (*large, "fail", 0.0)]
    assert [r.manual for r in records] == [{"q2_why": 4}, {"q2_why": 4}]
    assert [Record.from_json(r.to_json()) for r in records] == records


def test_a_false_declaration_is_told_and_fails(
    unit: Unit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = unit.folder / "variants.py"
    path.write_text(VARIANTS.replace("x + x", "x + x + 1"), encoding="utf-8")
    monkeypatch.chdir(unit.course.root)
    arguments = ["demo", "--unit", "01_small", "--students", "5", "--folder", str(tmp_path / "d")]
    try:
        assert main(arguments) == 1
    finally:
        path.write_text(VARIANTS, encoding="utf-8")
    printed = capsys.readouterr()
    assert "not as declared: student-05 (other right): q1_double-small scored 0.0" in printed.err
    assert "Every score is" not in printed.out


@pytest.mark.parametrize(
    ("source", "status"),
    [
        ("import os\nos._exit(1)", "error:autograde"),
        ("def double(x):\n    raise SystemExit", "needs-manual"),
        ("def double(x):\n    return 1 / 0", "needs-manual"),
        ("this is not Python", "needs-manual"),
    ],
)
def test_a_crash_is_a_status_or_a_zero_and_never_points(
    unit: Unit, tmp_path: Path, source: str, status: str
) -> None:
    student = sample_class(unit, 1)[0]
    student.answers["q1_double"] = source
    write_submission(unit, student, tmp_path / "submitted")
    with StockGrader(tmp_path, unit) as grader:
        (record,) = grader.grade([student.id])
    assert record.status == status, record.detail
    assert not any(record.scores.values())
    if status.startswith("error"):
        with Gradebook(grader.db_url) as gradebook:
            assert gradebook.assignment_submissions("01_small") == []


@pytest.mark.parametrize(
    "content",
    ["", "[]", '{"cells": 3}', "\x00\x01", '{"nbformat": 99, "nbformat_minor": 0, "metadata": {}}'],
    ids=["empty", "a list", "no cells", "binary", "future format"],
)
def test_a_damaged_file_is_told_and_stops_nobody(unit: Unit, tmp_path: Path, content: str) -> None:
    first, second = sample_class(unit, 2)
    path = write_submission(unit, first, tmp_path / "submitted")
    path.write_text(content, encoding="utf-8")
    write_submission(unit, second, tmp_path / "submitted")
    with StockGrader(tmp_path, unit) as grader:
        records = list(grader.grade([first.id, second.id, "nobody"]))
    assert [r.status for r in records] == ["error:unreadable", "needs-manual", "error:missing"]
    assert "is no notebook" in records[0].detail
    assert "for it again" in records[0].detail
    assert "was not handed in: ask" in records[2].detail


def test_bad_calls_say_what_to_do(unit: Unit, tmp_path: Path) -> None:
    with pytest.raises(CourseError, match="at least one student"):
        run_demo(unit, 0, tmp_path / "new", progress=silent)
    (tmp_path / "thesis.txt").write_text("years of work")
    with pytest.raises(CourseError, match="is not empty"):
        run_demo(unit, 1, tmp_path, progress=silent)
    assert (tmp_path / "thesis.txt").exists()
    (unit.course.root / "solutions" / unit.id / unit.challenge_notebook).rename(tmp_path / "away")
    try:
        with pytest.raises(CourseError, match="run `coursekit build 01_small`"):
            StockGrader(tmp_path / "c", unit)
    finally:
        (tmp_path / "away").rename(
            unit.course.root / "solutions" / unit.id / unit.challenge_notebook
        )


def test_answers_go_into_their_cells_and_nowhere_else(unit: Unit, tmp_path: Path) -> None:
    student = sample_class(unit, 1)[0]
    written = nbformat.read(write_submission(unit, student, tmp_path), as_version=4)
    release = unit.course.root / "notebooks" / unit.id / unit.challenge_notebook
    released = nbformat.read(release, as_version=4)
    changed = {
        a.id for a, b in zip(written.cells, released.cells, strict=True) if a.source != b.source
    }
    assert changed == {"q1_double", "q2_why-answer"}


def test_missing_held_out_data_stops_the_grader_not_the_students(
    unit: Unit, tmp_path: Path
) -> None:
    solution = unit.course.root / "solutions" / unit.id / unit.challenge_notebook
    before = solution.read_text(encoding="utf-8")
    notebook = nbformat.reads(before, as_version=4)
    notebook.cells[-3].source += '\nheld_out.load("nowhere")'
    nbformat.write(notebook, solution)
    try:
        with pytest.raises(CourseError, match="nowhere"):
            StockGrader(tmp_path / "c", unit)
    finally:
        solution.write_text(before, encoding="utf-8")
