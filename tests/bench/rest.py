"""Where the time of a submission goes: one process does what a judge's does, with clocks inside.

``python -m bench.rest COURSE UNIT FOLDER STUDENT...`` prints seconds a submission as JSON. Clocks
are exclusive: what a call inside counts, the one around it does not. They cost a little themselves.
"""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

from coursekit.grading.forks import PINNED
from coursekit.sources.layout import Course, CourseError, Unit

GRADING = "coursekit.grading."
SESSION, CHECKS = "the rest of the session", "checks, the rest"
# (module, class, function): what it is called in the table. One that is gone is left out.
CLOCKS = {
    (GRADING + "engine", "WarmEngine", "read"): "file read, sheet rebuilt",
    (GRADING + "session", "Session", "grade"): SESSION,
    (GRADING + "forks", "WarmParent", "fork"): "fork",
    (GRADING + "student", "StudentSide", "prepare"): "given trainings sent, shell made",
    (GRADING + "student", "StudentSide", "bind"): "names asked for",
    (GRADING + "student", "StudentSide", "call"): "checks, waiting for answers",
    (GRADING + "student", "StudentSide", "get"): "checks, waiting for answers",
    (GRADING + "student", "StudentSide", "cpu_seconds"): "CPU time looked at",
    (GRADING + "student", "StudentSide", "end"): "child ended",
    (GRADING + "judge", "Judge", "go_on"): CHECKS,
    (GRADING + "judge", "Judge", "_prepare"): "seeds set before checks",
    (GRADING + "judge", "Judge", "forget"): "judge forgets",
    (GRADING + "wire", "Frame", "pack"): "wire, this end",
    (GRADING + "wire", "Frame", "unpack"): "wire, this end",
    (GRADING + "wire", "Channel", "send"): "wire, this end",
    ("coursekit.models", "", "rebuild"): "models rebuilt",
    ("keras", "Model", "fit"): "checks, training",
}


class Clocks:
    """Seconds by label, each second counted once: for the innermost label."""

    def __init__(self) -> None:
        self.seconds: Counter[str] = Counter()
        self._stack: list[str] = []
        self._since = 0.0

    def enter(self, label: str) -> None:
        self._turn()
        self._stack.append(label)

    def leave(self) -> None:
        self._turn()
        self._stack.pop()

    def _turn(self) -> None:
        now = time.perf_counter()
        if self._stack:
            self.seconds[self._stack[-1]] += now - self._since
        self._since = now

    def put_on(self, owner: Any, name: str, label: str | Callable[..., str]) -> None:
        """Let `owner`'s function `name` be timed, if there is one."""
        inner = getattr(owner, name, None)
        if inner is None:
            print(f"{name} is gone: it is not timed.", file=sys.stderr)
            return

        @functools.wraps(inner)
        def timed(*arguments: Any, **options: Any) -> Any:
            word = label if isinstance(label, str) else label(*arguments)
            if self._stack[-1:] == [word]:
                return inner(*arguments, **options)
            self.enter(word)
            try:
                return inner(*arguments, **options)
            finally:
                self.leave()

        setattr(owner, name, timed)


def break_down(unit: Unit, folder: Path, students: Sequence[str]) -> dict[str, float]:
    """Return seconds a submission by what they went into, measured in a process of its own.

    Raises
    ------
    CourseError
        If that process fails.
    """
    held_out = str(unit.course.root / "course")
    environment = os.environ | PINNED | {"MPLBACKEND": "agg", "COURSEKIT_HELD_OUT": held_out}
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)  # this module is found there, too
    command = [sys.executable, "-m", "bench.rest", str(unit.course.root), unit.id, str(folder)]
    done = subprocess.run(
        [*command, *students], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        last = (done.stderr.strip() or "nothing").splitlines()[-1]
        raise CourseError(f"Where the time goes could not be measured: {last}")
    told: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return told


def main(root: str, name: str, folder: str, students: list[str]) -> None:
    """Judge the submissions here, and print where the time went."""
    from coursekit.grading.engine import WarmEngine, master_of
    from coursekit.grading.forks import WarmParent
    from coursekit.grading.judge import Judge
    from coursekit.grading.limits import Limits
    from coursekit.grading.session import Session

    unit = next(unit for unit in Course(Path(root)).units if unit.id == name)
    with WarmParent() as parent, WarmEngine(Path(folder), unit) as engine:
        judge = Judge(master_of(unit).cells)
        parent.wait()
        clocks = Clocks()
        for index, student in enumerate([students[0], *students]):
            if index == 1:  # the first one only warms what is made once
                _put_on(clocks)
            sheet = engine.read(student)
            session = Session(judge, parent, sheet, Limits())
            session.grade()
            judge.forget()
    print(json.dumps({label: s / len(students) for label, s in clocks.seconds.items()}))


def _put_on(clocks: Clocks) -> None:
    for (module, kind, name), label in CLOCKS.items():
        owner = import_module(module)
        owner = getattr(owner, kind, None) if kind else owner
        clocks.put_on(owner, name, label)
    session = import_module(GRADING + "session").Session
    clocks.put_on(session, "_run", _cells)


def _cells(_session: Any, _side: Any, cell: Any) -> str:
    return "given cells" if cell.kind == "given" else "the student's cells"


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4:])
