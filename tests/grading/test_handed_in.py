"""One file, one verdict: self-check, engine and stock nbgrader on what public reports broke."""

import subprocess
import sys
from pathlib import Path

import nbgrader
import pytest
from nbgrader.api import Gradebook

from coursekit import check
from coursekit.authoring.environment import nbgrader_environment
from coursekit.classroom.course_folder import CourseFolder
from coursekit.classroom.grade import grade_class
from coursekit.classroom.stock import StockGrader
from coursekit.grading.engine import master_of
from coursekit.grading.record import Record, Status
from coursekit.intake.belongs import NothingMatchedError
from coursekit.intake.rebuild import rebuild
from coursekit.reader import UnreadableError, read_file
from coursekit.sources.layout import Unit
from coursekit.sources.progress import no_progress
from handed_in import NAME, NAMES, REFUSED, files
from samples import make_unit

POINTS = 1.5  # of the code; a person reads the rest
RELEASED = Path("notebooks") / "01_small" / NAME
STOCK = ("00", "01 byte", "02 Win", "04 Mark", "10", "12", "14 all", "15", "28", "33", "31", "68")


@pytest.fixture(scope="module")
def unit(tmp_path_factory: pytest.TempPathFactory) -> Unit:
    return make_unit(tmp_path_factory.mktemp("course"))


@pytest.fixture(scope="module")
def handed_in(unit: Unit) -> dict[str, tuple[str, bytes]]:
    return files((unit.course.root / RELEASED).read_bytes())


def hand_in(folder: Path, handed_in: dict[str, tuple[str, bytes]]) -> dict[str, str]:
    """Write one submission each, and return who is who."""
    students = {}
    for number, (what, (name, content)) in enumerate(handed_in.items()):
        students[what] = f"s{number:02}"
        path = folder / "submitted" / students[what] / "01_small" / name
        path.parent.mkdir(parents=True)
        path.write_bytes(content)
    return students


@pytest.fixture(scope="module")
def graded(
    unit: Unit,
    handed_in: dict[str, tuple[str, bytes]],
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Record]:
    folder = tmp_path_factory.mktemp("class")
    students = hand_in(folder, handed_in)
    with CourseFolder(folder, unit) as course:
        found = grade_class(course, list(students.values()), jobs=2, progress=no_progress)
    return dict(zip(students, found, strict=True))


def test_the_engine_gives_each_its_points_or_none(graded: dict[str, Record]) -> None:
    good = {what: record for what, record in graded.items() if record.status.has_points}
    points = {what: sum(o.points or 0 for o in record.outcomes) for what, record in good.items()}
    assert points == {what: POINTS for what in graded if not what.startswith(REFUSED)}
    refused = {r.status for what, r in graded.items() if what.startswith(REFUSED)}
    assert refused == {Status.UNREADABLE, Status.UNMATCHED}


def test_the_self_check_says_what_the_engine_says(
    handed_in: dict[str, tuple[str, bytes]],
    graded: dict[str, Record],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for what, (name, content) in handed_in.items():
        (tmp_path / name).write_bytes(content)
        code = check.main(["check", "--quiet", str(tmp_path / name)])
        said = capsys.readouterr()
        assert (code == 0) == graded[what].status.has_points, (what, said)
        if code:
            assert said.out == "", what
            assert said.err.count("\n") == 1, what
        else:
            assert "2 of 2 checks pass here" in said.out, what
            assert "Traceback" not in said.err, what
            assert (f"To hand it in, call it {NAME}" in said.out) == (what in NAMES)


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("10 answer split in two", "twice: question 1: delete the copies."),
        ("28 prompt copied", "twice: question 1 (prompt): delete the copies."),
        ("28 given cell copied", "twice: setup-given: delete the copies."),
        ("12 check as Markdown", "question 1 (small) is no code cell any more: turn it into"),
        ("12 answer as Markdown", "question 1 is no code cell any more"),
        ("02 Latin-1", "It is no UTF-8: it was read as"),
        ("31 a lecture", 'it has no checks, it looks like "Iris 1: three species": name a'),
        ("31 an empty notebook", "it looks like an empty notebook"),
        ("31 another challenge", "its cells have lost their names"),
    ],
)
def test_the_self_check_names_what_is_odd(
    handed_in: dict[str, tuple[str, bytes]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    what: str,
    said: str,
) -> None:
    name, content = handed_in[what]
    (tmp_path / name).write_bytes(content)
    check.main(["check", "--quiet", str(tmp_path / name)])
    assert said in "".join(capsys.readouterr())


def test_on_nbgrader_s_own_notebooks_both_refuse_in_a_sentence(unit: Unit) -> None:
    master = master_of(unit)
    found = sorted(Path(nbgrader.__file__).parent.glob("tests/**/*.ipynb"))
    assert len(found) > 50
    for path in found:
        told: list[Exception] = []
        for read in (lambda p: rebuild(master, read_file(p)), check._read):
            with pytest.raises((UnreadableError, NothingMatchedError, check.CheckError)) as caught:
                read(path)
            told.append(caught.value)
        assert isinstance(told[0], UnreadableError) == (str(told[0]) == str(told[1])), path
        assert all("\n" not in str(error) for error in told)


def test_stock_nbgrader_gives_the_same_and_goes_on(
    unit: Unit,
    handed_in: dict[str, tuple[str, bytes]],
    graded: dict[str, Record],
    root: Path,
    tmp_path: Path,
) -> None:
    chosen = {what: file for what, file in handed_in.items() if what.startswith(STOCK)}
    students = hand_in(tmp_path, chosen)
    with CourseFolder(tmp_path, unit) as course:
        course.ensure_assignment()
    config = (root / "nbgrader_config.py").read_text(encoding="utf-8")
    (tmp_path / "nbgrader_config.py").write_text(config, encoding="utf-8")
    with nbgrader_environment(unit.course):
        done = subprocess.run(
            [sys.executable, "-m", "nbgrader", "autograde", "01_small"],
            cwd=tmp_path,
            capture_output=True,
            text=True,
        )
    assert "nbgrader update" not in done.stderr
    assert done.returncode == 1, "those that were refused"
    refused = {what for what in chosen if what.startswith(REFUSED)}
    for what in refused:
        assert graded[what].detail in done.stderr, what
    with Gradebook(f"sqlite:///{tmp_path / 'gradebook.db'}") as gradebook:
        rows = {row.student.id: row.score for row in gradebook.assignment_submissions("01_small")}
    assert rows == {students[what]: POINTS for what in chosen if what not in refused}


def test_a_refused_file_withdraws_its_old_score_and_keeps_a_person_s(
    unit: Unit, handed_in: dict[str, tuple[str, bytes]], tmp_path: Path
) -> None:
    hand_in(tmp_path, {"ada": handed_in["00 nothing odd"]})
    path = tmp_path / "submitted" / "s00" / "01_small" / NAME
    with CourseFolder(tmp_path, unit) as course:
        course.ensure_assignment()
        with nbgrader_environment(unit.course):
            assert course.api.autograde("01_small", "s00")["success"]
        with course.gradebook() as gradebook:
            gradebook.find_grade("q2_why", "small_challenge", "01_small", "s00").manual_score = 3
            gradebook.db.commit()
        path.write_bytes(handed_in["31 a lecture"][1])
        with nbgrader_environment(unit.course):
            assert not course.api.autograde("01_small", "s00")["success"]
        with course.gradebook() as gradebook:
            rows = gradebook.find_submission_notebook("small_challenge", "01_small", "s00")
            kept = {grade.name: (grade.auto_score, grade.manual_score) for grade in rows.grades}
    assert kept == {
        "q1_double-small": (None, None),
        "q1_double-large": (None, None),
        "q2_why": (None, 3),
    }


@pytest.mark.parametrize(
    ("what", "status", "said"),
    [
        ("43 a number in the name", Status.MISSING, "is called small_challenge (1).ipynb, not"),
        ("44 .txt", Status.MISSING, "Rename it, then grade it again."),
        ("31 a lecture", Status.UNMATCHED, 'it looks like "Iris 1: three species"'),
        ("32 cut off", Status.UNREADABLE, "the file is damaged"),
    ],
)
def test_the_stock_engine_says_why(
    unit: Unit,
    handed_in: dict[str, tuple[str, bytes]],
    tmp_path: Path,
    what: str,
    status: Status,
    said: str,
) -> None:
    hand_in(tmp_path, {what: handed_in[what]})
    with StockGrader(tmp_path, unit) as grader:
        (record,) = grader.grade(["s00"])
    assert record.status is status
    assert said in record.detail
