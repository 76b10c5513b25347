"""The class report says what is in the records and the gradebook, and nothing else."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from classes import (
    ANSWERS,
    HOSTILE,
    LARGE,
    SMALL,
    STUB,
    graded_class,
    hostile_class,
    keep,
    no_engine,
)
from coursekit.classroom.course_folder import CourseFolder
from coursekit.cli import main
from coursekit.insight import declared
from coursekit.insight.findings import Data, findings
from coursekit.insight.mistakes import alike
from coursekit.insight.page import unit_page
from coursekit.privacy.pseudonyms import Names, names_of
from coursekit.sources.layout import Unit
from coursekit.sources.progress import no_progress
from samples import make_unit


@pytest.fixture(scope="module")
def unit(tmp_path_factory: pytest.TempPathFactory) -> Unit:
    return make_unit(tmp_path_factory.mktemp("course"))


@pytest.fixture(scope="module")
def folder(unit: Unit, tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("class")
    graded_class(unit, made)
    return made


def test_when_many_are_stuck_it_is_a_matter_for_the_lecture(
    unit: Unit, folder: Path, tmp_path: Path
) -> None:
    data = found(unit, folder)
    many = data | {"stuck": 6 * data["stuck"], "graded": 20}
    assert "That is 30% of the class" in unit_page(many, tmp_path / "p.html")
    assert "of the class: more" not in unit_page(data, tmp_path / "p.html")


@pytest.fixture(autouse=True)
def _in_course(unit: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(unit.course.root)


def found(unit: Unit, folder: Path, names: Names | None = None) -> Data:
    with CourseFolder(folder, unit) as course:
        return findings(course, names or Names(), no_progress)


def test_figures_mistakes_and_people_of_a_graded_class(unit: Unit, folder: Path) -> None:
    data = found(unit, folder)
    assert (data["handed_in"], data["graded"], data["unnamed_because"]) == (5, 4, "")
    double, why = data["questions"]
    assert double["share"] == pytest.approx((1.5 + 0 + 1 + 1) / 4 / 1.5)
    assert double["discrimination"] is None, "four students say nothing"
    assert (why["share"], why["waiting"]) == (None, 4)
    assert [(each["labels"], each["count"]) for each in double["named"]] == [(["squares"], 1)]
    assert double["named"][0]["example"] == ANSWERS["bob"]
    others = {(each["check"], each["count"]) for each in double["others"]}
    assert others == {(LARGE, 2)}, "what differs is a number"
    assert [each["student"] for each in data["stuck"]] == ["bob"]
    (better,) = data["improved"]
    assert (better["student"], better["mended"], better["begun"]) == ("ada", ["q1"], [])
    (flag,) = data["flagged"]
    assert flag["students"] == ["eve"]
    assert data["spread"]["most"] == 1.5
    assert sum(count for *_, count in data["spread"]["bars"]) == 4


def test_declared_mistakes_are_judged_once_for_each_state_of_the_unit(
    unit: Unit, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, _ = declared.declared_mistakes(folder, unit, no_progress)
    assert len(first) == 1
    monkeypatch.setattr(declared, "_judge", lambda *_: pytest.fail("it is kept"))
    assert declared.declared_mistakes(folder, unit, no_progress) == (first, "")


def test_where_no_engine_runs_checks_alone_tell_mistakes(
    unit: Unit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(declared, "supported", lambda: "It needs Linux.")
    keep(tmp_path, unit, "ada", "def double(x):\n    return 7", {SMALL: "no", LARGE: "no"})
    data = found(unit, tmp_path)
    assert data["questions"][0]["named"][0]["labels"] == ["squares"], "nothing else loses these"
    assert "It needs Linux." in unit_page(data, tmp_path / "p.html")


def test_a_question_that_weak_students_solve_better_is_pointed_out(
    unit: Unit, tmp_path: Path
) -> None:
    no_engine(unit, tmp_path)
    for number in range(12):
        keep(tmp_path, unit, f"s{number}", "return 1", {SMALL: "no"} if number % 2 else {})
    data = found(unit, tmp_path)
    assert data["questions"][0]["discrimination"] is None, "there is no rest to compare with"


def test_messages_are_alike_but_for_numbers() -> None:
    assert alike("got: [1, 2]") == alike("got: [-3.5, 4e-7, 5]")
    assert alike("got: <f at 0x7f01>") == alike("got: <f at 0x9ab2>")
    assert alike("got: a") != alike("got: b")


COPIED = "def double(x):\n" + "".join(
    f"    if x == {n} and isinstance(x, int) and not x < 0:\n        return sum([x, x]) - {n} + x\n"
    for n in range(9)
)


def test_answers_that_two_share_and_no_others_are_shown(unit: Unit, tmp_path: Path) -> None:
    no_engine(unit, tmp_path)
    for number in range(20):
        keep(tmp_path, unit, f"s{number:02d}", ANSWERS["cem"], {LARGE: "no"})
    keep(tmp_path, unit, "kim", COPIED, {})
    renamed = re.sub(r"\bx\b", "value", COPIED)
    keep(tmp_path, unit, "lee", f"# mine\n{renamed}", {})
    (pair,) = found(unit, tmp_path)["alike"]
    assert (pair["students"], pair["questions"]) == (["kim", "lee"], ["q1"])


def test_what_the_course_gave_is_not_alike(unit: Unit, tmp_path: Path) -> None:
    no_engine(unit, tmp_path)
    for student in ("ada", "bob"):
        keep(tmp_path, unit, student, STUB, {})
    assert found(unit, tmp_path)["alike"] == []


def test_pages_and_json_of_the_command(
    unit: Unit, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", unit.id, "--folder", str(folder)]) == 0
    page = (folder / "reports" / f"{unit.id}.html").read_text(encoding="utf-8")
    assert "Before the lecture" in page
    assert "squares" in page
    capsys.readouterr()
    assert main(["report", unit.id, "--folder", str(folder), "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["handed_in"] == 5
    assert main(["report", "--course", "--folder", str(folder)]) == 0
    page = (folder / "reports" / "course.html").read_text(encoding="utf-8")
    assert "What to teach again next week" in page
    assert f'<a href="{unit.id}.html">' in page


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "Say a unit, or --course"),
        (["01_small", "--course"], "Say a unit, or --course"),
        (["01_small"], "Nobody has handed in 01_small"),
        (["--course"], "Nobody has handed in anything"),
    ],
)
def test_bad_calls_say_what_to_do(
    arguments: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["report", *arguments, "--folder", str(tmp_path)]) == 1
    assert said in capsys.readouterr().err


def test_an_anonymous_page_holds_no_id_and_no_name(unit: Unit, tmp_path: Path) -> None:
    no_engine(unit, tmp_path)
    (tmp_path / "students.csv").write_text("student,name\nzoe-quill,Zoë Quill\n", encoding="utf-8")
    answer = "# Zoë Quill, zoe-quill\ndef double(x):\n    return 'by quill'"
    keep(tmp_path, unit, "zoe-quill", answer, {SMALL: "got: 'by quill'", LARGE: "no"})
    data = found(unit, tmp_path, names_of(tmp_path, anonymous=True))
    page = unit_page(data, tmp_path / "p.html")
    assert "quill" not in (page + json.dumps(data)).lower()
    assert "(name)" in page
    again = found(unit, tmp_path, names_of(tmp_path, anonymous=True))
    assert again["students"] == data["students"], "pseudonyms are stable"


def test_what_students_write_is_text(unit: Unit, tmp_path: Path) -> None:
    hostile_class(unit, tmp_path)
    data = found(unit, tmp_path)
    page = unit_page(data, tmp_path / "p.html")
    assert not re.search(r"<(script|img)\b", page)
    assert not {"\u202e", "\u2066", "\x1b", "\x00"} & set(page)
    assert "&lt;script&gt;" in page
    assert len(page) < 60_000, "a megabyte of a student's is cut"
    assert HOSTILE in data["flagged"][0]["reason"] or "\ufffd" in data["flagged"][0]["reason"]
