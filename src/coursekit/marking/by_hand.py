"""Answers that wait for a person, one by one, and the marks that the person gives."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import nbformat
from nbgrader.api import Assignment, BaseCell, Comment, Grade, Notebook

from coursekit.classroom.course_folder import CourseFolder
from coursekit.classroom.lateness import Lateness
from coursekit.classroom.opening import patiently
from coursekit.leaks.secrets import cut_regions
from coursekit.sources.layout import CourseError
from coursekit.sources.source import read_source, unmarked


class TakenError(CourseError):
    """Somebody else has marked the answer in the meantime."""


@dataclass(frozen=True)
class Answer:
    """An answer that waits.

    Attributes
    ----------
    student : str
    cell : str
        Grade id of what is marked: a written question, or a check that could not be decided.
    asked, scheme, text : str
        The question, how it is to be marked, and what the student wrote.
    most : float
        Points.
    """

    student: str
    cell: str
    asked: str
    scheme: str
    text: str
    most: float


class ByHand:
    """What is left to mark in a unit.

    Parameters
    ----------
    course : CourseFolder
    """

    def __init__(self, course: CourseFolder) -> None:
        self._course = course
        cells = read_source(course.unit.require_challenge())
        prompts = {cell.name: cell.text for cell in cells if cell.kind == "prompt"}
        self._asked: dict[str, tuple[str, str, float]] = {}
        for cell in cells:
            if cell.kind == "task":
                asked, regions = cut_regions(cell.text)
                scheme = "\n".join(text for _, _, text in regions)
                self._asked[cell.grade_id] = asked.strip(" #\n"), scheme.strip(" #\n"), cell.points
            elif cell.kind == "check":
                asked = prompts.get(cell.name, "")
                self._asked[cell.grade_id] = asked, unmarked(cell.text), cell.points
        self._question = {cell.grade_id: cell.name for cell in cells}

    def waiting(self) -> list[Answer]:
        """Return what waits, question by question; in an order that says nothing of the student.

        Raises
        ------
        CourseError
            If the gradebook cannot be read.
        """
        if not self._course.marks():  # no gradebook yet, or nobody in it
            return []
        found = []
        with self._course.gradebook() as gradebook:
            rows = gradebook.assignment_submissions(self._course.unit.id)
            for notebook in (notebook for row in rows for notebook in row.notebooks):
                waiting = [grade.name for grade in notebook.grades if grade.needs_manual_grade]
                found += list(self._answers(notebook.student.id, waiting))
        order = list(self._asked)
        return sorted(found, key=lambda each: (order.index(each.cell), _drawn(each)))

    def _answers(self, student: str, waiting: list[str]) -> Iterator[Answer]:
        path = self._course.path("autograded", student) / self._course.unit.challenge_notebook
        if not path.exists():  # its points were withdrawn: there is nothing to read
            return
        cells = nbformat.read(path, as_version=4).cells
        ids = [cell.metadata.get("nbgrader", {}).get("grade_id", "") for cell in cells]
        for name in waiting:
            if name in self._asked and name in ids:
                answer = self._question[name]
                at = ids.index(name) + 1 if answer == name else ids.index(answer)
                text = cells[at].source if at < len(cells) else ""
                yield Answer(student, name, *self._asked[name][:2], text, self._asked[name][2])

    def comments(self, cell: str) -> list[str]:
        """Return what has been said of other answers to a question, the commonest first."""
        with self._course.gradebook() as gradebook:
            # One query: asked before each answer, all submissions as objects take a second.
            rows = gradebook.db.query(Comment.manual_comment).join(Comment.cell)
            rows = rows.join(BaseCell.notebook).join(Notebook.assignment)
            rows = rows.filter(BaseCell.name == self._question[cell])
            said = [
                text for (text,) in rows.filter(Assignment.name == self._course.unit.id) if text
            ]
        return [text for text, _ in Counter(said).most_common()]

    def save(self, answer: Answer, points: float, comment: str = "") -> None:
        """Give an answer its points.

        Raises
        ------
        TakenError
            If it does not wait any more: nothing is changed then.
        CourseError
            If the points are none, or the gradebook cannot be written.
        """
        if not 0 <= points <= answer.most:
            raise CourseError(f"Points go from 0 to {answer.most:g}.")
        patiently(lambda: self._save(answer, points, comment))

    def _save(self, answer: Answer, points: float, comment: str) -> None:
        with self._course.gradebook() as gradebook:
            notebook = gradebook.find_submission_notebook(
                self._course.notebook, self._course.unit.id, answer.student
            )
            grade = next(each for each in notebook.grades if each.name == answer.cell)
            # One statement, so that of two markers only one finds it waiting.
            waits = gradebook.db.query(Grade).filter_by(id=grade.id, needs_manual_grade=True)
            changed = waits.update({"manual_score": points, "needs_manual_grade": False})
            if not changed:
                gradebook.db.rollback()
                raise TakenError("Somebody else has marked this one in the meantime.")
            gradebook.db.expire_all()  # scores are the database's own sums
            Lateness(self._course).set_penalty(notebook)
            if comment:
                _comment(gradebook, notebook, self._question[answer.cell], comment)
            gradebook.db.commit()


def _comment(gradebook: Any, notebook: Any, name: str, text: str) -> None:
    mine = [comment for comment in notebook.comments if comment.name == name]
    for comment in mine:
        gradebook.db.query(Comment).filter_by(id=comment.id).update({"manual_comment": text})


def _drawn(answer: Answer) -> str:
    return hashlib.sha256(f"{answer.cell}\0{answer.student}".encode()).hexdigest()
