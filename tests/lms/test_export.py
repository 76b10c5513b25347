"""From a download to marks and back into the system's own file; who has no mark gets none."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from coursekit.classroom.course_folder import CourseFolder
from coursekit.cli import main
from coursekit.lms.export import Mark, fill, marks_of, to_csv
from coursekit.lms.roster import Student
from coursekit.sources.layout import CourseError, Unit
from downloads import archive, notebook
from samples import CHALLENGE, make_unit

TASK = CHALLENGE.index("# %% [markdown] task=")
ANSWERS = {
    4711: ("Ada Lovelace", "def double(x):\n    return x + x"),
    4712: ("Ångström, Åsa", "def double(x):\n    return 2 * x if x < 9 else 0"),
    4713: ("=cmd()", "def double(x):\n    return 0"),
}
CANVAS_IDS = {4711: "101", 4712: "102", 4713: "103"}


@pytest.fixture(scope="module")
def unit(tmp_path_factory: pytest.TempPathFactory) -> Unit:
    """A class that came in by Moodle, graded."""
    made = make_unit(tmp_path_factory.mktemp("export"), CHALLENGE[:TASK])
    root = made.course.root
    files = {
        f"{name}_{key}_assignsubmission_file/x.ipynb": notebook(made, answer)
        for key, (name, answer) in ANSWERS.items()
    }
    files["Eve_4714_assignsubmission_file/x.ipynb"] = b"{"
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(root)
        assert main(["collect", str(archive(root / "all.zip", files)), made.id]) == 0
        assert main(["grade", made.id]) == 1, "one file is damaged"
    return made


@pytest.fixture(autouse=True)
def _in_course(unit: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(unit.course.root)


def rows_of(text: str, separator: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))


def test_a_csv_tells_absent_and_ungraded_from_zero(unit: Unit, tmp_path: Path) -> None:
    assert main(["export", unit.id, "--out", str(tmp_path / "m.csv")]) == 0
    text = (tmp_path / "m.csv").read_bytes().decode("utf-8-sig")
    assert text.count("\r\n") == len(text.splitlines()), "RFC 4180 ends lines so"
    head, *rows = rows_of(text)
    assert head == [
        *("student", "name", "email", "unit", "status", "q1_double", "penalty", "total", "of"),
    ]
    found = {row[0]: row[4:] for row in rows}
    assert found == {
        "ada-lovelace": ["graded", "1.5", "", "1.5", "1.5"],
        "angstrom-asa": ["graded", "1", "", "1", "1.5"],
        "cmd": ["graded", "0", "", "0", "1.5"],
        "eve": ["error:unreadable", "", "", "", "1.5"],
    }
    assert next(row[1] for row in rows if row[0] == "cmd") == "'=cmd()", "no formula is left"
    with CourseFolder(unit.course.root, unit) as course:
        marks = marks_of(course, [Student("zoe", "Zoe")])
        assert marks[-1] == Mark("zoe", "absent", {"q1_double": None})
        assert ",absent,,,,1.5" in to_csv(course, marks)


WORKSHEET = """Kennung;Vollständiger Name;E-Mail;Status;Bewertung;Bestwertung;Bearbeitbar;Feedback
Teilnehmer/in4711;Ada Lovelace;a@b.c;Abgegeben;;1,50;Ja;"Gut, ""sehr"" so"
Teilnehmer/in4712;Ångström, Åsa;å@b.c;Abgegeben;0,50;1,50;Ja;
Teilnehmer/in9999;Zoe;z@b.c;Keine Abgabe;-;1,50;Ja;
"""


def test_a_worksheet_of_moodles_is_filled_whatever_its_language(unit: Unit, tmp_path: Path) -> None:
    path = tmp_path / "w.csv"
    path.write_bytes(b"\xef\xbb\xbf" + WORKSHEET.encode())
    assert main(["export", unit.id, "--to", "moodle", "--into", str(path)]) == 1
    filled = (tmp_path / "w-filled.csv").read_bytes()
    assert filled.startswith(b"\xef\xbb\xbf")
    before, after = rows_of(WORKSHEET, ";"), rows_of(filled.decode("utf-8-sig"), ";")
    assert [row[4] for row in after[1:]] == ["1,50", "1,00", "-"]
    for old, new in zip(before, after, strict=True):
        assert [*old[:4], *old[5:]] == [*new[:4], *new[5:]], "nothing else is changed"


@pytest.mark.parametrize(("number", "grades"), [(4711, ["1,50", ""]), (4798, ["", ""])])
def test_a_mark_is_nobody_elses_who_has_the_same_name(
    number: int, grades: list[str], unit: Unit, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    head = WORKSHEET.splitlines()[0]
    lines = [f"Teilnehmer/in{n};Ada Lovelace;{n}@b.c;Abgegeben;;1,50;Ja;" for n in (number, 4799)]
    path = tmp_path / "w.csv"
    path.write_text("\n".join([head, *lines]), encoding="utf-8")
    assert main(["export", unit.id, "--to", "moodle", "--into", str(path)]) == 1
    filled = rows_of((tmp_path / "w-filled.csv").read_text(encoding="utf-8"), ";")
    assert [row[4] for row in filled[1:]] == grades
    assert ("is ada-lovelace's" in capsys.readouterr().err) is not any(grades)


GRADEBOOK = """Student,ID,SIS User ID,SIS Login ID,Section,Quiz (55),Small challenge (77),Notes
    Points Possible,,,,,10,1.5,
"Lovelace, Ada",101,u1,ada,A,3,,x
"Nobody, New",999,u9,new,A,,EX,
"""


def test_a_gradebook_of_canvas_is_filled(unit: Unit, tmp_path: Path) -> None:
    root = unit.course.root
    files = {
        f"lovelaceada_{CANVAS_IDS[key]}_{key}_x.ipynb": notebook(unit, answer)
        for key, (_, answer) in ANSWERS.items()
        if key == 4711
    }
    assert main(["collect", str(archive(tmp_path / "c.zip", files))]) == 0
    path = tmp_path / "g.csv"
    path.write_text(GRADEBOOK, encoding="utf-8")
    with CourseFolder(root, unit) as course:
        filled = fill("canvas", path, course)
        assert (filled.count, filled.left) == (1, ["angstrom-asa", "cmd"])
        rows = rows_of(filled.text.decode())
        assert rows[2] == ["Lovelace, Ada", "101", "u1", "ada", "A", "3", "1.50", "x"]
        assert [rows[0], rows[1], rows[3]] == [rows_of(GRADEBOOK)[at] for at in (0, 1, 3)]
        two = GRADEBOOK.replace("Quiz (55)", "Small quiz (55)")
        path.write_text(two, encoding="utf-8")
        with pytest.raises(CourseError, match=r"Which column .* Small quiz \(55\); Small chall"):
            fill("canvas", path, course)
        assert fill("canvas", path, course, "Small challenge").count == 1
        quiz = GRADEBOOK.replace("Quiz (55)", "Small quiz (55)").replace(
            "Small chal", "01_small chal"
        )
        quiz = quiz.replace("Small quiz", "01_small").replace(",10,1.5,", ",1.5,1.5,")
        path.write_text(quiz, encoding="utf-8")
        found = fill("canvas", path, course)
        assert (found.column, found.changed) == ("01_small (55)", 1), "the title, and what it had"
        path.write_text(GRADEBOOK.replace(",10,1.5,", ",10,20,"), encoding="utf-8")
        with pytest.raises(CourseError, match=r"has 20 points for it, 01_small has 1.5: set"):
            fill("canvas", path, course)


def test_what_is_no_such_file_is_told(unit: Unit, tmp_path: Path) -> None:
    path = tmp_path / "x.csv"
    with CourseFolder(unit.course.root, unit) as course:
        said_of = {"a,b\n": "has no student", "a,b\n1,2\n": "is no gradebook of Canvas"}
        for text, said in said_of.items():
            path.write_text(text, encoding="utf-8")
            with pytest.raises(CourseError, match=said):
                fill("canvas", path, course)
        with pytest.raises(CourseError, match="is no grading worksheet of Moodle's"):
            fill("moodle", path, course)


def test_a_file_is_asked_for_or_refused(unit: Unit, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["export", unit.id, "--to", "canvas"]) == 1
    assert "--to canvas needs a file to fill, --into FILE." in capsys.readouterr().err
    assert main(["export", unit.id, "--into", "x.csv"]) == 1
    assert "--to csv needs no --into." in capsys.readouterr().err
