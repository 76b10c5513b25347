"""``kill -9`` at fifty random moments, over every process: no mark differs, and nothing is left.

A class is graded over and over; in each round some processes are killed, whichever they are. A
round whose command was killed goes on in the next one. What a kill in the middle of writing does
is held in `test_killed_writing`, step by step.
"""

import json
import os
import random
import signal
import sqlite3
import time
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import psutil
import pytest

from composites import write
from coursekit.sources.layout import Unit
from living import Command
from samples import make_unit

MOMENTS = 50
SEED = int(os.environ.get("COURSEKIT_KILLS", "0")) or random.SystemRandom().randrange(1, 10**6)
NAP = "import time\ntime.sleep({})\n"
ANSWERS = {
    "right": "def double(x):\n    return 2 * x",
    "adds": NAP.format(0.2) + "def double(x):\n    return x + x",
    "squares": NAP.format(0.1) + "def double(x):\n    return x * x",
    "small": "def double(x):\n    return 2 * x if x < 9 else 0",
    "raises": "def double(x):\n    return 1 / 0",
    "slow": "import time\ndef double(x):\n    time.sleep(0.1)\n    return 2 * x",
    "prints": NAP.format(0.3) + "def double(x):\n    print(x)\n    return 2 * x",
    "stub": "",
}
DAMAGED = "damaged"  # has no points, and is looked at in every round


@pytest.fixture(scope="module")
def unit(tmp_path_factory: pytest.TempPathFactory) -> Unit:
    made = make_unit(tmp_path_factory.mktemp("killed") / "course")
    submitted = made.course.root / "submitted"
    for student, answer in ANSWERS.items():
        write(made, student, {"q1_double": answer} if answer else {}, submitted)
    write(made, DAMAGED, {}, submitted).write_text("{", encoding="utf-8")
    return made


def marks(unit: Unit) -> dict[str, Any]:
    """Return by student all that is kept: record, rows and notebook, without times and digests."""
    root, found = unit.course.root, {}
    for path in sorted((root / "records" / unit.id).glob("*.json")):
        record = json.loads(path.read_text(encoding="utf-8"))
        for outcome in record["outcomes"]:
            del outcome["seconds"]
        del record["seconds"], record["digest"]
        book = root / "autograded" / path.stem / unit.id / unit.challenge_notebook
        found[path.stem] = [record, book.read_text(encoding="utf-8") if book.exists() else None]
    query = (
        "SELECT s.student_id, c.name, g.auto_score, g.manual_score, g.needs_manual_grade"
        " FROM grade g JOIN submitted_notebook n ON g.notebook_id = n.id"
        " JOIN submitted_assignment s ON n.assignment_id = s.id"
        " JOIN base_cell c ON g.cell_id = c.id ORDER BY 1, 2"
    )
    with closing(sqlite3.connect(root / "gradebook.db")) as connection:
        for student, *row in connection.execute(query):
            if student in found:
                found[student].append(row)
    return found


def touch(unit: Unit) -> None:
    """Let every file be another one, with the same answers."""
    for path in (unit.course.root / "submitted").glob(f"*/{unit.id}/*.ipynb"):
        with path.open("a") as file:
            file.write("\n")


class Killer:
    """Chooses moments and processes."""

    def __init__(self, unit: Unit, temporary: Path) -> None:
        self.unit, self.temporary, self.random = unit, temporary, random.Random(SEED)
        self.killed: list[str] = []

    def round(self, jobs: int) -> tuple[Command, bool]:
        """Grade once, and kill some processes; return whether the command came to its end."""
        touch(self.unit)
        arguments = ["grade", self.unit.id, "--jobs", str(jobs)]
        command = Command(arguments, self.unit.course.root, self.temporary)
        plan = self.random.choices(["judge", "parent", "child"], [2, 2, 5], k=5)
        is_last = self.random.random() < 0.6
        if is_last:
            plan[self.random.randrange(5) :] = ["command"]
        hits = 0
        while plan and command.process.poll() is None:
            time.sleep(self.random.uniform(0.0, 0.6))
            if plan[0] != "command" and _ends_soon(command, hits):
                plan = ["command"] if is_last else []
            elif self._kill(command, plan[0], hits):
                hits += 1
                plan.pop(0)
        command.wait()
        return command, command.process.returncode != -signal.SIGKILL

    def _kill(self, command: Command, kind: str, hits: int) -> bool:
        if kind == "command":
            command.process.kill()
        else:
            ends = time.monotonic() + 2
            while not (found := command.processes()[kind]):
                if time.monotonic() > ends or command.process.poll() is not None:
                    return False
                time.sleep(0.01)
            if _ends_soon(command, hits):  # it has gone on while we waited
                return False
            with suppress(psutil.NoSuchProcess):
                self.random.choice(found).kill()
        self.killed.append(kind)
        return True


def _ends_soon(command: Command, hits: int) -> bool:
    """Whether what was hit runs once more before long: who is hit twice has bad luck."""
    return max(command.done(), 0) + hits >= len(ANSWERS) - 2


def test_no_moment_costs_a_mark_or_leaves_anything(unit: Unit, tmp_path: Path) -> None:
    temporary = tmp_path / "t"
    undisturbed = Command(["grade", unit.id, "--jobs", "2"], unit.course.root, temporary)
    assert undisturbed.wait() == 1, "one file is damaged"
    whole = marks(unit)
    assert len(whole) == len(ANSWERS) + 1
    killer = Killer(unit, temporary)
    why = f"COURSEKIT_KILLS={SEED}"
    while len(killer.killed) < MOMENTS:
        command, is_whole = killer.round(jobs=killer.random.choice([1, 2]))
        left = command.left()
        assert left == [], (why, killer.killed, left)
        assert "Traceback" not in "\n".join(command.said), (why, command.said)
        for student, kept in marks(unit).items():
            assert kept == whole[student], (why, killer.killed, student)
        if is_whole:
            assert list(temporary.iterdir()) == [], (why, killer.killed)
            given_up = "the engine does not run" in command.said[-1]
            assert given_up or marks(unit) == whole, (why, killer.killed, command.said)
    assert set(killer.killed) == {"judge", "parent", "child", "command"}
    last = Command(["grade", unit.id], unit.course.root, temporary)
    assert last.wait() == 1
    assert marks(unit) == whole, why
    assert list(temporary.iterdir()) == [], "what killed commands left is swept"
    assert [p for p in unit.course.root.rglob("*") if p.suffix in (".new", ".old")] == []


def test_a_killed_command_takes_all_with_it_in_the_middle_of_a_long_cell(tmp_path: Path) -> None:
    unit = make_unit(tmp_path / "course")
    write(unit, "hangs", {"q1_double": NAP.format(60)}, unit.course.root / "submitted")
    command = Command(["grade", unit.id], unit.course.root, tmp_path / "t")
    command.wait_for("grading", 0)
    while not command.processes()["child"]:
        time.sleep(0.01)
    time.sleep(0.5)
    command.process.kill()
    command.wait()
    assert command.left(within=3) == []
