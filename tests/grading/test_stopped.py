"""Ctrl-C drops what is being judged, keeps what is done, and says that the next run goes on."""

import os
import re
import signal
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest

from composites import write
from coursekit.sources.layout import Unit
from living import SOURCE, Command
from samples import make_unit

STUDENTS = [f"s{number}" for number in range(6)]
SLOW = "import time\ntime.sleep(0.4)\ndef double(x):\n    return 2 * x"


@pytest.fixture
def unit(tmp_path: Path) -> Unit:
    made = make_unit(tmp_path / "course")
    for student in STUDENTS:
        write(made, student, {"q1_double": SLOW}, made.course.root / "submitted")
    return made


def kept(unit: Unit) -> set[str]:
    return {path.stem for path in (unit.course.root / "records" / unit.id).glob("*.json")}


def in_gradebook(unit: Unit) -> set[str]:
    with closing(sqlite3.connect(unit.course.root / "gradebook.db")) as connection:
        found = connection.execute("SELECT student_id FROM submitted_assignment")
        return {student for (student,) in found}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_what_is_done_stays_and_the_next_run_goes_on(
    unit: Unit, tmp_path: Path, number: signal.Signals
) -> None:
    root, temporary = unit.course.root, tmp_path / "t"
    command = Command(["grade", unit.id, "--jobs", "2"], root, temporary)
    command.wait_for("grading", 2)
    for _ in range(3):  # who is impatient
        command.process.send_signal(number)
        time.sleep(0.01)
    assert command.wait() == 130
    said = command.said[-1]
    match = re.fullmatch(
        r"coursekit: stopped\. (\d) of 6 submissions are done; "
        r"the next `coursekit grade` goes on with the rest\.",
        said,
    )
    assert match, command.said
    assert "Traceback" not in "".join(command.said)
    done = int(match[1])
    assert 2 <= done < 6
    assert len(kept(unit)) == done
    assert kept(unit) == in_gradebook(unit)
    assert command.left() == []
    assert list(temporary.iterdir()) == []
    again = Command(["grade", unit.id], root, temporary)
    assert again.wait() == 0
    assert f"as before: {done}/{done}" in again.said
    assert f"grading: {6 - done}/{6 - done}" in again.said
    assert kept(unit) == in_gradebook(unit) == set(STUDENTS)


@pytest.mark.parametrize("seconds", [0.4, 1.2, 2.5])
def test_at_the_start_nothing_is_left_either(unit: Unit, tmp_path: Path, seconds: float) -> None:
    temporary = tmp_path / "t"
    command = Command(["grade", unit.id, "--jobs", "2"], unit.course.root, temporary)
    time.sleep(seconds)
    command.process.send_signal(signal.SIGINT)
    assert command.wait() == 130, command.said
    assert command.said[-1].startswith("coursekit: stopped.")
    assert "Traceback" not in "".join(command.said)
    assert command.left() == []
    assert list(temporary.iterdir()) == []


WITHIN_EXEC = """
import coursekit.cli
def main():
    try:
        exec("raise KeyboardInterrupt")  # as when it comes while a dataclass is made
    except KeyboardInterrupt:
        return 130
coursekit.cli.main = main
"""


@pytest.mark.parametrize("module", ["coursekit", "coursekit.cli"])
def test_an_answered_interrupt_ends_with_its_exit_code(tmp_path: Path, module: str) -> None:
    (tmp_path / "sitecustomize.py").write_text(WITHIN_EXEC)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(tmp_path), str(SOURCE)])}
    done = subprocess.run([sys.executable, "-m", module], env=environment, check=False)
    assert done.returncode == 130
