"""A sample class, made from a unit's variants, whose every score is known beforehand."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import nbformat

from coursekit.sources.layout import CourseError, Unit
from coursekit.sources.source import SourceCell, read_source
from coursekit.sources.variants import Variant, read_variants

BROKEN = '{"cells": [{"cell_type": "code", "source": "def'  # cut off, as by a full disk
WRITTEN = "The test rows chose the settings, so they no longer stand for new ones."

AGAIN = 4  # of those who end well, every fourth has handed in before
FIRST = "20260101T080000Z"  # when


@dataclass
class SampleStudent:
    """One student of the sample class.

    Attributes
    ----------
    id : str
        nbgrader's student id.
    role : str
        What kind of submission it is.
    answers : dict of str to str
        Answer cell by question; a question that is not in it is left as released.
    expected : dict of str to float
        Points by check (grade id); empty for a file that cannot be graded.
    earlier : dict of str to str
        Answers of a first attempt, of those who handed in twice.
    """

    id: str
    role: str
    answers: dict[str, str] = field(default_factory=dict)
    expected: dict[str, float] = field(default_factory=dict)
    earlier: dict[str, str] = field(default_factory=dict)

    @property
    def readable(self) -> bool:
        """Whether the file can be graded at all."""
        return bool(self.expected)


def sample_class(unit: Unit, size: int) -> list[SampleStudent]:
    """Make `size` students: perfect, unanswered, one broken file, then right and wrong in turn.

    Raises
    ------
    CourseError
        If `size` is below 1, or the unit has no variants.
    """
    if size < 1:
        raise CourseError("A class needs at least one student: use --students 1 or more.")
    variants = read_variants(unit)
    cells = read_source(unit.require_challenge())
    roles = ["perfect", "unanswered", "broken file"]
    turns = [(turn, kind) for turn in range(size) for kind in ("wrong", "other right")]
    students = []
    for number in range(size):
        role = roles[number] if number < len(roles) else turns[number - len(roles)][1]
        turn = turns[number - len(roles)][0] if number >= len(roles) else 0
        student = SampleStudent(f"student-{number + 1:02d}", role)
        if role != "broken file":
            _answer(student, cells, variants, turn)
        if role == "other right" and turn % AGAIN == 0:
            wrong = [variant for variant in variants if not variant.right]
            student.earlier = {v.question: v.code for v in wrong[turn % 2 :: 2]}
        students.append(student)
    return students


def _answer(
    student: SampleStudent, cells: list[SourceCell], variants: list[Variant], turn: int
) -> None:
    solutions = {cell.name: cell.text for cell in cells if cell.kind == "answer"}
    lost: set[str] = set()
    for question, solution in solutions.items():
        if student.role == "perfect":
            student.answers[question] = solution
        elif student.role in ("wrong", "other right"):
            right = student.role == "other right"
            choice = [v for v in variants if v.question == question and v.right == right]
            if choice:
                variant = choice[turn % len(choice)]
                student.answers[question] = variant.code
                lost |= set(variant.loses)
    for cell in cells:
        if cell.kind == "check":
            kept = cell.name in student.answers and cell.grade_id not in lost
            student.expected[cell.grade_id] = cell.points if kept else 0.0


def write_submission(unit: Unit, student: SampleStudent, submitted: Path) -> Path:
    """Write a student's notebook where nbgrader collects it, and return its path.

    Parameters
    ----------
    unit : Unit
        Its release must be built.
    student : SampleStudent
    submitted : Path
        nbgrader's ``submitted`` folder; a first attempt goes into ``attempts`` beside it.
    """
    path = submitted / student.id / unit.id / unit.challenge_notebook
    path.parent.mkdir(parents=True)
    if not student.readable:
        path.write_text(BROKEN, encoding="utf-8")
        return path
    _fill(unit, student.answers, path)
    if student.earlier:
        first = submitted.parent / "attempts" / student.id / unit.id / FIRST / path.name
        first.parent.mkdir(parents=True)
        _fill(unit, student.earlier, first)
    return path


def _fill(unit: Unit, answers: dict[str, str], path: Path) -> None:
    released = unit.course.root / "notebooks" / unit.id / unit.challenge_notebook
    notebook = nbformat.read(released, as_version=4)
    for cell in notebook.cells:
        if cell.id in answers:
            cell.source = answers[cell.id]
        elif cell.id.endswith("-answer") and answers:
            cell.source = WRITTEN
    nbformat.write(notebook, path)
