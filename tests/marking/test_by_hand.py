"""Written answers are marked one by one; two markers lose nothing, and grading again keeps all."""

from __future__ import annotations

import builtins
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import nbformat
import pytest

from composites import write
from coursekit.classroom.course_folder import CourseFolder
from coursekit.cli import main
from coursekit.marking.by_hand import ByHand
from coursekit.sources.layout import CourseError, Unit
from samples import make_unit

RIGHT = "def double(x):\n    return 2 * x"
WORDS = {"ada": "Because it is so.", "bob": "Why not?\x1b[2J", "eve": "*Your answer.*"}


@pytest.fixture
def unit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Unit:
    made = make_unit(tmp_path)
    for student, words in WORDS.items():
        path = write(made, student, {"q1_double": RIGHT}, tmp_path / "submitted")
        notebook = nbformat.read(path, as_version=4)
        (cell,) = (each for each in notebook.cells if each.source == "*Your answer.*")
        cell.source = words
        nbformat.write(notebook, path)
    monkeypatch.chdir(tmp_path)
    assert main(["grade", made.id]) == 0
    return made


def marks(unit: Unit) -> dict[str, float | None]:
    with CourseFolder(unit.course.root, unit) as course:
        return {student: cells["q2_why"][1] for student, cells in course.marks().items()}


def say(monkeypatch: pytest.MonkeyPatch, *lines: str) -> None:
    said: Iterator[str] = iter(lines)

    def answer(prompt: str) -> str:
        print(prompt, end="")
        try:
            return next(said)
        except StopIteration:
            raise EOFError from None

    monkeypatch.setattr(builtins, "input", answer)


def test_answers_come_one_by_one_and_a_comment_is_offered_again(
    unit: Unit, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    say(monkeypatch, "nine", "5", "3,5", "Say more.", "q")
    assert main(["mark", unit.id]) == 1
    said = capsys.readouterr()
    assert said.out.count("Mark scheme:\nBecause.") == 1, "once a question"
    assert said.err.count("Points go from 0 to 4.") == 2
    assert "1 marked, 2 left." in said.out
    assert not any(student in said.out for student in WORDS), "nobody's name is shown"
    assert "\x1b" not in said.out
    say(monkeypatch, "2", "1", "")
    assert main(["mark", unit.id, "--names"]) == 1
    said = capsys.readouterr()
    assert "  1: Say more." in said.out
    assert "1 marked, 1 left." in said.out
    assert sorted(points for points in marks(unit).values() if points is not None) == [2, 3.5]
    assert main(["grade", unit.id, "--again"]) == 0
    say(monkeypatch, "0", "")
    assert main(["mark", unit.id]) == 0, "what was marked stays marked"
    assert sorted(marks(unit).values()) == [0, 2, 3.5]  # type: ignore[type-var]
    capsys.readouterr()
    assert main(["grade", unit.id]) == 0
    table = capsys.readouterr().out
    assert "by hand" not in table, "the table knows what was marked"
    assert "needs-manual" not in table
    with CourseFolder(unit.course.root, unit) as course:
        desk = ByHand(course)
        assert desk.waiting() == []
        assert desk.comments("q2_why") == ["Say more."]


MARKER = """import sys
from pathlib import Path
from coursekit.classroom.course_folder import CourseFolder
from coursekit.marking.by_hand import ByHand, TakenError
from coursekit.sources.layout import Course

(unit,) = Course(Path.cwd()).units
with CourseFolder(Path.cwd(), unit) as course:
    desk = ByHand(course)
    waiting = desk.waiting()
    print("ready", flush=True)
    sys.stdin.readline()
    for answer in waiting:
        try:
            desk.save(answer, float(sys.argv[1]))
            print(answer.student, sys.argv[1])
        except TakenError:
            print("taken")
"""


def test_of_two_markers_one_has_it(unit: Unit) -> None:
    markers = [
        subprocess.Popen(
            [sys.executable, "-c", MARKER, points],
            cwd=unit.course.root,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for points in ("1.0", "2.0")
    ]
    for marker in markers:
        assert marker.stdout
        assert marker.stdout.readline() == "ready\n"
    for marker in markers:
        assert marker.stdin
        marker.stdin.write("go\n")
        marker.stdin.flush()
    told = [line for marker in markers for line in marker.communicate()[0].splitlines()]
    saved = [line.split() for line in told if line != "taken"]
    assert len(told) == 6
    assert len(saved) == 3, "each answer was marked once"
    assert marks(unit) == {student: float(points) for student, points in saved}


def test_points_that_are_none_are_refused(unit: Unit) -> None:
    with CourseFolder(unit.course.root, unit) as course:
        desk = ByHand(course)
        answer = desk.waiting()[0]
        for points in (-1.0, 4.5, float("nan")):
            with pytest.raises(CourseError, match=r"Points go from 0 to 4\."):
                desk.save(answer, points)
    assert set(marks(unit).values()) == {None}


def test_a_class_without_a_gradebook_has_nothing_to_mark(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    unit = make_unit(tmp_path / "empty")
    monkeypatch.chdir(unit.course.root)
    assert main(["mark", unit.id]) == 0
    assert "0 marked, 0 left." in capsys.readouterr().out
