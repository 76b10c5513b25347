"""The page that a student gets: points by question, what was expected, what to read again.

It is written from the record, the gradebook and the graded notebook. Of hidden tests and mark
schemes it shows nothing: messages are those that `coursekit.classroom.feedback` lets through.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import nbformat
from jinja2 import Environment, PackageLoader, StrictUndefined

from coursekit.classroom.course_folder import CourseFolder
from coursekit.classroom.feedback import told_to_student
from coursekit.classroom.records import read_record
from coursekit.classroom.report import questions
from coursekit.classroom.staging import beside, copy, put, write_file
from coursekit.grading.engine import master_of
from coursekit.grading.record import Record, Verdict
from coursekit.intake.submission import SECRET, TIMESTAMP
from coursekit.leaks.secrets import cut_regions
from coursekit.sources.layout import Unit
from coursekit.sources.links import address, notebook_path
from coursekit.sources.source import SourceCell, read_source
from coursekit.sources.variants import Variant, read_variants

HEADING = re.compile(r"^#+ *(.+?)(?: *\([^()]*points?\))? *$", re.MULTILINE)
PNG = re.compile(r"[A-Za-z0-9+/=\s]+")
MARKER = re.compile(r"\s*### (?:BEGIN|END) SOLUTION\s*")
PICTURES = 4  # a question
VERDICTS = {
    Verdict.FAIL: "not yet",
    Verdict.NOT_TRIED: "not tried",
    Verdict.WAITS: "waits for an answer that was stopped",
    Verdict.LOST: "the answer ended its own process",
    Verdict.UNSENDABLE: "a person looks at it",
    Verdict.COURSE: "our mistake: a person looks at it",
    Verdict.ENGINE: "our mistake: a person looks at it",
}


@dataclass
class Question:
    """A question on the page.

    Attributes
    ----------
    id, title : str
    most : float
    points : float or None
        None where a person has still to read it.
    checks, comments, pictures : list
    answer : str
    written : bool
        Whether the answer is in words.
    mistake, solution : str
    other : Variant or None
        Another right answer.
    read : dict or None
        ``address`` and ``text`` of what to read again.
    """

    id: str
    title: str
    most: float
    points: float | None = None
    checks: list[dict[str, Any]] = field(default_factory=list)
    comments: list[str] = field(default_factory=list)
    pictures: list[dict[str, str]] = field(default_factory=list)
    answer: str = ""
    written: bool = False
    mistake: str = ""
    solution: str = ""
    other: Variant | None = None
    read: dict[str, str] | None = None

    @property
    def full(self) -> bool:
        """Whether nothing is missing."""
        return self.points is not None and self.points >= self.most

    @property
    def shown(self) -> str:
        """The points as text."""
        most = f"{self.most:g}"
        return f"of {most}, not read yet" if self.points is None else f"{self.points:g} of {most}"


class Pages:
    """Writes feedback pages of a unit.

    Parameters
    ----------
    course : CourseFolder
    solutions : bool
        Whether solutions, other right answers and the names of mistakes are shown.
    """

    def __init__(self, course: CourseFolder, *, solutions: bool = False) -> None:
        self._course, self._solutions = course, solutions
        self._cells = read_source(course.unit.require_challenge())
        self._asked = questions(course.unit)
        self._sources = {cell.id: cell.source for cell in master_of(course.unit).cells}
        self._variants = read_variants(course.unit) if solutions else []
        environment = Environment(
            loader=PackageLoader("coursekit.marking"), autoescape=True, undefined=StrictUndefined
        )
        self._template = environment.get_template("feedback.html.j2")

    def write(self, students: Sequence[str]) -> Iterator[Path]:
        """Write the page of each student who has points, and yield where it lies.

        Raises
        ------
        CourseError
            If the gradebook or a record cannot be read.
        """
        with self._course.gradebook() as gradebook:
            rows = gradebook.assignment_submissions(self._course.unit.id)
            mine = {row.student_id: row for row in rows if row.student_id in set(students)}
            for student in students:
                folder = self._course.path("feedback", student)
                if student in mine and self._course.path("autograded", student).exists():
                    page = self._page(student, mine[student])
                    path = folder / f"{self._course.notebook}.html"
                    write_file(beside(path, "new"), page)
                    put(path)
                    for name in (TIMESTAMP, SECRET):  # nbgrader's `release_feedback` wants them
                        if (handed := self._course.path("submitted", student) / name).is_file():
                            copy(handed, folder / name)
                    yield path

    def _page(self, student: str, row: Any) -> str:
        record = read_record(self._course.root, self._course.unit.id, student)
        notebooks = list(row.notebooks)
        grades = {grade.name: grade for each in notebooks for grade in each.grades}
        comments: dict[str, list[str]] = {}
        for comment in (c for each in notebooks for c in each.comments):
            if comment.manual_comment:
                comments.setdefault(comment.name, []).append(comment.manual_comment)
        shown = list(self._questions(record, grades, comments))
        known = [question.points for question in shown if question.points is not None]
        penalty = sum(each.late_submission_penalty or 0.0 for each in notebooks)
        return self._template.render(
            title=self._title,
            student=student,
            questions=shown,
            total=max(sum(known) - penalty, 0.0),
            most=sum(question.most for question in shown),
            waits=_counted(sum(question.points is None for question in shown)),
            penalty=penalty,
            points=lambda value: f"{round(value, 2):g}",
        )

    @cached_property
    def _title(self) -> str:
        return title_of(self._course.unit, self._cells)

    def _questions(
        self, record: Record, grades: dict[str, Any], comments: dict[str, list[str]]
    ) -> Iterator[Question]:
        outcomes = {outcome.check: outcome for outcome in record.outcomes}
        answers = {cell.id: cell.source for cell in record.cells}
        own = [cell.source for cell in record.cells if cell.kind in ("answer", "own")]
        pictures = self._pictures(record.student)
        for name, checks in self._asked.items():
            found = Question(name, self._titles.get(name, name), sum(checks.values()))
            mine = [grades[check] for check in checks if check in grades]
            if mine and not any(grade.needs_manual_grade for grade in mine):
                found.points = sum(grade.score for grade in mine)
            for check in checks:
                if outcome := outcomes.get(check):
                    told = told_to_student(outcome, self._sources.get(check, ""), own)
                    passed = outcome.verdict is Verdict.PASS
                    said = told["said"] or told["shown"]
                    part = check.removeprefix(f"{name}-").replace("_", " ")
                    verdict = VERDICTS.get(outcome.verdict, f"stopped: {outcome.verdict.value}")
                    found.checks.append(
                        {"name": part, "passed": passed, "said": said.strip(), "verdict": verdict}
                    )
            found.written = name not in self._answers
            found.answer = without_markers(
                answers.get(f"{name}-answer" if found.written else name, "")
            )
            found.comments, found.pictures = comments.get(name, []), pictures.get(name, [])
            found.read = self._readings.get(name)
            if self._solutions and not found.written:
                self._solve(found, {check for check, o in outcomes.items() if o.points == 0})
            yield found

    def _solve(self, question: Question, lost: set[str]) -> None:
        mine = [variant for variant in self._variants if variant.question == question.id]
        question.solution = without_markers(self._answers[question.id])
        question.other = next((variant for variant in mine if variant.right), None)
        here = lost & set(self._asked[question.id])
        same = [variant.label for variant in mine if here and set(variant.loses) == here]
        # Where several mistakes look the same from outside, naming one would be a guess.
        question.mistake = same[0] if len(same) == 1 else ""

    @cached_property
    def _answers(self) -> dict[str, str]:
        return {cell.name: cell.text for cell in self._cells if cell.kind == "answer"}

    @cached_property
    def _titles(self) -> dict[str, str]:
        return titles_of(self._cells)

    @cached_property
    def _readings(self) -> dict[str, dict[str, str]]:
        return readings_of(self._course.unit, self._cells)

    def _pictures(self, student: str) -> dict[str, list[dict[str, str]]]:
        """Return the pictures that a student's own code made, by the question they stand below."""
        path = self._course.path("autograded", student) / self._course.unit.challenge_notebook
        found: dict[str, list[dict[str, str]]] = {}
        question, answered = "", False
        kinds = {cell.grade_id: cell for cell in self._cells if cell.grade_id}
        for cell in nbformat.read(path, as_version=4).cells:
            known = kinds.get(cell.metadata.get("nbgrader", {}).get("grade_id", ""))
            question, answered = _place(known, question, answered)
            is_own = known is None or known.kind == "answer"
            if answered and is_own and cell.cell_type == "code":
                kept = found.setdefault(question, [])
                kept += list(_images(cell.outputs))[: PICTURES - len(kept)]
        return found


def title_of(unit: Unit, cells: Sequence[SourceCell]) -> str:
    """Return what a challenge calls itself."""
    found = HEADING.search(cells[0].text)
    return found[1] if found else unit.id


def titles_of(cells: Sequence[SourceCell]) -> dict[str, str]:
    """Return the headings of questions, by name."""
    asked = (cell for cell in cells if cell.kind in ("prompt", "task"))
    # Below it a mark scheme may have headings of its own.
    found = ((cell.name, HEADING.search(cut_regions(cell.text)[0])) for cell in asked)
    return {name: match[1] for name, match in found if match}


def readings_of(unit: Unit, cells: Sequence[SourceCell]) -> dict[str, dict[str, str]]:
    """Return what to read again by question, ``address`` and ``text``; from their key ``reads``."""
    made = {}
    for cell in cells:
        if reads := str(cell.keys.get("reads", "")):
            number, _, heading = reads.partition(":")
            lecture = unit.lectures[int(number) - 1]
            place = address(unit.course, notebook_path(unit, lecture))
            made[cell.name] = {
                "address": f"{place}#{_anchor(heading)}",
                "text": f"lecture {number}, {heading.strip()}",
            }
    return made


def without_markers(code: str) -> str:
    """Return a solution without the lines that begin and end it."""
    return "\n".join(line for line in code.splitlines() if not MARKER.fullmatch(line)).strip()


def _place(known: SourceCell | None, question: str, answered: bool) -> tuple[str, bool]:
    if known and known.kind in ("prompt", "task"):
        return known.name, False
    return question, answered or (known is not None and known.kind == "answer")


def _images(outputs: Iterable[Any]) -> Iterator[dict[str, str]]:
    for output in outputs:
        data = output.get("data", {})
        png = data.get("image/png", "")
        if png and PNG.fullmatch(png):
            alt = data.get("text/plain", "")
            is_default = alt.startswith("<Figure size")
            yield {"png": "".join(png.split()), "alt": "Your picture" if is_default else alt}


def _anchor(heading: str) -> str:
    return re.sub(r"\s+", "-", heading.strip())


def _counted(number: int) -> str:
    return "" if not number else "one question" if number == 1 else f"{number} questions"
