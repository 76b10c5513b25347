"""Grade with stock nbgrader, through its Python API, one submission after the other."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import suppress
from pathlib import Path

import nbformat
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.apps.api import NbGraderAPI
from traitlets.config import Config

from coursekit.authoring import release
from coursekit.authoring.environment import nbgrader_environment, set_transport
from coursekit.classroom import settings
from coursekit.grading import held_out
from coursekit.grading.record import Outcome, Record, Status, Verdict
from coursekit.sources.layout import CourseError, Unit
from coursekit.sources.source import SourceCell, read_source


class StockGrader:
    """Stock nbgrader on a course folder of its own.

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
        self.folder, self.unit = folder, unit
        self.db_url = f"sqlite:///{folder / 'gradebook.db'}"
        config = settings.configure(release.configure(Config()))
        config.CourseDirectory.root = str(folder)
        config.CourseDirectory.db_url = self.db_url
        config.NbGraderAPI.log_level = "ERROR"
        source = unit.course.root / "solutions" / unit.id
        if not (source / unit.challenge_notebook).exists():
            raise CourseError(f"{unit.id} is not built: run `coursekit build {unit.id}`.")
        _require_held_out(unit, source / unit.challenge_notebook)
        shutil.copytree(source, folder / "solutions" / unit.id)
        self._sockets = tempfile.TemporaryDirectory()
        set_transport(config, Path(self._sockets.name))
        self._api = NbGraderAPI(config=config)
        self._generate()

    def __enter__(self) -> StockGrader:
        return self

    def __exit__(self, *exception: object) -> None:
        self._sockets.cleanup()

    def _generate(self) -> None:
        with nbgrader_environment(self.unit.course):
            outcome = self._api.generate_assignment(self.unit.id)
        if not outcome["success"]:
            self._sockets.cleanup()
            raise CourseError(f"nbgrader refuses {self.unit.id}: {release.last_line(outcome)}")

    def grade(self, students: Iterable[str]) -> Iterator[Record]:
        """Grade the submissions of `students`, yielding each record as it is there.

        A submission that cannot be graded gets no row in the gradebook: nobody mistakes it for a
        zero.
        """
        for student in students:
            yield self._grade(student)

    def _grade(self, student: str) -> Record:
        path = self.folder / "submitted" / student / self.unit.id / self.unit.challenge_notebook
        if not path.exists():
            missing = f"{path.name} was not handed in: ask the student for it."
            return Record(student, self.unit.id, Status.MISSING, missing)
        if fault := _unreadable(path):
            return Record(student, self.unit.id, Status.UNREADABLE, fault)
        with nbgrader_environment(self.unit.course):
            outcome = self._api.autograde(self.unit.id, student)
            if not outcome["success"]:
                self._forget(student)
                return Record(student, self.unit.id, Status.STOCK, release.last_line(outcome))
            return self._read(student)

    def _read(self, student: str) -> Record:
        """Return what the gradebook says of a submission, in the challenge's order."""
        cells = read_source(self.unit.require_challenge())
        with Gradebook(self.db_url) as gradebook:
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
        with Gradebook(self.db_url) as gradebook, suppress(MissingEntry):
            gradebook.remove_submission(self.unit.id, student)

    def write_feedback(self, students: Iterable[str]) -> Iterator[Path]:
        """Write the feedback HTML of graded `students`, yielding each file's path.

        Raises
        ------
        CourseError
            If nbgrader cannot write it.
        """
        for student in students:
            with nbgrader_environment(self.unit.course):
                outcome = self._api.generate_feedback(self.unit.id, student)
            if not outcome["success"]:
                raise CourseError(f"No feedback for {student}: {release.last_line(outcome)}")
            name = Path(self.unit.challenge_notebook).with_suffix(".html").name
            yield self.folder / "feedback" / student / self.unit.id / name


def _outcome(cell: SourceCell, score: float) -> Outcome:
    verdict = Verdict.PASS if score >= cell.points else Verdict.FAIL
    return Outcome(cell.grade_id, cell.name, verdict, score, cell.points)


def _require_held_out(unit: Unit, solution: Path) -> None:
    """Refuse to start without the held-out data: every student would lose points for it."""
    names = re.findall(r"held_out\.load\(\W*(\w+)", solution.read_text(encoding="utf-8"))
    with nbgrader_environment(unit.course):
        for name in names:
            try:
                held_out.load(name)
            except held_out.HeldOutError as error:
                raise CourseError(str(error)) from error


def _unreadable(path: Path) -> str:
    try:
        nbformat.validate(nbformat.read(path, as_version=4))
    except Exception as error:  # whatever a damaged file provokes, the class goes on
        return f"{path.name} is no notebook ({type(error).__name__}): ask the student for it again."
    return ""
