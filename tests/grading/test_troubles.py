"""A full disk, a gradebook that is locked, read-only or another's: one sentence, nothing half."""

import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path

import nbgrader
import pytest

from composites import write as hand_in
from coursekit.authoring.environment import nbgrader_environment
from coursekit.classroom import opening
from coursekit.classroom.course_folder import CourseFolder
from coursekit.classroom.grade import _write
from coursekit.classroom.gradebook import GradebookWriter
from coursekit.cli import main
from coursekit.grading.record import Record, Status
from coursekit.sources.layout import CourseError, Unit
from disks import MAY_MOUNT, in_child, read_only, small_disk
from living import Command
from samples import make_unit
from written import beside, damaged, first, make_graded, second, state, write

RIGHT = {"q1_double": "def double(x):\n    return 2 * x"}
OLD = Path(nbgrader.__file__).parent / "tests" / "apps" / "files" / "gradebook.db"


@pytest.fixture(scope="module")
def unit(tmp_path_factory: pytest.TempPathFactory) -> Unit:
    made = make_unit(tmp_path_factory.mktemp("course"))
    hand_in(made, "ada", RIGHT, made.course.root / "submitted")
    return made


@pytest.fixture(scope="module")
def graded(unit: Unit, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_graded(tmp_path_factory.mktemp("graded") / "class", unit)


@pytest.fixture
def folder(graded: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(graded, tmp_path / "class"))


@pytest.fixture
def refused(
    unit: Unit, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[[Path], str]:
    """Return what ``grade`` says of a folder: one sentence."""
    monkeypatch.setattr(opening, "PATIENCE", 0.2)
    monkeypatch.chdir(unit.course.root)

    def run(folder: Path) -> str:
        capsys.readouterr()
        assert main(["grade", unit.id, "--folder", str(folder)]) == 1
        said = capsys.readouterr().err
        assert said.startswith("coursekit: ")
        assert said.count("\n") == 1
        return said

    return run


# --- a full disk ---


def attempt(folder: Path, unit: Unit, told: Record) -> str:
    """Write a record as a class is written; return the sentence that ends it, empty if none."""
    try:
        with CourseFolder(folder, unit) as course, GradebookWriter(course) as writer:
            _write(writer, told)
    except CourseError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("new", [second, damaged], ids=["another answer", "a damaged file"])
@pytest.mark.skipif(not MAY_MOUNT, reason="")
def test_a_full_disk_leaves_old_or_new_as_a_whole(
    unit: Unit, graded: Path, tmp_path: Path, new: Callable[[Unit], Record]
) -> None:
    old = state(graded, unit)
    with small_disk(tmp_path / "disk", 2) as disk:
        folder, said = disk.folder / "class", [""]
        for kilobytes in range(0, 400, 4):
            disk.free()
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(graded, folder)
            disk.leave(kilobytes)
            sentence = attempt(folder, unit, new(unit))
            disk.free()
            if not sentence:
                break
            said.append(sentence)
            assert "make room" in sentence, (kilobytes, sentence)
            assert state(folder, unit) == old, kilobytes
            assert beside(folder) == [], kilobytes
        assert len(set(said)) > 2, "files and rows, at least"
        assert state(folder, unit) not in (old, {}), "there was room at last"


@pytest.mark.parametrize("kilobytes", [1, 8, 40])
def test_a_limit_on_the_size_of_files_is_no_other(unit: Unit, folder: Path, kilobytes: int) -> None:
    old = state(folder, unit)
    sentence = in_child(lambda: attempt(folder, unit, second(unit)), kilobytes << 10)
    assert "limit on the size of files" in sentence or "make room" in sentence
    assert sentence.endswith((", then grade again, and it goes on where it stopped.", ")."))
    assert state(folder, unit) == old
    assert beside(folder) == []


@pytest.mark.skipif(not MAY_MOUNT, reason="")
def test_grading_goes_on_when_there_is_room_again(unit: Unit, tmp_path: Path) -> None:
    students = ["a", "b", "c"]
    with small_disk(tmp_path / "disk", 2) as disk:
        folder, arguments = disk.folder / "class", ["grade", unit.id, "--folder"]
        for student in students:
            hand_in(unit, student, RIGHT, folder / "submitted")
        write(folder, unit, replace(damaged(unit), student="a"))  # the gradebook is there
        disk.leave(12)
        command = Command([*arguments, str(folder)], unit.course.root, tmp_path / "t")
        assert command.wait() == 1
        assert command.said[-1].startswith("coursekit: ")
        assert "make room" in command.said[-1]
        assert "Traceback" not in "".join(command.said)
        done = {path.stem for path in (folder / "records" / unit.id).glob("*.json")}
        disk.free()
        command = Command([*arguments, str(folder)], unit.course.root, tmp_path / "t")
        assert command.wait() == 0, command.said
        assert done < set(students)
        with closing(sqlite3.connect(folder / "gradebook.db")) as connection:
            rows = connection.execute("SELECT student_id FROM submitted_assignment").fetchall()
        assert sorted(rows) == [("a",), ("b",), ("c",)]


# --- read-only ---


@pytest.mark.parametrize(
    ("what", "said"),
    [
        (".", "class is read-only: make it writable, then grade again."),
        ("records", "class/records is read-only: make it writable"),
        ("autograded", "class/autograded is read-only: make it writable"),
        ("gradebook.db", "it may not be written: make it and its folder writable"),
    ],
)
def test_what_is_read_only_is_told_before_anything_is_graded(
    unit: Unit, folder: Path, refused: Callable[[Path], str], what: str, said: str
) -> None:
    old = state(folder, unit)
    with read_only(folder / what):
        assert said in refused(folder)
        assert state(folder, unit) == old


def test_what_becomes_read_only_stops_the_class(unit: Unit, folder: Path) -> None:
    old = state(folder, unit)
    with (
        CourseFolder(folder, unit) as course,
        GradebookWriter(course) as writer,
        read_only(folder / "autograded" / "ada"),
        pytest.raises(CourseError, match=r"autograded/ada.* make it writable, then grade again"),
    ):
        _write(writer, second(unit))
    assert state(folder, unit) == old
    assert beside(folder) == []


# --- locked ---


@contextmanager
def locked(path: Path, seconds: float = 60) -> Iterator[None]:
    """Let another process hold a gradebook for itself."""
    code = (
        "import sqlite3, sys, time\n"
        f"connection = sqlite3.connect({str(path)!r})\n"
        "connection.execute('BEGIN EXCLUSIVE')\n"
        "print('held', flush=True)\n"
        f"time.sleep({seconds})\n"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE) as other:
        assert other.stdout
        assert other.stdout.readline() == b"held\n"
        yield
        other.kill()


def test_a_locked_gradebook_is_told_before_anything_is_graded(
    folder: Path, refused: Callable[[Path], str]
) -> None:
    with locked(folder / "gradebook.db"):
        said = refused(folder)
    assert (
        "it is in use: close formgrader and whatever else works with it, then grade again" in said
    )
    assert "goes on where it stopped" in said


@pytest.mark.parametrize("new", [second, damaged], ids=["another answer", "a damaged file"])
def test_a_gradebook_that_gets_locked_changes_nothing(
    unit: Unit,
    folder: Path,
    monkeypatch: pytest.MonkeyPatch,
    new: Callable[[Unit], Record],
) -> None:
    monkeypatch.setattr(opening, "PATIENCE", 0.2)
    old, path = state(folder, unit), folder / "gradebook.db"
    with CourseFolder(folder, unit) as course, GradebookWriter(course) as writer:
        with locked(path), pytest.raises(CourseError, match="it is in use: close formgrader"):
            _write(writer, new(unit))
        assert state(folder, unit) == old
        assert beside(folder) == []
        _write(writer, new(unit))
    assert state(folder, unit) != old


def test_a_short_lock_is_waited_for(unit: Unit, folder: Path) -> None:
    with (
        CourseFolder(folder, unit) as course,
        GradebookWriter(course) as writer,
        locked(folder / "gradebook.db", seconds=1),
    ):
        _write(writer, second(unit))
    assert state(folder, unit)["record"].outcomes[0].points == 0


def test_two_gradings_of_a_unit_do_not_meet(
    unit: Unit, folder: Path, refused: Callable[[Path], str]
) -> None:
    with CourseFolder(folder, unit) as course, GradebookWriter(course):
        said = refused(folder)
    assert "Another grading of 01_small is at work in " in said
    assert "let it end, or stop it, then grade again." in said


# --- another version, or none ---


def test_a_gradebook_of_an_older_nbgrader_is_upgraded_by_nbgrader(
    unit: Unit, tmp_path: Path, refused: Callable[[Path], str]
) -> None:
    path = tmp_path / "class" / "gradebook.db"
    shutil.copytree(unit.course.root / "submitted", tmp_path / "class" / "submitted")
    shutil.copy(OLD, path)
    before = path.read_bytes()
    assert "an older nbgrader made it: run `nbgrader db upgrade`" in refused(tmp_path / "class")
    assert path.read_bytes() == before, "nbgrader would have added tables"
    with nbgrader_environment(unit.course):
        command = [sys.executable, "-m", "nbgrader", "db", "upgrade"]
        subprocess.run(command, cwd=path.parent, check=True, capture_output=True)
    write(tmp_path / "class", unit, first(unit))
    assert state(tmp_path / "class", unit)["rows"]["q1_double-small"][0] == 1


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("UPDATE alembic_version SET version_num = 'ffff'", "a newer nbgrader made it: install"),
        ("DELETE FROM alembic_version", "an older nbgrader made it"),
        ("DROP TABLE submitted_assignment; DROP TABLE alembic_version", "are not nbgrader's"),
    ],
)
def test_another_version_is_refused(
    folder: Path, refused: Callable[[Path], str], change: str, said: str
) -> None:
    path = folder / "gradebook.db"
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript(change)
    before = path.read_bytes()
    assert said in refused(folder)
    assert path.read_bytes() == before


@pytest.mark.parametrize("left", [b"", b"half"])
def test_half_a_gradebook_is_not_left_or_taken(unit: Unit, tmp_path: Path, left: bytes) -> None:
    folder = tmp_path / "class"
    folder.mkdir()
    (folder / "gradebook.db").write_bytes(b"")
    (folder / "gradebook.db.new").write_bytes(left)
    write(folder, unit, first(unit))
    assert beside(folder) == []


def test_a_gradebook_that_is_damaged_meanwhile_is_told(unit: Unit, folder: Path) -> None:
    with CourseFolder(folder, unit) as course, GradebookWriter(course) as writer:
        writer._gradebook.engine.dispose()
        (folder / "gradebook.db").write_bytes(b"not a database any more" * 100)
        with pytest.raises(CourseError, match="it is no gradebook: put a copy of it back"):
            _write(writer, second(unit))


# --- what is one student's own ---


def test_a_name_that_no_file_may_have_stops_nobody(unit: Unit, folder: Path) -> None:
    odd = replace(second(unit), student="x" * 250)
    with CourseFolder(folder, unit) as course, GradebookWriter(course) as writer:
        told = _write(writer, odd)
        _write(writer, second(unit))
    assert told.status is Status.ENGINE
    assert told.detail.startswith("It was graded, but cannot be written (OSError: ")
    assert beside(folder) == []
