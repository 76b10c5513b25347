"""A student who is forgotten is gone, down to the bytes of the gradebook; others stay."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from classes import graded_class
from coursekit.classroom.course_folder import CourseFolder
from coursekit.classroom.locks import lock
from coursekit.cli import main
from coursekit.privacy.audit import FILE, read_log
from coursekit.sources.layout import Unit
from samples import make_unit


@pytest.fixture(scope="module")
def unit(tmp_path_factory: pytest.TempPathFactory) -> Unit:
    return make_unit(tmp_path_factory.mktemp("course"))


@pytest.fixture
def folder(unit: Unit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(unit.course.root)
    graded_class(unit, tmp_path)
    rows = "student,name\nada,Ada L\nbob,Bob\n"
    (tmp_path / "students.csv").write_text(rows, encoding="utf-8")
    (tmp_path / "deadlines.csv").write_text("unit,due\n01_small,2026-03-29 23:59\n")
    (tmp_path / "extensions.csv").write_text(
        "student,unit,until,hours,factor\nada,all,,48,\nbob,all,,24,\n"
    )
    (tmp_path / "messages" / unit.id).mkdir(parents=True)
    (tmp_path / "messages" / unit.id / "ada.txt").write_text("again")
    assert main(["feedback", unit.id, "--folder", str(tmp_path)]) == 0
    assert main(["report", unit.id, "--folder", str(tmp_path)]) == 0
    return tmp_path


def test_nothing_is_left_but_the_line_that_says_so(
    unit: Unit, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = (folder / FILE).read_text()
    assert main(["forget", "ada", "--yes", "--folder", str(folder)]) == 0
    told = capsys.readouterr().out
    for what in ("submitted/ada", "attempts/ada", "autograded/ada", "feedback/ada", "messages"):
        assert what in told
    files = [path for path in folder.rglob("*") if path.is_file() and path.name != FILE]
    for path in files:
        assert "ada" not in str(path.relative_to(folder)).split(os.sep), path
        if path.name in ("gradebook.db", "students.csv", "extensions.csv"):
            assert not re.search(rb"\bada\b", path.read_bytes()), path
    assert (folder / "students.csv").read_text() == "student,name\nbob,Bob\n"
    assert "bob,all,,24," in (folder / "extensions.csv").read_text()
    assert (folder / FILE).read_text().startswith(before), "the log only grows"
    last = read_log(folder)[-1]
    assert (last["command"], last["students"]) == ("forget", ["ada"])
    with CourseFolder(folder, unit) as course:
        assert sorted(course.points()) == ["bob", "cem", "dan"]
    assert main(["report", unit.id, "--folder", str(folder)]) == 0
    assert main(["forget", "ada", "--yes", "--folder", str(folder)]) == 1
    assert "Nothing of ada" in capsys.readouterr().err


def test_other_names_and_rows_of_several_lines_go_too_and_a_word_is_no_student(
    unit: Unit, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    here = ["--folder", str(folder)]
    rows = 'student,name\nada,"Ada\nL"\nbob,"Bob\nB"\n'
    (folder / "students.csv").write_text(rows, encoding="utf-8")
    assert main(["report", unit.id, "--anonymous", *here]) == 0
    assert (folder / "reports" / f"{unit.id}-anonymous.html").exists()
    assert main(["forget", "Points", "--yes", *here]) == 1, "a word of a page"
    assert "Nothing of Points" in capsys.readouterr().err
    assert main(["forget", "ada", "--yes", *here]) == 0
    assert not list((folder / "reports").iterdir())
    assert (folder / "students.csv").read_text() == 'student,name\nbob,"Bob\nB"\n'


def test_it_asks_first_and_waits_for_a_grading(
    unit: Unit, folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["forget", "bob", "--folder", str(folder)]
    monkeypatch.setattr("builtins.input", lambda _: "n")
    assert main(arguments) == 1
    assert (folder / "submitted" / "bob").exists()
    held = lock(folder / "records" / unit.id)
    assert held is not None
    try:
        assert main([*arguments, "--yes"]) == 1
    finally:
        os.close(held)
    assert "A grading is at work" in capsys.readouterr().err
    assert (folder / "submitted" / "bob").exists()
    for wrong in ("..", "a/b", ""):
        assert main(["forget", wrong, "--yes", "--folder", str(folder)]) == 1
        assert "no student's id" in capsys.readouterr().err
