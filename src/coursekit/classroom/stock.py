"""Grade with stock nbgrader, through its Python API, one submission after the other."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

from nbgrader.api import MissingEntry

from coursekit.authoring.environment import nbgrader_environment
from coursekit.authoring.release import last_line
from coursekit.classroom.course_folder import CourseFolder
from coursekit.classroom.gradebook import GradebookWriter
from coursekit.classroom.stopping import uninterrupted
from coursekit.grading import held_out
from coursekit.grading.engine import master_of
from coursekit.grading.record import Outcome, Record, Status, Verdict
from coursekit.intake.belongs import NothingMatchedError
from coursekit.intake.submission import read_submission
from coursekit.reader import UnreadableError
from coursekit.sources.layout import CourseError, Unit
from coursekit.sources.source import SourceCell, read_source

REFUSED = {
    FileNotFoundError: Status.MISSING,
    UnreadableError: Status.UNREADABLE,
    NothingMatchedError: Status.UNMATCHED,
}
STOPPED = "nbgrader stopped at this file ({}): look at what its code does, then grade it again."


class StockGrader:
    """Stock nbgrader on a course folder.

    One of the engines that `grading.record.Engine` describes. nbgrader tells no more of a check
    than its points, so a verdict here says whether they are all there.

    Parameters
    ----------
    folder : Path
        nbgrader's course folder; ``submitted/``, ``autograded/``, ``feedback/`` and
        ``gradebook.db`` live there.
    unit : Unit
        Its built solution is the master.

    Raises
    ------
    CourseError
        If the solution is not built, its held-out data is missing, or nbgrader refuses it.
    """

    def __init__(self, folder: Path, unit: Unit) -> None:
        self.course = CourseFolder(folder, unit)
        self.folder, self.unit, self.db_url = self.course.root, unit, self.course.db_url
        try:
            self._master = master_of(unit)
            _require_held_out(unit)
            self.course.ensure_assignment()
        except CourseError:
            self.course.close()
            raise

    def __enter__(self) -> StockGrader:
        return self

    def __exit__(self, *exception: object) -> None:
        self.course.close()

    def grade(self, students: Iterable[str]) -> Iterator[Record]:
        """Grade the submissions of `students`, yielding each record as it is there.

        A submission that cannot be graded gets no row in the gradebook, and in an older row its
        points are withdrawn: nobody mistakes it for a zero, or an old score for its own.
        """
        with GradebookWriter(self.course) as writer:
            for student in students:
                with uninterrupted():  # nbgrader takes Ctrl-C for a failure of the notebook
                    record = self._grade(student)
                    if not record.status.has_points:
                        writer.write(record)
                yield record

    def _grade(self, student: str) -> Record:
        folder, wanted = self.course.path("submitted", student), self.unit.challenge_notebook
        try:
            sheet = read_submission(self._master, folder, wanted)
        except tuple(REFUSED) as error:
            return Record(student, self.unit.id, REFUSED[type(error)], str(error))
        if not (folder / wanted).is_file():  # nbgrader takes no other name
            renamed = f"{sheet.flags[0]} Rename it, then grade it again."
            return Record(student, self.unit.id, Status.MISSING, renamed)
        is_new = not self._has_row(student)
        with nbgrader_environment(self.unit.course):
            outcome = self.course.api.autograde(self.unit.id, student)
        if outcome["success"]:
            return self._read(student)
        if is_new:
            self._forget(student)
        detail = STOPPED.format(last_line(outcome))
        return Record(student, self.unit.id, Status.STOCK, detail)

    def _has_row(self, student: str) -> bool:
        with self.course.gradebook() as gradebook:
            try:
                gradebook.find_submission(self.unit.id, student)
            except MissingEntry:
                return False
            return True

    def _read(self, student: str) -> Record:
        """Return what the gradebook says of a submission, in the challenge's order."""
        cells = read_source(self.unit.require_challenge())
        with self.course.gradebook() as gradebook:
            submission = gradebook.find_submission(self.unit.id, student)
            (notebook,) = submission.notebooks
            scores = {
                grade.name: None if grade.needs_manual_grade else float(grade.score)
                for grade in notebook.grades
            }
        graded = [cell for cell in cells if cell.grade_id in scores]
        manual = {c.grade_id: c.points for c in graded if scores[c.grade_id] is None}
        outcomes = [
            _outcome(cell, score) for cell in graded if (score := scores[cell.grade_id]) is not None
        ]
        status = Status.NEEDS_MANUAL if manual else Status.GRADED
        return Record(student, self.unit.id, status, outcomes=tuple(outcomes), manual=manual)

    def _forget(self, student: str) -> None:
        # MissingEntry: it failed before nbgrader made a row.
        with self.course.gradebook() as gradebook, suppress(MissingEntry):
            gradebook.remove_submission(self.unit.id, student)

    def write_feedback(self, students: Iterable[str]) -> Iterator[Path]:
        """Write the feedback of graded `students`; see `CourseFolder.write_feedback`."""
        return self.course.write_feedback(students)


def _outcome(cell: SourceCell, score: float) -> Outcome:
    verdict = Verdict.PASS if score >= cell.points else Verdict.FAIL
    return Outcome(cell.grade_id, cell.name, verdict, score, cell.points)


def _require_held_out(unit: Unit) -> None:
    """Refuse to start without the held-out data: every student would lose points for it."""
    solution = unit.course.root / "solutions" / unit.id / unit.challenge_notebook
    names = re.findall(r"held_out\.load\(\W*(\w+)", solution.read_text(encoding="utf-8"))
    with nbgrader_environment(unit.course):
        for name in names:
            try:
                held_out.load(name)
            except held_out.HeldOutError as error:
                raise CourseError(str(error)) from error
