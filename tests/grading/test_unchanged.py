"""What was graded before, exactly as it is, is not graded again; whatever decides counts."""

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from nbgrader.api import Gradebook

from composites import write
from coursekit.classroom.course_folder import CourseFolder
from coursekit.classroom.grade import grade_class
from coursekit.classroom.records import keep_record, read_record
from coursekit.grading import engine as module
from coursekit.grading.engine import WarmEngine
from coursekit.grading.record import Record
from coursekit.intake.sheet import Sheet
from coursekit.sources.layout import Unit
from coursekit.sources.progress import Progress, no_progress
from samples import CHALLENGE, make_unit

RIGHT = {"q1_double": "def double(x):\n    return 2 * x"}
STUDENTS = ["ada", "bob"]


@pytest.fixture
def grade(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> tuple[Unit, Callable[..., list[Record]], list[str]]:
    """A class of two, what grades it, and who was really graded by the last call."""
    unit, tried = make_unit(tmp_path), []
    for student in STUDENTS:
        write(unit, student, RIGHT, tmp_path / "submitted")
    really = WarmEngine.attempt

    def noted(self: WarmEngine, student: str) -> tuple[Record, bool]:
        tried.append(student)
        return really(self, student)

    monkeypatch.setattr(WarmEngine, "attempt", noted)

    def run(again: bool = False, progress: Progress = no_progress) -> list[Record]:
        tried.clear()
        with CourseFolder(unit.course.root, unit) as course:
            return grade_class(course, STUDENTS, again=again, progress=progress)

    run()
    assert tried == STUDENTS
    return unit, run, tried


def test_an_unchanged_class_is_looked_at_only(grade) -> None:  # type: ignore[no-untyped-def]
    _, run, tried = grade
    records = run()
    assert tried == []
    assert [record.scores["q1_double-large"] for record in records] == [0.5, 0.5]
    run(again=True)
    assert sorted(tried) == STUDENTS


def test_who_took_longest_comes_first_and_the_start_is_no_submission(
    grade: tuple[Unit, Callable[..., list[Record]], list[str]],
) -> None:
    unit, run, tried = grade
    for student, seconds in (("ada", 1.5), ("bob", 2.5)):
        record = read_record(unit.course.root, unit.id, student)
        keep_record(unit.course.root, replace(record, seconds={"total": seconds}))
    told: list[tuple[str, int, int]] = []
    run(again=True, progress=lambda *step: told.append(step))
    assert tried == ["bob", "ada"]
    assert told == [
        *(("starting", step, 1) for step in (0, 1)),
        *(("grading", step, 2) for step in (0, 1, 2)),
    ]


def test_who_hands_in_while_it_is_judged_is_graded_again(
    grade: tuple[Unit, Callable[..., list[Record]], list[str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    unit, run, tried = grade
    path = unit.course.root / "submitted" / "bob" / unit.id / unit.challenge_notebook
    really = WarmEngine._judged

    def slow(self: WarmEngine, student: str, sheet: Sheet) -> tuple[Record, bool]:
        path.write_bytes(path.read_bytes() + b"\n")
        return really(self, student, sheet)

    with monkeypatch.context() as patch:
        patch.setattr(WarmEngine, "_judged", slow)
        path.write_bytes(path.read_bytes() + b"\n")
        run()
    run()
    assert tried == ["bob"]
    run()
    assert tried == []


def test_what_decides_is_graded_again(grade) -> None:  # type: ignore[no-untyped-def]
    unit, run, tried = grade
    folder = unit.course.root / "submitted" / "bob" / unit.id
    notebook = folder / unit.challenge_notebook
    notebook.write_bytes(notebook.read_bytes() + b"\n")
    run()
    assert tried == ["bob"], "the file"
    (folder / "timestamp.txt").write_text("2026-11-30 12:00:00 UTC")
    run()
    assert tried == ["bob"], "when it was handed in"
    with Gradebook(f"sqlite:///{unit.course.root / 'gradebook.db'}") as gradebook:
        gradebook.remove_submission(unit.id, "ada")
    run()
    assert tried == ["ada"], "a row that is gone"
    record = unit.course.root / "records" / unit.id / "ada.json"
    record.write_text(record.read_text()[:-30])
    run()
    assert tried == ["ada"], "a damaged record"


def test_another_master_limit_or_version_is_another_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit = make_unit(tmp_path)
    write(unit, "ada", RIGHT, tmp_path / "submitted")

    def digest() -> str:
        return WarmEngine(unit.course.root, unit).digest("ada")

    seen = [digest()]
    assert digest() == seen[0]
    monkeypatch.setattr(module, "version", lambda name: "0")
    seen.append(digest())
    monkeypatch.setattr(module, "DECIDES", ("grading/wire/*.py",))
    seen.append(digest())
    held_out = unit.folder / "held_out"
    held_out.mkdir()
    (held_out / "x.npz").write_bytes(b"numbers")
    seen.append(digest())
    solution = tmp_path / "solutions" / unit.id / unit.challenge_notebook
    os.chmod(solution, 0o644)
    solution.write_text(solution.read_text().replace("== 200", "== 202"))
    seen.append(digest())
    assert len(set(seen)) == len(seen)
    assert "== 200" in CHALLENGE
