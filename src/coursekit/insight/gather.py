"""A graded class as plain data: records, the gradebook's points, and first attempts."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from coursekit.classroom.course_folder import CourseFolder
from coursekit.classroom.records import read_record, record_path
from coursekit.classroom.report import questions
from coursekit.grading.record import Outcome, Record, Status, Verdict
from coursekit.intake.submission import ENDINGS
from coursekit.marking.feedback import readings_of, title_of, titles_of
from coursekit.reader import UnreadableError, read_file
from coursekit.sources.layout import CourseError, Unit
from coursekit.sources.progress import Progress
from coursekit.sources.source import SourceCell, read_source

STEP = 100  # records between two words about progress
UNTRIED = (Verdict.NOT_TRIED, Verdict.WAITS)


@dataclass(frozen=True)
class Question:
    """A question of the unit.

    Attributes
    ----------
    id, title, prompt : str
    checks : dict of str to float
        Most points by grade id.
    written : bool
        Whether a person marks it.
    read : dict of str to str
        ``address`` and ``text`` of what to read again; may be empty.
    """

    id: str
    title: str
    checks: dict[str, float]
    written: bool
    read: dict[str, str] = field(default_factory=dict)

    @property
    def most(self) -> float:
        """All its points."""
        return sum(self.checks.values())

    @property
    def short(self) -> str:
        """What it is called where room is scarce: ``q3``."""
        return self.id.split("_")[0]


@dataclass(frozen=True)
class Pupil:
    """A student's submission, and what became of it.

    Attributes
    ----------
    id : str
    record : Record or None
        None where nothing was graded.
    points : dict of str to float or None
        By question, a person's marks included; None where some are open.
    earlier : dict of str to str or None
        The answers of the first attempt by cell; None without an earlier one.
    attempts : int
    """

    id: str
    record: Record | None
    points: dict[str, float | None]
    earlier: dict[str, str] | None = None
    attempts: int = 1

    @property
    def graded(self) -> bool:
        """Whether it has points."""
        return self.record is not None and self.record.status.has_points

    @property
    def total(self) -> float:
        """The points so far."""
        return sum(points for points in self.points.values() if points is not None)

    @property
    def status(self) -> str:
        """How its grading ended."""
        return self.record.status.value if self.record else "not graded"

    def lost(self, question: Question) -> dict[str, Outcome]:
        """Return the checks of a question that its answer lost, by grade id."""
        outcomes = self.record.outcomes if self.record else ()
        return {o.check: o for o in outcomes if o.question == question.id and o.points == 0}

    def tried(self, question: Question) -> bool:
        """Whether there is an answer."""
        lost = self.lost(question).values()
        return self.graded and not any(outcome.verdict in UNTRIED for outcome in lost)

    def answer(self, question: Question) -> str:
        """Return what was answered."""
        name = f"{question.id}-answer" if question.written else question.id
        cells = self.record.cells if self.record else ()
        return next((cell.source for cell in cells if cell.id == name), "")


@dataclass(frozen=True)
class Class:
    """A unit as a class did it.

    Attributes
    ----------
    unit : Unit
    title : str
    questions : list of Question
    pupils : list of Pupil
        Who handed in, by id.
    """

    unit: Unit
    title: str
    questions: list[Question]
    pupils: list[Pupil]

    @property
    def graded(self) -> list[Pupil]:
        """Those whose submissions have points."""
        return [pupil for pupil in self.pupils if pupil.graded]


def gather(course: CourseFolder, progress: Progress) -> Class:
    """Read all that is known of a class in a unit.

    Raises
    ------
    CourseError
        If nobody has handed in, or the gradebook cannot be read.
    """
    cells = read_source(course.unit.require_challenge())
    asked = _questions(course.unit, cells)
    students = _students(course)
    if not students:
        where = course.path("submitted", "<student>")
        raise CourseError(
            f"Nobody has handed in {course.unit.id}: put their notebooks into {where}."
        )
    points = course.points()
    pupils = []
    for done, student in enumerate(students, 1):
        pupils.append(_pupil(course, student, asked, points.get(student, {})))
        if done % STEP == 0 or done == len(students):
            progress("reading", done, len(students))
    return Class(course.unit, title_of(course.unit, cells), asked, pupils)


def _questions(unit: Unit, cells: list[SourceCell]) -> list[Question]:
    titles, readings = titles_of(cells), readings_of(unit, cells)
    code = {cell.name for cell in cells if cell.kind == "answer"}
    return [
        Question(name, titles.get(name, name), checks, name not in code, readings.get(name, {}))
        for name, checks in questions(unit).items()
    ]


def _students(course: CourseFolder) -> list[str]:
    """Return who handed in; a record may outlive the file that it speaks of."""
    kept = record_path(course.root, course.unit.id, "").parent.glob("[!.]*.json")
    return sorted({*course.handed_in(), *(path.stem for path in kept)})


def _pupil(
    course: CourseFolder, student: str, asked: list[Question], marked: dict[str, float | None]
) -> Pupil:
    record = None
    if record_path(course.root, course.unit.id, student).exists():
        try:
            record = read_record(course.root, course.unit.id, student)
        except CourseError as error:  # it is told, and nobody else's is missing for it
            record = Record(student, course.unit.id, Status.ENGINE, detail=str(error))
    scores = {**(record.scores if record else {}), **marked}
    graded = record is not None and record.status.has_points
    points = {each.id: _sum(scores, each) if graded else None for each in asked}
    earlier = sorted((course.root / "attempts" / student / course.unit.id).glob("*/"))
    first = _answers(earlier[0]) if earlier and graded else None
    return Pupil(student, record, points, first, 1 + len(earlier))


def _sum(scores: dict[str, float | None], question: Question) -> float | None:
    known = [score for check in question.checks if (score := scores.get(check)) is not None]
    return sum(known) if len(known) == len(question.checks) else None


def _answers(folder: Path) -> dict[str, str] | None:
    """Return what an attempt says by cell; None if it cannot be read."""
    for path in sorted(folder.glob("*")):
        if path.name.endswith(ENDINGS):
            try:
                cells = read_file(path).cells
            except UnreadableError:
                return None
            return {name: cell.source for cell in cells for name in (*cell.ids, cell.grade_id)}
    return None
