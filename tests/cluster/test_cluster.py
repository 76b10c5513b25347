"""A real Dask cluster on this machine: a scheduler and workers, each a process of its own."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("distributed", reason="a cluster needs pip install 'coursekit[cluster]'")

from distributed import Client

import cluster_work
from coursekit.classroom.course_folder import CourseFolder
from coursekit.classroom.grade import grade_class
from coursekit.classroom.records import read_record
from coursekit.cli import main
from coursekit.cluster import engine
from coursekit.cluster.engine import ClusterEngine
from coursekit.demo.sample_class import SampleStudent, write_submission
from coursekit.grading.record import Record, Status
from coursekit.sources.layout import CourseError, Unit
from coursekit.sources.progress import no_progress
from samples import make_unit

STUDENTS = 200
ANSWERS = (
    "def double(x):\n    return 2 * x",
    "def double(x):\n    return x * x",
    "def double(x):\n    return 2 * x if x < 9 else 1 / 0",
    "import os\nos._exit(0)",
    "def double(x):\n    return sum(x / 1e6 for _ in range(2_000_000))",
)
LOCAL = "127.0.0.1"


class Cluster:
    """A scheduler and its workers."""

    def __init__(self, folder: Path) -> None:
        self._folder, self.address = folder, ""
        self._all: list[subprocess.Popen[bytes]] = []
        self.workers: list[subprocess.Popen[bytes]] = []
        self._start("scheduler", "--port", "0")
        said = folder / "scheduler0.txt"
        while not self.address:
            time.sleep(0.2)
            lines = said.read_text().splitlines()
            found = [line.split()[-1] for line in lines if "Scheduler at:" in line]
            self.address = found[0] if found else ""

    def add(self, *options: str) -> subprocess.Popen[bytes]:
        """Start a worker."""
        at = ("--nthreads", "1", "--local-directory", str(self._folder / f"w{len(self._all)}"))
        worker = self._start("worker", self.address, *at, *options)
        self.workers.append(worker)
        return worker

    def stop(self) -> None:
        """End all of it."""
        for process in reversed(self._all):
            process.send_signal(signal.SIGCONT)
            process.kill()
            process.wait()

    def stop_scheduler(self) -> None:
        """End the scheduler alone."""
        self._all[0].kill()

    def _start(self, what: str, *options: str) -> subprocess.Popen[bytes]:
        name = f"{what}{len(self._all)}"
        tests = str(Path(cluster_work.__file__).parent)
        path = os.pathsep.join(filter(None, (os.environ.get("PYTHONPATH"), tests)))
        env = os.environ | {"PYTHONPATH": path, cluster_work.FLAG: str(self._folder / "flag")}
        command = [sys.executable, "-m", "dask", what, "--host", LOCAL, "--no-dashboard", *options]
        with (self._folder / f"{name}.txt").open("wb") as said:
            process = subprocess.Popen(command, stdout=said, stderr=subprocess.STDOUT, env=env)
        self._all.append(process)
        return process


@contextmanager
def running(folder: Path, workers: int, *options: str) -> Iterator[Cluster]:
    """Run a cluster."""
    cluster = Cluster(folder)
    try:
        for _ in range(workers):
            cluster.add("--no-nanny", *options)
        if workers:
            with Client(cluster.address, set_as_default=False) as client:
                client.wait_for_workers(workers, timeout=60)
        yield cluster
    finally:
        cluster.stop()


@pytest.fixture(scope="module")
def unit(tmp_path_factory: pytest.TempPathFactory) -> Unit:
    return make_unit(tmp_path_factory.mktemp("course"))


@pytest.fixture
def cluster(tmp_path: Path) -> Iterator[Cluster]:
    with running(tmp_path, 1) as made:
        yield made


def hand_in(unit: Unit, folder: Path, count: int) -> list[str]:
    """Let students hand in; every twentieth a file that is none."""
    names = [f"student-{number:03d}" for number in range(count)]
    for number, name in enumerate(names):
        answers = {"q1_double": ANSWERS[number % len(ANSWERS)]} if number % 20 != 7 else {}
        role, expected = ("", {"q1_double-small": 1.0}) if answers else ("", {})
        write_submission(unit, SampleStudent(name, role, answers, expected), folder / "submitted")
    return names


def decided(record: Record) -> Record:
    """Return a record without the time that it took."""
    outcomes = tuple(replace(each, seconds=0.0) for each in record.outcomes)
    return replace(record, seconds={}, outcomes=outcomes)


def test_200_submissions_with_a_worker_killed_and_one_stopped_are_marked_as_on_one_machine(
    unit: Unit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "SILENT", 5.0)
    alone, many = tmp_path / "alone", tmp_path / "many"
    names = hand_in(unit, alone, STUDENTS)
    hand_in(unit, many, STUDENTS)
    with CourseFolder(alone, unit) as course:
        here = grade_class(course, names, jobs=2, progress=no_progress)
    with running(tmp_path, 3) as cluster:

        def hurt(label: str, done: int, total: int) -> None:
            if (label, done) == ("grading", 30):
                cluster.workers[0].kill()
            if (label, done) == ("grading", 60):
                cluster.workers[1].send_signal(signal.SIGSTOP)

        with CourseFolder(many, unit) as course:
            there = grade_class(course, names, scheduler=cluster.address, progress=hurt)
            points = course.points()
        assert cluster.workers[0].poll() is not None
        assert cluster.workers[2].poll() is None
    assert [record.status for record in there].count(Status.UNREADABLE) == STUDENTS // 20
    assert list(map(decided, there)) == list(map(decided, here))
    with CourseFolder(alone, unit) as course:
        assert course.points() == points
    for name in names:
        kept = [decided(read_record(folder, unit.id, name)) for folder in (alone, many)]
        assert kept[0] == kept[1]


def test_the_command_and_what_is_done_is_not_done_again(
    unit: Unit,
    cluster: Cluster,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(unit.course.root)
    folder = tmp_path / "class"
    hand_in(unit, folder, 3)
    command = ["grade", unit.id, "--folder", str(folder), "--scheduler", cluster.address]
    command += ["--fence", "limits-only", "--json"]
    assert main(command) == 0
    told = json.loads(capsys.readouterr().out)
    assert [each["student"] for each in told["submissions"]] == [f"student-00{n}" for n in range(3)]
    assert main(command) == 0
    assert "as before: 3/3" in capsys.readouterr().err


def test_workers_that_differ_are_refused(
    unit: Unit, cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hand_in(unit, tmp_path, 1)
    with ClusterEngine(tmp_path, unit, cluster.address) as judges:
        newer = {**judges._job.versions, "keras": "99.0"}
        judges._job = replace(judges._job, state="another", versions=newer)
        with pytest.raises(CourseError, match=r"must not grade: it has keras .* in place of 99.0"):
            judges.start()


def test_a_worker_that_comes_later_and_differs_is_left_out(
    unit: Unit, cluster: Cluster, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (name,) = hand_in(unit, tmp_path, 1)
    with ClusterEngine(tmp_path, unit, cluster.address) as judges:
        judges.start()
        (worker,) = judges._known()
        flight = judges._fly(engine._Flight(name, cluster_work.unfit, ("tcp://127.0.0.1:1",)))
        while not flight.futures[0].done():
            time.sleep(0.1)
        flight.work, flight.arguments = engine.attempt, (name, judges._files(name))
        assert judges._sent_again(flight, judges._known())
        record, _ = judges._result(flight)
        assert record.status.has_points
        assert "must not grade: it has keras 3" in caplog.text
        flight = judges._fly(engine._Flight(name, cluster_work.unfit, (worker,)))
        while not flight.futures[0].done():
            time.sleep(0.1)
        with pytest.raises(CourseError, match="No worker"):
            judges._sent_again(flight, judges._known())


def test_a_submission_that_ends_worker_after_worker_is_set_aside(
    unit: Unit, tmp_path: Path
) -> None:
    names = hand_in(unit, tmp_path / "class", 2)
    cluster = Cluster(tmp_path)
    try:
        cluster.add("--nanny")
        with ClusterEngine(tmp_path / "class", unit, cluster.address) as judges:
            judges.start()
            record, _ = judges._result(judges._fly(engine._Flight("poison", cluster_work.die)))
            assert record.status is Status.ENGINE
            assert "set aside" in record.detail
            assert [r.status.has_points for r in judges.grade(names)] == [True, True]
    finally:
        cluster.stop()


def test_what_takes_far_longer_than_most_is_tried_elsewhere_too(
    unit: Unit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "SLOW_LEAST", 3.0)
    monkeypatch.setattr(engine, "attempt", cluster_work.attempt)
    (name,) = hand_in(unit, tmp_path / "class", 1)
    with (
        running(tmp_path, 2) as cluster,
        ClusterEngine(tmp_path / "class", unit, cluster.address) as judges,
    ):
        began = time.monotonic()
        (record,) = judges.grade([name])
        assert record.status.has_points
        assert time.monotonic() - began < cluster_work.DAWDLES
        assert judges._sent == 3, "the reference solution, the submission, and that again"


def test_a_scheduler_that_goes_is_a_sentence_and_what_is_done_stays(
    unit: Unit, cluster: Cluster, tmp_path: Path
) -> None:
    folder = tmp_path / "class"
    names = hand_in(unit, folder, 12)

    def hurt(label: str, done: int, total: int) -> None:
        if (label, done) == ("grading", 3):
            cluster.stop_scheduler()

    with CourseFolder(folder, unit) as course:
        with pytest.raises(CourseError, match="is gone: start it and its workers, then grade"):
            grade_class(course, names, scheduler=cluster.address, progress=hurt)
        assert len(list(folder.glob("records/*/*.json"))) >= 3


@pytest.mark.parametrize(
    ("address", "says"),
    [("tcp://127.0.0.1:9", "No Dask scheduler answers"), ("nonsense", "No Dask scheduler answers")],
)
def test_no_scheduler_is_a_sentence(
    unit: Unit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, address: str, says: str
) -> None:
    monkeypatch.setattr(engine, "ANSWERS", 2.0)
    with pytest.raises(CourseError, match=says):
        ClusterEngine(tmp_path, unit, address)


def test_no_worker_is_a_sentence(
    unit: Unit, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "ANSWERS", 2.0)
    with (
        running(tmp_path, 0) as cluster,
        ClusterEngine(tmp_path, unit, cluster.address) as judges,
        pytest.raises(CourseError, match="has no worker: start `dask worker"),
    ):
        judges.start()
