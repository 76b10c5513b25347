"""Where cases are played: a small course, its class, the engine, and bait around it."""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from nbgrader.api import Gradebook

from attacks.bait import Bait, new_word
from attacks.cases import Case
from attacks.mangling import MANGLED
from attacks.units import CHALLENGES, Challenge
from coursekit.authoring.environment import nbgrader_environment
from coursekit.classroom.course_folder import CourseFolder
from coursekit.classroom.gradebook import GradebookWriter
from coursekit.grading.engine import WarmEngine
from coursekit.grading.limits import Limits
from coursekit.grading.record import Record, Verdict
from coursekit.sources.layout import Unit
from mangled import Notebook, cell_of, code, text
from samples import make_unit

# A call takes a millisecond; what loops, sleeps or grows costs this much here.
LIMITS = {
    "small": Limits(
        cpu_call=1.0,
        cpu_cell=1.0,
        cpu_notebook=12.0,
        cpu_check=2.0,
        wall=4.0,
        memory=400,
        threads=64,
        open_files=200,
        scratch=16,
        scratch_files=400,
    ),
    "deep": Limits(cpu_call=4.0, cpu_cell=4.0, cpu_notebook=30.0, cpu_check=20.0, wall=5.0),
}
HIDDEN = ("secret-7310942", "7310942", "2621884")  # they stand in hidden regions alone
NEIGHBOUR, ACCOMPLICE, HONEST = "neighbour", "accomplice", "honest"
FENCES = {"limits-only": "any", "partial": "partial", "full": "full"}
SAID = {  # how the flag of a cell ends that was stopped
    "it used more than .* s of computing time": "limit:cpu",
    "it took more than .* s": "limit:wall",
    "it used more than .* MB of memory": "limit:memory",
    "it started more than .* threads": "limit:threads",
}


@dataclass(frozen=True)
class Result:
    """What came of a submission, as a case expects it."""

    status: str
    points: float | None
    lost: dict[str, str]
    limits: frozenset[str]

    @classmethod
    def of(cls, record: Record) -> Result:
        """Return what a record says."""
        failed = [o for o in record.outcomes if o.verdict is not Verdict.PASS]
        lost = {o.question: o.verdict.value for o in failed}
        points = sum(o.points or 0.0 for o in record.outcomes)
        has_points = record.status.has_points
        limits = frozenset(_limits_in(record))
        return cls(record.status.value, points if has_points else None, lost, limits)

    @classmethod
    def expected(cls, case: Case) -> Result:
        """Return what a case expects."""
        return cls(case.status.value, case.points, case.lost, case.limits)


def _limits_in(record: Record) -> Iterator[str]:
    yield from (o.verdict.value for o in record.outcomes if o.verdict.value.startswith("limit:"))
    for flag in flags_of(record):
        yield from re.findall(r"limit:\w+", flag)
        yield from (limit for end, limit in SAID.items() if re.fullmatch(f".*: {end}", flag))


def flags_of(record: Record) -> list[str]:
    """Return all that a person is to look at."""
    return [*record.flags, *(flag for outcome in record.outcomes for flag in outcome.flags)]


def seen_by_student(record: Record) -> str:
    """Return all that a student may see: outputs of cells, what visible parts say."""
    seen = [json.dumps(record.outputs)]
    for outcome in record.outcomes:
        seen.append(outcome.shown)
        if not outcome.hidden:
            seen += [outcome.text, *outcome.trace]
    return "\n".join(seen)


class Scene:
    """A challenge, what is handed in, and the bait around both; no grader yet.

    Use it in a ``with`` statement.

    Parameters
    ----------
    folder : Path
        An empty one.
    challenge : Challenge

    Attributes
    ----------
    bait : Bait
    unit : Unit
    folder : Path
        The class's: ``submitted/`` lies there.
    """

    def __init__(self, folder: Path, challenge: Challenge) -> None:
        self.challenge = challenge
        first, right = next(iter(self.challenge.answers["right"].items()))
        course = folder / "course-repository"
        self.unit: Unit = make_unit(
            course, self.challenge.text, f'# %% {first} right="same"\n{right}\n'
        )
        released = course / "notebooks" / self.unit.id / self.unit.challenge_notebook
        self._released: Notebook = json.loads(released.read_text(encoding="utf-8"))
        self.folder = folder / "class"
        word = new_word()
        self.bait = Bait(word, self._guarded(course, word))
        self._hand_in(HONEST, self._answered("right"))

    def _guarded(self, course: Path, word: str) -> dict[str, Path]:
        """Write what others have, the word in all of it, and return where it is."""
        theirs = self._answered("right")
        theirs["cells"].append(code(f"# {word}", id="own"))
        neighbour = self._hand_in(NEIGHBOUR, theirs)
        held_out = course / "course" / self.unit.id / "held_out" / "hidden.npz"
        held_out.parent.mkdir()
        np.savez(held_out, x=np.array([word]), y=np.zeros(1))
        gradebook = self.folder / "marks" / "gradebook.db"
        gradebook.parent.mkdir()
        with (
            nbgrader_environment(self.unit.course),
            Gradebook(f"sqlite:///{gradebook}") as entries,
        ):
            entries.add_assignment(self.unit.id)
            entries.add_student(NEIGHBOUR, first_name="Nadia", last_name=word)
            entries.add_submission(self.unit.id, NEIGHBOUR)
        solution = course / "solutions" / self.unit.id / self.unit.challenge_notebook
        return {
            "neighbour": neighbour,
            "gradebook": gradebook,
            "solution": solution,
            "held_out": held_out,
            "course": course,
        }

    def __enter__(self) -> Scene:
        return self

    def __exit__(self, *_: object) -> None:
        self.bait.__exit__()

    def hand_in(self, case: Case) -> list[str]:
        """Hand a case in, and what its accomplice has; return the students in their order."""
        students = [case.name]
        if any(part.accomplice for part in case.parts):
            self._hand_in(ACCOMPLICE, self._notebook(case, accomplice=True))
            students.insert(0, ACCOMPLICE)
        self._hand_in(case.name, self._notebook(case), case.file)
        return students

    def hand_in_all(self, cases: Sequence[Case], honest: int) -> list[str]:
        """Hand in some cases, and as many right answers; return the students."""
        names = [f"{HONEST}-{number:03}" for number in range(honest)]
        for name in names:
            self._hand_in(name, self._answered("right"))
        return [*names, *(name for case in cases for name in self.hand_in(case))]

    def _answered(self, which: str) -> Notebook:
        notebook = copy.deepcopy(self._released)
        for question, source in self.challenge.answers[which].items():
            cell_of(notebook, question)["source"] = source
        return notebook

    def _notebook(self, case: Case, *, accomplice: bool = False) -> Notebook:
        notebook = self._answered(case.answers)
        cells = notebook["cells"]
        for number, part in enumerate(case.parts):
            if part.accomplice is not accomplice:
                continue
            source = self.bait.fill_in(part.source)
            if part.place == "answer":
                cell_of(notebook, part.name)["source"] = source
                continue
            after = f"{part.name}-{'given' if part.name == 'setup' else 'check'}"
            at = cells.index(cell_of(notebook, after)) + 1
            while str(cells[at].get("id", "")).startswith("own-"):
                at += 1
            make = code if part.place == "below" else text
            cells.insert(at, make(source, id=f"own-{number}"))
        return notebook

    def _hand_in(self, student: str, notebook: Notebook, mangled: str = "") -> Path:
        name = self.unit.challenge_notebook
        content = json.dumps(notebook).encode()
        if mangled:
            name, content = MANGLED[mangled](notebook, name)
        path = self.folder / "submitted" / student / self.unit.id / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        return path


class Stage(Scene):
    """A scene, and the engine that grades what is handed in.

    Parameters
    ----------
    folder : Path
        An empty one.
    name : str
        Of one of `CHALLENGES`.
    without : sequence of str
        Layers of the fence to leave out.
    """

    def __init__(self, folder: Path, name: str, without: Sequence[str] = ()) -> None:
        super().__init__(folder, CHALLENGES[name])
        self._limits = LIMITS[name]
        self._engine = WarmEngine(self.folder, self.unit, limits=self._limits, without=without)
        self._honest = self._grade(HONEST)

    def __enter__(self) -> Stage:
        return self

    def __exit__(self, *_: object) -> None:
        self._engine.__exit__()
        super().__exit__()

    @property
    def level(self) -> str:
        """Which cases hold here: a level of theirs, by what the engine has found of its fence."""
        return FENCES[self._honest.fence]

    def play(self, case: Case) -> Record:
        """Let a case be graded, after its accomplice if it has one; return its record."""
        *_, record = [self._grade(student) for student in self.hand_in(case)]
        return record

    def grade_all(self, students: Sequence[str], jobs: int) -> dict[str, Record]:
        """Let a class be graded by an engine of its own."""
        with WarmEngine(self.folder, self.unit, jobs=jobs, limits=self._limits) as engine:
            return {record.student: record for record in engine.grade(students)}

    def harm(self, record: Record) -> list[str]:
        """Return what a case has reached that it must not, a sentence each."""
        seen = seen_by_student(record)
        told = [f"a hidden part was told: {word}" for word in HIDDEN if word in seen]
        return told + self.bait.harm(record.to_json())

    def is_unmoved(self) -> bool:
        """Whether an honest student gets, now as at first, the same marks and outputs."""
        again = self._grade(HONEST)
        same = Result.of(again) == Result.of(self._honest)
        return same and _lasting(again) == _lasting(self._honest)

    def show(self, record: Record) -> str:
        """Return the page that the student of a record gets, by way of another gradebook."""
        folder = self.folder.with_name("shown")
        (folder / "submitted" / record.student / self.unit.id).mkdir(parents=True, exist_ok=True)
        with CourseFolder(folder, self.unit) as course:
            with GradebookWriter(course) as writer:
                writer.write(record)
            (page,) = course.write_feedback([record.student])
            return page.read_text(encoding="utf-8")

    def _grade(self, student: str) -> Record:
        (record,) = self._engine.grade([student])
        return record


def _lasting(record: Record) -> dict[str, Any]:
    """Return what of a record must be the same each time."""
    kept = json.loads(replace(record, seconds={}, digest="").to_json())
    for outcome in kept["outcomes"]:
        del outcome["seconds"]
    return dict(kept)
