"""Each system's way of naming files leads to the right student, unit and attempt."""

from __future__ import annotations

import io
import json
import os
import stat
import zipfile
from datetime import datetime, timedelta, timezone
from pathlib import Path

import pytest

from coursekit.authoring.build import build
from coursekit.cli import main
from coursekit.lms.collect import Left, Placed, collect
from coursekit.lms.roster import Student, merge, read_roster, write_roster
from coursekit.sources.layout import Course, CourseError, Unit
from downloads import archive, notebook
from samples import CHALLENGE, VARIANTS, make_unit

DOUBLE = "def double(x):\n    return x + x"
AGAIN = "def double(x):\n    return 2 * x"
OTHER = CHALLENGE.replace("q1_double", "q1_triple").replace("def double", "def triple")
OTHER = OTHER.replace("double(", "triple(").replace("2 * x", "3 * x").replace("== 2\n", "== 3\n")
OTHER = OTHER.replace("== 6\n", "== 9\n").replace("== 200", "== 300").replace("q2_why", "q2_how")
WHEN = datetime(2026, 3, 1, 12, 0, tzinfo=timezone.utc)


@pytest.fixture(scope="module")
def units(tmp_path_factory: pytest.TempPathFactory) -> list[Unit]:
    """A course of two units; a class's folder is a test's own."""
    root = tmp_path_factory.mktemp("collect")
    make_unit(root)
    folder = root / "course" / "02_other"
    folder.mkdir()
    (folder / "challenge.py").write_text(OTHER, encoding="utf-8")
    (folder / "variants.py").write_text(VARIANTS.replace("double", "triple"), encoding="utf-8")
    build([Course(root).units[1]])
    return Course(root).units


def told(placed: list[Placed]) -> list[tuple[str, str, str]]:
    return [(each.student, each.unit, each.what) for each in placed]


def handed_in(folder: Path, student: str, unit: Unit) -> bytes:
    return (folder / "submitted" / student / unit.id / unit.challenge_notebook).read_bytes()


@pytest.mark.parametrize(
    ("name", "student"),
    [
        ("Ada Lovelace_4711_assignsubmission_file_/work.ipynb", "ada-lovelace"),  # before 4.1
        ("Ada Lovelace_4711_assignsubmission_file/work.ipynb", "ada-lovelace"),  # since
        ("Ada Lovelace_4711_assignsubmission_file_work.ipynb", "ada-lovelace"),  # flat
        (
            "Group A-Ada Lovelace_4711_assignsubmission_file/a/b/work (1).ipynb",
            "group-a-ada-lovelace",
        ),
        ("Zoë Ærø-Ünal_4711_assignsubmission_file/work.ipynb", "zoe-aero-unal"),
        ("Ana_Maria_Ruiz_9_assignsubmission_file/x.ipynb", "ana-maria-ruiz"),
        ("Participant 4711_4711_assignsubmission_file/work.ipynb", "moodle-4711"),
        ("lovelaceada_101_2002_small_challenge.ipynb", "lovelaceada"),
        ("lovelaceada_LATE_101_2002_small_challenge-2.ipynb", "lovelaceada"),
        ("anon_101_2002_small_challenge.ipynb", "canvas-101"),
        ("inbound/ada+01_small+2026-03-01 09:00:00.000000 UTC+x1y2/small_challenge.ipynb", "ada"),
        ("submitted/ada/01_small/small_challenge.ipynb", "ada"),
        ("ada.ipynb", "ada"),
        ("ada/small_challenge.ipynb", "ada"),
        ("ada_small_challenge (2).ipynb", "ada"),
        ("Downloads/small_challenge-ada.ipynb.txt", "downloads"),  # alone in its folder
    ],
)
def test_names_say_who(name: str, student: str, units: list[Unit], tmp_path: Path) -> None:
    course, small = units[0].course, units[0]
    made = archive(tmp_path / "all.zip", {name: notebook(small, DOUBLE)})
    placed, left = collect(course, [made], folder=tmp_path)
    assert (told(placed), left) == ([(student, small.id, "new")], [])
    assert handed_in(tmp_path, student, small) == notebook(small, DOUBLE)


def test_the_unit_is_told_by_the_cells(units: list[Unit], tmp_path: Path) -> None:
    small, other = units
    files = {
        "ada/small_challenge.ipynb": notebook(other),  # called like the wrong one
        "ada/more.ipynb": notebook(small, DOUBLE),
        "bob/x.ipynb": b'{"cells": []}',
        "bob/y.ipynb": b"no notebook",
        "bob/y.pdf": b"%PDF",
    }
    placed, left = collect(small.course, [archive(tmp_path / "a.zip", files)], folder=tmp_path)
    assert told(placed) == [("ada", small.id, "new"), ("ada", other.id, "new")]
    assert [each.label for each in left] == ["bob/y.pdf", "bob/x.ipynb", "bob/y.ipynb"]
    assert "ask for the .ipynb" in left[0].why
    assert "belongs to" in left[1].why
    assert "this is no notebook" in left[2].why
    placed, left = collect(
        small.course,
        [archive(tmp_path / "b.zip", {"cy/z.ipynb": b"{"})],
        folder=tmp_path,
        unit=small,
    )
    assert told(placed) == [("cy", small.id, "new")], "grading says what is wrong with it"
    assert "damaged" in placed[0].note


def test_the_newest_attempt_counts_and_none_is_lost(units: list[Unit], tmp_path: Path) -> None:
    small = units[0]
    first, second, third = (notebook(small, text) for text in ("x = 1", DOUBLE, AGAIN))
    files = {
        "lovelaceada_101_2002_small_challenge-1.ipynb": second,
        "lovelaceada_101_2001_small_challenge.ipynb": first,
    }
    made = archive(tmp_path / "a.zip", files)
    placed, _ = collect(small.course, [made], folder=tmp_path)
    assert [each.what for each in placed] == ["new", "newer"]
    assert handed_in(tmp_path, "lovelaceada", small) == second
    placed, _ = collect(small.course, [made], folder=tmp_path)
    assert [each.what for each in placed] == ["same", "same"]
    later = archive(
        tmp_path / "b.zip",
        {"lovelaceada_101_2003_small_challenge-2.ipynb": third},
        WHEN + timedelta(days=1),
    )
    placed, _ = collect(small.course, [later], folder=tmp_path)
    assert [each.what for each in placed] == ["newer"]
    earlier = archive(
        tmp_path / "c.zip",
        {"lovelaceada_101_1999_s.ipynb": notebook(small, "y = 1")},
        WHEN.replace(year=2025),
    )
    placed, _ = collect(small.course, [earlier], folder=tmp_path)
    assert [each.what for each in placed] == ["older"]
    assert handed_in(tmp_path, "lovelaceada", small) == third
    kept = {path.read_bytes() for path in tmp_path.glob("attempts/*/*/*/*.ipynb")}
    assert kept == {first, second, notebook(small, "y = 1")}
    stamp = tmp_path / "submitted" / "lovelaceada" / small.id / "timestamp.txt"
    assert stamp.read_text() == "2026-03-02 12:00:00.000000 UTC\n"


GRADESCOPE = """submission_1:
  :submitters:
  - :name: Ada Lovelace
    :sid: '77'
  :created_at: 2026-03-01 10:00:00.000000000 +0100
submission_2:
  :submitters:
  - :name: Bob
    :sid:
  :created_at: 2026-03-01T09:30:00Z
"""


def test_gradescope_says_who_in_its_metadata(units: list[Unit], tmp_path: Path) -> None:
    small = units[0]
    top = "assignment_5_export"
    files = {
        f"{top}/submission_1/small_challenge.ipynb": notebook(small, DOUBLE),
        f"{top}/submission_2/small_challenge.ipynb": notebook(small, AGAIN),
        f"{top}/submission_metadata.yml": GRADESCOPE.encode(),
    }
    placed, left = collect(small.course, [archive(tmp_path / "g.zip", files)], folder=tmp_path)
    assert (told(placed), left) == (
        [("ada-lovelace", small.id, "new"), ("bob", small.id, "new")],
        [],
    )
    assert [each.when.astimezone(timezone.utc).hour for each in placed] == [9, 9]
    kept = read_roster(tmp_path / "students.csv")
    assert [(student.id, student.keys) for student in kept] == [
        ("ada-lovelace", {"gradescope": "77"}),
        ("bob", {}),
    ]


WORKSHEET = """Kennung;Vollständiger Name;E-Mail-Adresse;Status;Bewertung
Teilnehmer/in4711;Ada Lovelace;ada@example.org;Abgegeben;-
Teilnehmer/in4712;Ada Lovelace;al2@example.org;Abgegeben;-
"""
CANVAS = """Student,ID,SIS User ID,SIS Login ID,Section,Small (9)
    Points Possible,,,,,1.5
"Lovelace, Ada",101,u1,ada,A,
"Lovelace, Ada",102,u2,al2,A,
"""


def test_a_list_that_comes_later_makes_nobody_two(units: list[Unit], tmp_path: Path) -> None:
    small, work = units[0], "small_challenge.ipynb"
    names = {"Ada Lovelace_4711": DOUBLE, "Ada Lovelace_4712": AGAIN, "Łukasz Øst_4713": DOUBLE}
    files = {
        f"{name}_assignsubmission_file/{work}": notebook(small, answer)
        for name, answer in names.items()
    }
    made, there = archive(tmp_path / "a.zip", files), tmp_path / "class"
    placed, left = collect(small.course, [made], folder=there)
    assert told(placed) == [("lukasz-ost", small.id, "new")]
    assert len(left) == 2
    assert all("--roster FILE (such as Moodle's grading worksheet)" in one.why for one in left)
    rows = [*WORKSHEET.splitlines(), "Teilnehmer/in4713;Łukasz Øst;lo@example.org;Abgegeben;-"]
    (tmp_path / "list.csv").write_text("\n".join(rows), encoding="utf-8")
    placed, left = collect(small.course, [made], folder=there, roster=tmp_path / "list.csv")
    assert left == []
    assert told(placed) == [
        ("ada", small.id, "new"),
        ("al2", small.id, "new"),
        ("lukasz-ost", small.id, "same"),
    ]
    kept = {student.id: student for student in read_roster(there / "students.csv")}
    assert kept["lukasz-ost"].email == "lo@example.org"
    assert sorted(kept) == ["ada", "al2", "lukasz-ost"]


@pytest.mark.parametrize(
    ("known", "told", "ids"),
    [
        (Student("a", email="A@x.org"), Student("b", email="a@X.org"), ["a"]),
        (Student("a", keys={"canvas": "7 8"}), Student("b", keys={"canvas": "8"}), ["a"]),
        (Student("a", keys={"canvas": "8"}), Student("b", keys={"moodle": "8"}), ["b"]),
        (Student("a", "Ada L"), Student("b", "ada l"), ["a"]),
        (Student("a"), Student("b"), ["b"]),
    ],
)
def test_who_is_who(known: Student, told: Student, ids: list[str]) -> None:
    assert [student.id for student in merge([known], [told])] == ids


@pytest.mark.parametrize(
    ("roster", "names"),
    [
        (
            WORKSHEET,
            (
                "Ada Lovelace_4711_assignsubmission_file/",
                "Teilnehmer 4712_4712_assignsubmission_file/",
            ),
        ),
        (CANVAS, ("lovelaceada_101_1_", "lovelaceada_102_2_")),
    ],
)
def test_a_list_tells_people_of_one_name_apart(
    roster: str, names: tuple[str, str], units: list[Unit], tmp_path: Path
) -> None:
    small = units[0]
    one, two = (f"{name}small_challenge.ipynb" for name in names)
    files = {one: notebook(small, DOUBLE), two: notebook(small, AGAIN)}
    made = archive(tmp_path / "a.zip", files)
    (tmp_path / "list.csv").write_text(roster, encoding="utf-8")
    placed, left = collect(
        small.course, [made], folder=tmp_path / "class", roster=tmp_path / "list.csv"
    )
    assert (told(placed), left) == ([("ada", small.id, "new"), ("al2", small.id, "new")], [])
    stranger = archive(tmp_path / "b.zip", {"Eve_9_assignsubmission_file/x.ipynb": notebook(small)})
    _, left = collect(small.course, [stranger], folder=tmp_path, roster=tmp_path / "list.csv")
    assert [each.why.split(":")[0] for each in left] == ["Eve is not on the list of students"]


def test_an_id_that_a_list_gives_stays_as_it_is(tmp_path: Path) -> None:
    path, ids = tmp_path / "students.csv", ["=cmd", "Ada Lovelace", "U1234567", "zoë"]
    write_roster(path, [Student(each) for each in ids])
    assert [student.id for student in read_roster(path)] == ids
    path.write_text("student\n../x\n.y\n", encoding="utf-8")
    assert [student.id for student in read_roster(path)] == ["x", "y"], "no folder is called so"


def test_people_of_one_name_are_not_guessed(units: list[Unit], tmp_path: Path) -> None:
    small = units[0]
    files = {
        f"Ada Lovelace_{key}_assignsubmission_file/x.ipynb": notebook(small, f"x = {key}")
        for key in (4711, 4712)
    }
    placed, left = collect(small.course, [archive(tmp_path / "a.zip", files)], folder=tmp_path)
    assert placed == []
    assert len(left) == 2
    assert "two students of this download are called ada-lovelace" in left[0].why


def test_the_exchange_keeps_its_time_and_its_secret(units: list[Unit], tmp_path: Path) -> None:
    small = units[0]
    top = "inbound/ada+01_small+2026-03-01 09:00:00.000000 UTC+x1y2"
    files = {
        f"{top}/small_challenge.ipynb": notebook(small, DOUBLE),
        f"{top}/timestamp.txt": b"2026-03-01 10:00:00.000000 CET",
        f"{top}/submission_secret.txt": b"hush",
    }
    placed, left = collect(small.course, [archive(tmp_path / "a.zip", files)], folder=tmp_path)
    assert (told(placed), left) == ([("ada", small.id, "new")], [])
    folder = tmp_path / "submitted" / "ada" / small.id
    assert (folder / "submission_secret.txt").read_bytes() == b"hush"
    assert (folder / "timestamp.txt").read_text() == "2026-03-01 09:00:00.000000 UTC\n"


def test_a_file_each_in_one_folder(units: list[Unit], tmp_path: Path) -> None:
    small = units[0]
    files = {f"hw1/{name}.ipynb": notebook(small, f"x = '{name}'") for name in ("ada", "bob")}
    placed, _ = collect(small.course, [archive(tmp_path / "a.zip", files)], folder=tmp_path)
    assert [each.student for each in placed] == ["ada", "bob"]


def test_a_folder_and_a_zip_within_are_opened(units: list[Unit], tmp_path: Path) -> None:
    small = units[0]
    inner = io.BytesIO()
    with zipfile.ZipFile(inner, "w") as made:
        made.writestr("work/small_challenge.ipynb", notebook(small, DOUBLE))
        made.writestr("__MACOSX/work/._small_challenge.ipynb", b"\0")
    handed = tmp_path / "in" / "Ada Lovelace_1_assignsubmission_file"
    handed.mkdir(parents=True)
    (handed / "work.zip").write_bytes(inner.getvalue())
    (handed / "link.ipynb").symlink_to("/etc/passwd")
    os.mkfifo(handed / "pipe.ipynb")
    placed, left = collect(small.course, [tmp_path / "in"], folder=tmp_path)
    assert told(placed) == [("ada-lovelace", small.id, "new")]
    assert [each.why for each in left] == [
        "it is a link, and not followed.",
        "it is a pipe, and not followed.",
    ]


def member(name: str, mode: int = 0, flags: int = 0) -> zipfile.ZipInfo:
    made = zipfile.ZipInfo(name)
    made.external_attr = mode << 16
    made.compress_type = zipfile.ZIP_DEFLATED
    made.flag_bits = flags
    return made


HOSTILE = {
    "out": (member("../../etc/x.ipynb"), b"{}", "its name leads out of the archive."),
    "absolute": (member("/etc/x.ipynb"), b"{}", "its name leads out of the archive."),
    "windows": (member("C:\\x.ipynb"), b"{}", "its name leads out of the archive."),
    "long": (member("a" * 300 + ".ipynb"), b"{}", "its name is too long, or has characters"),
    "control": (member("a\x1b[2J.ipynb"), b"{}", "its name is too long, or has characters"),
    "link": (member("a.ipynb", stat.S_IFLNK | 0o777), b"/etc/passwd", "it is a link, and no file."),
    "device": (member("a.ipynb", stat.S_IFCHR | 0o666), b"", "it is a device, and no file."),
    "bomb": (member("a.ipynb"), bytes(1 << 25), "it would unpack to far more than it is"),
    "large": (member("a.ipynb"), bytes((128 << 20) + 1), "it has over 128 MB"),
}


@pytest.mark.parametrize("kind", HOSTILE)
def test_what_is_hostile_is_refused_in_a_sentence(
    kind: str, units: list[Unit], tmp_path: Path
) -> None:
    info, data, why = HOSTILE[kind]
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as made:
        made.writestr(info, data)
        made.writestr("ada.ipynb", notebook(units[0], DOUBLE))
    placed, left = collect(units[0].course, [tmp_path / "a.zip"], folder=tmp_path / "class")
    assert [each.student for each in placed] == ["ada"], "the others are collected"
    assert len(left) == 1
    assert why in left[0].why
    assert sorted(path.name for path in tmp_path.iterdir()) == ["a.zip", "class"]


def test_what_is_no_download_is_told(units: list[Unit], tmp_path: Path) -> None:
    course = units[0].course
    with pytest.raises(CourseError, match=r"There is no .*: name a zip, a notebook or a folder"):
        collect(course, [tmp_path / "nothing.zip"], folder=tmp_path)
    for name in ("a.zip", "a.7z", "a.tar.gz"):
        (tmp_path / name).write_bytes(b"PK no")
        with pytest.raises(CourseError, match="is no zip that can be opened: unpack it"):
            collect(course, [tmp_path / name], folder=tmp_path)
    (tmp_path / "list.csv").write_text("colour\nred\n", encoding="utf-8")
    with pytest.raises(CourseError, match="is no list of students: its first line needs"):
        collect(course, [], folder=tmp_path, roster=tmp_path / "list.csv")


def test_what_was_typed_is_told(units: list[Unit], tmp_path: Path) -> None:
    files = {
        "lovelaceada_101_2_text.html": b"<p>hi",
        "a_9_assignsubmission_onlinetext/onlinetext.html": b"",
    }
    placed, left = collect(units[0].course, [archive(tmp_path / "a.zip", files)], folder=tmp_path)
    assert placed == []
    assert all("typed into the system" in each.why for each in left)
    assert isinstance(left[0], Left)


def test_the_command_says_what_it_did(
    units: list[Unit],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(units[0].course.root)
    files = {"ada.ipynb": notebook(units[0], DOUBLE), "eve.ipynb": b"{", "x.pdf": b"%PDF"}
    made = archive(tmp_path / "a.zip", files)
    arguments = ["collect", str(made), "--folder", str(tmp_path), "--zone", "Europe/Berlin"]
    assert main(arguments) == 1
    said = capsys.readouterr()
    assert said.out.startswith("01_small: 2 new.\neve, 01_small: the file is damaged")
    assert "not placed: x.pdf: it is no notebook: ask for the .ipynb." in said.err
    stamp = tmp_path / "submitted" / "ada" / "01_small" / "timestamp.txt"
    assert stamp.read_text() == "2026-03-01 11:00:00.000000 UTC\n"
    assert main([*arguments[:2], "01_small", "--folder", str(tmp_path), "--json"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert [each["what"] for each in told["placed"]] == ["same", "same"]
    alone = archive(tmp_path / "b.zip", {"zoe.ipynb": b"{"})
    assert main(["collect", str(alone), "--folder", str(tmp_path)]) == 1
    assert "not placed: zoe.ipynb: the file is damaged" in capsys.readouterr().err
    assert main(["collect", str(alone), "01_small", "--folder", str(tmp_path)]) == 0
    assert main([*arguments, "--zone", "Mars"]) == 1
    assert "There is no time zone 'Mars'" in capsys.readouterr().err
    assert main(["collect", "01_small"]) == 1
    assert "Nothing to collect" in capsys.readouterr().err
