"""``coursekit grade`` and ``explain``: one table, one status each, a reason for every point."""

import json
import os
import platform
from dataclasses import replace
from pathlib import Path

import pytest

from coursekit.classroom.explain import explain
from coursekit.classroom.records import keep_record, read_record, record_path
from coursekit.classroom.report import TO_DO, is_well, make_table, printable, reasons
from coursekit.cli import main
from coursekit.demo.sample_class import SampleStudent, write_submission
from coursekit.grading.record import Outcome, Record, Status, Verdict
from coursekit.intake.sheet import Match
from coursekit.sources.layout import CourseError, Unit
from samples import make_unit

SMALL, LARGE = "q1_double-small", "q1_double-large"
ANSWERS = {
    "ada": "def double(x):\n    return 2 * x",
    "bob": "def double(x):\n    return 2 * x if x < 3 else 1 / 0",
    "eve": "import os\nos._exit(0)",
}
NO_TASK = """# %% given="setup"
import math

# %% [markdown] prompt="q1_double"
# Double it.

# %% answer="q1_double"
def double(x):
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION

# %% check="q1_double" part="small" points=1
assert double(1) == 2
### BEGIN HIDDEN TESTS
assert double(3) == 6
### END HIDDEN TESTS

# %% check="q1_double" part="large" points=0.5
assert double(100) == 200
"""


@pytest.fixture(scope="module")
def unit(tmp_path_factory: pytest.TempPathFactory) -> Unit:
    return make_unit(tmp_path_factory.mktemp("course"), NO_TASK)


@pytest.fixture(autouse=True)
def _in_course(unit: Unit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(unit.course.root)


def hand_in(unit: Unit, student: str, code: str) -> Path:
    role = SampleStudent(student, "", {"q1_double": code}, {SMALL: 1})
    return write_submission(unit, role, unit.course.root / "submitted")


@pytest.fixture(scope="module")
def graded(unit: Unit) -> Unit:
    """Return the unit after its class of three was graded on the course tree itself."""
    for student, code in ANSWERS.items():
        hand_in(unit, student, code)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(unit.course.root)
        assert main(["grade", unit.id]) == 0, "lost and failed checks are the students' own"
    return unit


# --- grade ---


def test_one_table_and_what_to_look_at(graded: Unit, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["grade", graded.id, "--student", "eve", "bob"]) == 0
    printed = capsys.readouterr()
    rows = [line for line in printed.out.splitlines() if line.startswith("│")]
    cells = [[part.strip() for part in row.split("│")[1:-1]] for row in rows]
    assert ["eve", "0", "0 / 1.5", "graded", ""] in cells
    assert ["bob", "0", "0 / 1.5", "graded", ""] in cells
    assert "eve: q1_double-small: lost: " in printed.out
    assert printed.err == "as before: 2/2\n"
    release = graded.course.root / "notebooks" / graded.id / graded.challenge_notebook
    assert "not tried yet" in release.read_text(encoding="utf-8"), "the release is untouched"


def test_json_is_one_document(graded: Unit, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["grade", graded.id, "--student", "ada", "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told == {
        "unit": "01_small",
        "questions": {"q1_double": 1.5},
        "well": True,
        "submissions": [
            {
                "student": "ada",
                "status": "graded",
                "fault": "nobody's",
                "questions": {"q1_double": 1.5},
                "checks": {SMALL: "pass", LARGE: "pass"},
                "total": 1.5,
                "look": [],
                "fence": "full",
            }
        ],
    }


def test_a_file_that_cannot_be_graded_makes_the_exit_code_1(
    graded: Unit, capsys: pytest.CaptureFixture[str]
) -> None:
    path = hand_in(graded, "joe", ANSWERS["ada"])
    path.write_bytes(b"%PDF-1.7")
    assert main(["grade", graded.id, "--student", "joe", "ada"]) == 1
    printed = capsys.readouterr().out
    assert "error:unreadable" in printed
    assert "the student's: ask for the file again" in printed
    assert "ask the student for it again (this is a PDF: take the notebook itself" in printed
    assert "1.5 / 1.5" in printed, "the others have their points"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["99_none"], "No unit called '99_none': choose from 01_small."),
        (["01_small", "--student", "ada", "zoe"], "'zoe' has not handed in 01_small: there is no "),
        (["01_small", "--folder", "elsewhere"], "Nobody has handed in 01_small: put their "),
        (["01_small", "--jobs", "0"], "Grading needs at least one job: use --jobs 1 or more."),
    ],
)
@pytest.mark.usefixtures("graded")
def test_a_wrong_call_is_one_sentence(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["grade", *arguments]) == 1
    error = capsys.readouterr().err.splitlines()
    assert error[-1].startswith(f"coursekit: {said}")


def test_a_unit_that_is_not_built_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    unit = make_unit(tmp_path, NO_TASK)
    (unit.course.root / "solutions" / unit.id / unit.challenge_notebook).unlink()
    monkeypatch.chdir(tmp_path)
    assert main(["grade", unit.id]) == 1
    told = "coursekit: 01_small is not built: run `coursekit build 01_small`.\n"
    assert capsys.readouterr().err == told


@pytest.mark.parametrize("command", [["grade", "01_small"], ["demo", "--unit", "01_small"]])
@pytest.mark.usefixtures("graded")
def test_elsewhere_than_on_linux_a_sentence_offers_stock_nbgrader(
    command: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    assert main(command) == 1
    error = capsys.readouterr().err
    assert "coursekit: The engine needs Linux, and this is Darwin: use WSL2" in error
    assert "--engine stock" in error


# --- records ---


def test_a_record_is_kept_and_read(graded: Unit, tmp_path: Path) -> None:
    kept = read_record(graded.course.root, graded.id, "ada")
    assert (kept.student, kept.scores) == ("ada", {SMALL: 1.0, LARGE: 0.5})
    path = keep_record(tmp_path, kept)
    assert path == tmp_path / "records" / graded.id / "ada.json"
    assert os.listdir(path.parent) == ["ada.json"]
    assert read_record(tmp_path, graded.id, "ada") == kept


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"status": "well"}', "\x00"])
def test_a_damaged_record_is_told(tmp_path: Path, text: str) -> None:
    path = record_path(tmp_path, "01_small", "ada")
    path.parent.mkdir(parents=True)
    path.write_text(text, encoding="utf-8")
    with pytest.raises(CourseError, match="run `coursekit grade 01_small --student ada`"):
        read_record(tmp_path, "01_small", "ada")


def test_no_record_outside_the_folder_is_read(tmp_path: Path) -> None:
    (tmp_path / "ada.json").write_text("{}", encoding="utf-8")
    (tmp_path / "records" / "01_small").mkdir(parents=True)
    with pytest.raises(CourseError, match="No record of"):
        read_record(tmp_path, "01_small", "../../ada")


# --- explain ---


def test_explain_replays_a_verdict(graded: Unit, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", "bob", graded.id, "q1"]) == 0
    told = capsys.readouterr().out
    assert told.startswith(
        "bob, 01_small, q1_double: the submission is graded.\n"
        "The answer was found by grade id, confidence 100%.\n"
        "\n"
        "q1_double-small: fail, 0 of 1 points, "
    )
    assert "  asked: double(1) -> 2\n  asked: double(3) raised ZeroDivisionError: division" in told
    assert "  stopped in its hidden part:\n    q1_double-small, line 3:\n" in told
    assert "    the answer's line 2: return 2 * x if x < 3 else 1 / 0\n" in told
    assert "graded with coursekit " in told
    assert told.endswith("fenced: full\n")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["ada", "01_small", "q9"], "No question 'q9' in 01_small: choose from q1_double."),
        (["zoe", "01_small", "q1"], "No record of zoe in 01_small: run `coursekit grade 01_small "),
        (["ada", "99_none", "q1"], "No unit called '99_none': choose from 01_small."),
    ],
)
@pytest.mark.usefixtures("graded")
def test_explain_says_what_is_missing(
    arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["explain", *arguments]) == 1
    error = capsys.readouterr().err
    assert error.startswith(f"coursekit: {said}")
    assert error.count("\n") == 1


def check(verdict: Verdict, **about: object) -> Outcome:
    points = {Verdict.PASS: 1.0, Verdict.COURSE: None, Verdict.UNSENDABLE: None}.get(verdict, 0.0)
    return Outcome(SMALL, "q1_double", verdict, points, 1.0, **about)  # type: ignore[arg-type]


def test_explain_tells_all_that_a_record_knows() -> None:
    outcome = check(
        Verdict.COURSE, text="it fails", flags=("look",), margins={"the fit": 0.5}, seconds=1.5
    )
    match = Match("q1_double", "similarity", 0.75, "Its cell was renamed.")
    record = Record(
        "ada",
        "01_small",
        Status.NEEDS_MANUAL,
        outcomes=(outcome,),
        manual={"q2_why": 4.0},
        matches=(match,),
        flags=("Two copies.",),
    )
    assert list(explain(record, "q1_double")) == [
        "ada, 01_small, q1_double: the submission is needs-manual.",
        "The answer was found by similarity, confidence 75%. Its cell was renamed.",
        "",
        "q1_double-small: error:course (the course's fault), a person decides of 1 points, 1.5 s",
        "  stopped in its visible part:",
        "    it fails",
        "  the fit: 0.50 of what is allowed",
        "  flag: look",
        "",
        "flag: Two copies.",
    ]
    assert "A person marks it in formgrader: 4 points at most." in list(explain(record, "q2"))
    with pytest.raises(CourseError, match="ada: error:missing: not there"):
        list(explain(Record("ada", "01_small", Status.MISSING, "not there"), "q1"))


# --- report ---


def test_every_status_says_what_to_do() -> None:
    assert set(TO_DO) == set(Status)
    assert [status for status in Status if not TO_DO[status]] == [Status.GRADED]
    blamed = [Status.MISSING, Status.UNREADABLE, Status.WIRE, Status.COURSE, Status.ENGINE]
    assert all(TO_DO[status].startswith(f"{status.fault.value}: ") for status in blamed)


@pytest.mark.parametrize(
    ("verdict", "well", "looks"),
    [
        (Verdict.PASS, True, 0),
        (Verdict.FAIL, True, 0),
        (Verdict.NOT_TRIED, True, 0),
        (Verdict.LIMIT_CPU, True, 1),
        (Verdict.UNSENDABLE, True, 1),
        (Verdict.COURSE, False, 1),
        (Verdict.ENGINE, False, 1),
    ],
)
def test_what_a_person_should_look_at(verdict: Verdict, well: bool, looks: int) -> None:
    record = Record("ada", "01_small", Status.GRADED, outcomes=(check(verdict, text="why"),))
    assert is_well([record]) is well
    assert reasons(record) == [f"{SMALL}: {verdict.value}: why"] * looks
    flagged = replace(record, flags=("Two copies.",))
    assert is_well([flagged]) is well
    assert "Two copies." in reasons(flagged)


def test_students_text_steers_no_terminal(unit: Unit) -> None:
    assert printable("a\x1b[31mb\x07\n") == "a\ufffd[31mb\ufffd\n"
    student = "[red]<script>x</script>\x1b[2J"
    record = Record(student, unit.id, Status.MISSING, "<script>x</script>\x1b[2J")
    (cell,) = make_table(unit, [record], {}).columns[0].cells
    assert cell == "\\[red]<script>x</script>\ufffd[2J"
