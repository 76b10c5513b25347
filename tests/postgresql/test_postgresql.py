"""The gradebook on a real PostgreSQL server: several writers, lost connections."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from conftest import REQUIRE_ALL
from coursekit.classroom import opening
from coursekit.classroom.course_folder import CourseFolder
from coursekit.classroom.grade import grade_class
from coursekit.classroom.records import read_record
from coursekit.cli import main
from coursekit.demo.sample_class import SampleStudent, write_submission
from coursekit.grading.record import Status
from coursekit.marking.by_hand import ByHand
from coursekit.sources.layout import CourseError, Unit
from coursekit.sources.progress import no_progress
from samples import make_unit

RIGHT = "def double(x):\n    return x + x"
WRONG = "def double(x):\n    return x * x"
CONFIG = "config = get_config()\nconfig.CourseDirectory.db_url = {!r}\n"
DROP = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)


class Server:
    """A PostgreSQL server of its own, in a folder, listening on a socket alone."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs, self.folder = programs, folder
        self._run("initdb", "-D", "data", "-U", "tests", "-A", "trust", "--no-sync")
        self.start()

    def start(self) -> None:
        """Start it."""
        options = f"-k {self.folder} -c listen_addresses='' -c fsync=off"
        self._run("pg_ctl", "-D", "data", "-l", "log", "-w", "-o", options, "start")

    def stop(self) -> None:
        """End it at once."""
        self._run("pg_ctl", "-D", "data", "-w", "-m", "immediate", "stop")

    def database(self, name: str) -> str:
        """Make an empty database and return its URL."""
        self.say("postgres", f"CREATE DATABASE {name}")
        return f"postgresql+psycopg://tests@/{name}?host={self.folder}"

    def say(self, database: str, statement: str) -> str:
        """Run a statement, and return what it gives."""
        return self._run("psql", "-h", str(self.folder), "-U", "tests", "-tAc", statement, database)

    def _run(self, program: str, *arguments: str) -> str:
        # The server refuses to be root.
        user = "postgres" if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
        done = subprocess.run(
            [str(self._programs / program), *arguments],
            cwd=self.folder,
            user=user if os.getuid() == 0 else None,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if program == "psql" else subprocess.DEVNULL,
            stderr=subprocess.PIPE if program == "psql" else subprocess.DEVNULL,
            text=True,
            check=True,
            timeout=60,
        )
        return str(done.stdout or "").strip()


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    programs = found[-1] if found else shutil.which("initdb")
    if programs is None:
        message = "needs PostgreSQL's server: run `make system`"
        pytest.fail(message) if REQUIRE_ALL else pytest.skip(message)
    # A socket's path is short, and the server's own user must get there.
    folder = Path(tempfile.mkdtemp(prefix="pg-", dir="/tmp"))
    if os.getuid() == 0:
        shutil.chown(folder, "postgres")
    made = Server(Path(programs).parent, folder)
    try:
        yield made
    finally:
        made.stop()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def unit(tmp_path_factory: pytest.TempPathFactory) -> Unit:
    return make_unit(tmp_path_factory.mktemp("course"))


@pytest.fixture(scope="module")
def other(tmp_path_factory: pytest.TempPathFactory) -> Unit:
    """Return another unit of a course."""
    return make_unit(tmp_path_factory.mktemp("other"), name="02_other")


@pytest.fixture
def url(server: Server, tmp_path: Path) -> Iterator[str]:
    name = f"class_{abs(hash(tmp_path.name))}"
    yield server.database(name)
    server.say("postgres", f"DROP DATABASE {name} WITH (FORCE)")


def hand_in(unit: Unit, folder: Path, count: int) -> list[str]:
    names = [f"student-{number:02d}" for number in range(count)]
    for number, name in enumerate(names):
        answers = {"q1_double": (RIGHT, WRONG)[number % 2]}
        made = SampleStudent(name, "", answers, {"q1_double-small": 1.0})
        write_submission(unit, made, folder / "submitted")
    return names


def grade(unit: Unit, folder: Path, url: str, progress: Callable[..., None] = no_progress) -> Any:
    with CourseFolder(folder, unit, db_url=url) as course:
        return grade_class(course, course.handed_in(), progress=progress)


def test_the_commands_work_on_it_by_the_settings_alone(
    unit: Unit,
    url: str,
    server: Server,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    hand_in(unit, tmp_path, 3)
    (tmp_path / "nbgrader_config.py").write_text(CONFIG.format(url), encoding="utf-8")
    monkeypatch.chdir(unit.course.root)
    here = ["--folder", str(tmp_path)]
    assert main(["grade", unit.id, "--fence", "limits-only", *here]) == 0
    assert main(["export", unit.id, "--out", str(tmp_path / "marks.csv"), *here]) == 0
    assert "student-01" in (tmp_path / "marks.csv").read_text(encoding="utf-8")
    assert main(["feedback", unit.id, *here]) == 0
    assert main(["report", unit.id, *here]) == 0
    assert main(["forget", "student-01", "--yes", *here]) == 0
    capsys.readouterr()
    database = url.split("/")[3].split("?")[0]
    assert server.say(database, "SELECT id FROM student ORDER BY id") == "student-00\nstudent-02"
    assert not (tmp_path / "gradebook.db").exists()


def test_two_gradings_and_a_marker_at_once_lose_nothing(
    unit: Unit, other: Unit, url: str, tmp_path: Path
) -> None:
    names = hand_in(unit, tmp_path, 12)
    hand_in(other, tmp_path, 12)
    grade(unit, tmp_path, url)
    for name in names[::2]:  # these are to be graded again
        path = tmp_path / "submitted" / name / unit.id / unit.challenge_notebook
        path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    failed: list[BaseException] = []
    marked: list[str] = []

    def alone(work: Callable[[], Any]) -> threading.Thread:
        def run() -> None:
            try:
                work()
            except BaseException as error:
                failed.append(error)

        thread = threading.Thread(target=run)
        thread.start()
        return thread

    def mark() -> None:
        with CourseFolder(tmp_path, unit, db_url=url) as course:
            desk = ByHand(course)
            for answer in desk.waiting():
                desk.save(answer, 2.5, "Read.")
                marked.append(answer.student)

    threads = [alone(lambda each=each: grade(each, tmp_path, url)) for each in (unit, other)]
    threads.append(alone(mark))
    for thread in threads:
        thread.join(300)
    assert failed == []
    assert sorted(marked) == names
    with CourseFolder(tmp_path, unit, db_url=url) as course:
        by_hand = {name: rows["q2_why"][1] for name, rows in course.marks().items()}
        assert by_hand == dict.fromkeys(names, 2.5)
        assert {name: rows["q1_double-small"] for name, rows in course.points().items()} == {
            name: float(not number % 2) for number, name in enumerate(names)
        }
    with CourseFolder(tmp_path, other, db_url=url) as course:
        assert set(course.points()) == set(names)


def test_a_connection_that_drops_midway_is_made_again(
    unit: Unit, url: str, server: Server, tmp_path: Path
) -> None:
    names = hand_in(unit, tmp_path, 6)
    database = url.split("/")[3].split("?")[0]

    def drop(label: str, done: int, total: int) -> None:
        if label == "grading" and done in (2, 4):
            server.say(database, DROP)

    records = grade(unit, tmp_path, url, drop)
    assert [record.status for record in records] == [Status.NEEDS_MANUAL] * 6
    with CourseFolder(tmp_path, unit, db_url=url) as course:
        assert set(course.points()) == set(names)


def test_a_server_that_goes_is_waited_for_and_then_a_sentence(
    unit: Unit, url: str, server: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(opening, "PAUSES", (0.5, 1.0, 4.0))
    names = hand_in(unit, tmp_path, 6)

    def again(label: str, done: int, total: int) -> None:
        if (label, done) == ("grading", 2):
            server.stop()
            threading.Timer(2.0, server.start).start()

    grade(unit, tmp_path, url, again)
    monkeypatch.setattr(opening, "PAUSES", (0.1,))
    for name in names:
        path = tmp_path / "submitted" / name / unit.id / unit.challenge_notebook
        path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")

    def gone(label: str, done: int, total: int) -> None:
        if (label, done) == ("grading", 2):
            server.stop()

    try:
        with pytest.raises(CourseError, match="its server does not answer, or has ended"):
            grade(unit, tmp_path, url, gone)
    finally:
        server.start()
    done = {record.student for record in map(kept(tmp_path, unit), names) if record}
    assert len(done) >= 2
    assert [record.student for record in grade(unit, tmp_path, url)] == names
    with CourseFolder(tmp_path, unit, db_url=url) as course:
        assert set(course.points()) == set(names)


def test_a_server_that_is_not_there_is_a_sentence_without_its_password(
    unit: Unit, tmp_path: Path
) -> None:
    hand_in(unit, tmp_path, 1)
    url = "postgresql+psycopg://teacher:secret@127.0.0.1:9/marks"
    with pytest.raises(CourseError, match=r"teacher:\*\*\*@127.0.0.1:9/marks cannot be used: its"):
        grade(unit, tmp_path, url)


def kept(folder: Path, unit: Unit) -> Callable[[str], Any]:
    def read(student: str) -> Any:
        try:
            return read_record(folder, unit.id, student)
        except CourseError:
            return None

    return read
