"""Deadlines in a zone, extensions that never shorten, and what lateness costs."""

from __future__ import annotations

import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from traitlets.config import Config

from composites import write
from coursekit.classroom.course_folder import CourseFolder
from coursekit.classroom.deadlines import DEADLINES, EXTENSIONS, Deadlines, LatePolicy, LocalTime
from coursekit.classroom.lateness import settle_penalties
from coursekit.cli import main
from coursekit.marking.by_hand import ByHand
from coursekit.sources.layout import CourseError
from samples import CHALLENGE, make_unit

BERLIN = ZoneInfo("Europe/Berlin")
DUE = "unit,due,opens\n01_small,2026-03-29 23:59,2026-03-28 23:59\n"
TASK = CHALLENGE.index("# %% [markdown] task=")
EXTENDED = "student,unit,until,hours,factor\nada,01,,4,"


def deadlines(root: Path, due: str = DUE, extensions: str = "") -> Deadlines:
    (root / DEADLINES).write_text(due, encoding="utf-8")
    (root / EXTENSIONS).write_text(extensions, encoding="utf-8")
    return Deadlines(root, BERLIN)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=timezone.utc)  # type: ignore[arg-type,misc]


@pytest.mark.parametrize(
    ("text", "due"),
    [
        ("2026-01-15 23:59", utc(2026, 1, 15, 22, 59)),
        ("2026-07-15 23:59", utc(2026, 7, 15, 21, 59)),
        ("2026-07-15T23:59+05:30", utc(2026, 7, 15, 18, 29)),
        ("2026-07-15 23:59Z", utc(2026, 7, 15, 23, 59)),
        ("2026-03-29 02:30", utc(2026, 3, 29, 1, 30)),  # no clock showed it: the later moment
        ("2026-10-25 02:30", utc(2026, 10, 25, 1, 30)),  # shown twice: the second time
    ],
)
def test_a_wall_clock_is_read_in_the_students_favour(
    text: str, due: datetime, tmp_path: Path
) -> None:
    assert deadlines(tmp_path, f"unit,due\n01_small,{text}\n").due("01_small") == due
    assert deadlines(tmp_path, "unit,due\n").due("01_small") is None


@pytest.mark.parametrize(
    ("line", "hours"),
    [
        ("ada,01_small,,24,", 24.0),
        ("ada,all,,24,", 24.0),
        ("bob,all,,24,", 0.0),
        ("ada,02_other,,24,", 0.0),
        ("ada,01_small,2026-03-31 23:59,,", 48.0),
        ("ada,01_small,2026-03-20 23:59,,", 0.0),  # before the deadline: nothing is shortened
        ("ada,01_small,,,1.5", 11.5),  # of the 23 hours between: the clocks went forward
        ("ada,all,,24,\nada,01_small,,36,\nada,all,,12,", 36.0),  # the longest
    ],
)
def test_an_extension_only_ever_lengthens(line: str, hours: float, tmp_path: Path) -> None:
    kept = deadlines(tmp_path, extensions=f"student,unit,until,hours,factor\n{line}\n")
    assert kept.extra("ada", "01_small") == timedelta(hours=hours)
    assert kept.extra("ada", "09_none") == timedelta(0)


@pytest.mark.parametrize(
    ("due", "extensions", "said"),
    [
        ("unit\n", "", "deadlines.csv: its first line needs a column `due`."),
        ("unit,due\n01_small,soon\n", "", "line 2: 'soon' is no time: write 2026-03-29 23:59."),
        ("unit,due\n01_small,\n", "", "line 2: `due` is empty."),
        (DUE, "student,unit,hours\nada,all,x\n", "line 2: 'x' is no number of hours"),
        (DUE, "student,unit,hours\nada,all,-3\n", "line 2: '-3' is no number of hours"),
        (DUE, "student,unit,hours,factor\nada,all,1,2\n", "give one of until, hours and factor."),
        (DUE, "student,unit,hours\nada,all,\n", "give one of until, hours and factor."),
        (DUE, "student,unit,factor\nada,all,0.5\n", "a factor under 1 would shorten the time."),
        (DUE, "student,unit,factor\nada,09_x,2\n", "a factor needs `opens` of 09_x in deadlines"),
    ],
)
def test_a_wrong_line_is_told_with_its_place(
    due: str, extensions: str, said: str, tmp_path: Path
) -> None:
    with pytest.raises(CourseError) as error:
        deadlines(tmp_path, due, extensions)
    assert said in str(error.value)


def test_a_share_for_each_day_begun_up_to_a_cap() -> None:
    policy = LatePolicy(config=Config({"LatePolicy": {"grace_minutes": 10, "percent_a_day": 10}}))
    day = 24 * 3600
    late = [600, 601, 600 + day, 601 + day, 100 * day]
    assert [policy.late_submission_penalty("a", 20, each) for each in late] == [None, 2, 2, 4, 20]
    policy.cap_percent = 30
    assert policy.late_submission_penalty("a", 20, 100 * day) == 6
    assert LatePolicy().late_submission_penalty("a", 20, day) is None


def test_a_class_pays_for_lateness_and_an_extension_settles_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    unit = make_unit(tmp_path, CHALLENGE[:TASK])
    pyproject = tmp_path / "pyproject.toml"
    pyproject.write_text(pyproject.read_text() + 'time_zone = "Europe/Berlin"\n')
    (tmp_path / "nbgrader_config.py").write_text(
        "from coursekit.authoring import release\nfrom coursekit.classroom import settings\n"
        "config = settings.configure(release.configure(get_config()))\n"
        "config.LatePolicy.percent_a_day = 20\n"
    )
    monkeypatch.chdir(tmp_path)
    for student, stamp in (("ada", "21:59:00"), ("bob", "22:00:01")):
        code = "def double(x):\n    return 2 * x"
        path = write(unit, student, {"q1_double": code}, tmp_path / "submitted")
        (path.parent / "timestamp.txt").write_text(f"2026-03-29 {stamp} UTC\n")

    def penalties() -> dict[str, float | None]:
        with CourseFolder(tmp_path, unit) as course, course.gradebook() as gradebook:
            return {
                row.student_id: row.notebooks[0].late_submission_penalty
                for row in gradebook.assignment_submissions(unit.id)
            }

    assert main(["grade", unit.id]) == 0
    assert penalties() == {"ada": None, "bob": None}, "nothing says when it is due"
    (tmp_path / DEADLINES).write_text(DUE)
    assert main(["grade", unit.id]) == 0
    assert "as before" in capsys.readouterr().err, "nobody is judged again"
    assert penalties() == {"ada": None, "bob": pytest.approx(0.3)}
    (tmp_path / EXTENSIONS).write_text("student,unit,hours\nbob,all,1\n")
    assert main(["grade", unit.id]) == 0
    assert penalties() == {"ada": None, "bob": None}


def test_a_time_without_a_zone_is_of_its_own_date_not_of_today(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "deadlines.csv").write_text(
        "unit,due\na,2026-07-01 23:59\nb,2026-12-01 23:59\nc,2026-10-25 02:30\n", encoding="utf-8"
    )
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        found = Deadlines(tmp_path, LocalTime())
        due = {unit: str(found.due(unit))[:16] for unit in "abc"}
    finally:
        monkeypatch.undo()
        time.tzset()
    assert due == {"a": "2026-07-01 21:59", "b": "2026-12-01 22:59", "c": "2026-10-25 01:30"}


def test_a_unit_that_there_is_not_is_told(tmp_path: Path) -> None:
    for name, row in (("deadlines.csv", "unit,due\n01,2026-07-01"), ("extensions.csv", EXTENDED)):
        (tmp_path / name).write_text(row, encoding="utf-8")
        with pytest.raises(CourseError, match=f"{name}, line 2: there is no unit '01': choose"):
            Deadlines(tmp_path, timezone.utc, ["01_small"])
        (tmp_path / name).unlink()


POLICY = "c = get_config()\nc.LatePolicy.percent_a_day = 10\n"


@pytest.mark.parametrize("where", ["course", "class"])
def test_the_policy_holds_for_a_folder_of_its_own_and_for_marks_that_come_later(
    where: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    unit, folder = make_unit(tmp_path / "course"), tmp_path / "class"
    right = {"q1_double": "def double(x):\n    return x + x"}
    path = write(unit, "ada", right, folder / "submitted")
    (path.parent / "timestamp.txt").write_text("2026-03-29 12:00:00 UTC", encoding="utf-8")
    place = unit.course.root if where == "course" else folder
    text = POLICY + "c.CourseDirectory.db_url = 'sqlite:////nowhere/of.db'\n" * (where == "course")
    (place / "nbgrader_config.py").write_text(text, encoding="utf-8")
    monkeypatch.chdir(unit.course.root)
    with CourseFolder(folder, unit) as course:
        course.ensure_assignment()
        with course.gradebook() as gradebook:  # as `nbgrader db assignment add --duedate` sets it
            gradebook.update_or_create_assignment(unit.id, duedate=datetime(2026, 3, 28, 21, 0))
    here = ["--folder", str(folder)]
    assert main(["grade", unit.id, "--fence", "limits-only", *here]) == 0
    with CourseFolder(folder, unit) as course:
        assert course.penalties() == {"ada": pytest.approx(0.15)}, "a tenth of 1.5"
        (answer,) = ByHand(course).waiting()
        ByHand(course).save(answer, 4.0)
        assert course.penalties() == {"ada": pytest.approx(0.55)}, "of 5.5"
        with course.gradebook() as gradebook:  # as formgrader sets a mark
            rows = gradebook.find_submission_notebook(course.notebook, unit.id, "ada")
            next(each for each in rows.grades if each.name == "q2_why").manual_score = 2.0
            gradebook.db.commit()
        settle_penalties(course)
        assert course.penalties() == {"ada": pytest.approx(0.35)}, "of 3.5"
        later = datetime.now() + timedelta(days=2)
        with course.gradebook() as gradebook:
            gradebook.update_or_create_assignment(unit.id, duedate=later)
    assert main(["feedback", unit.id, "--with-solutions", *here]) == 1
    assert "may be handed in until" in capsys.readouterr().err
