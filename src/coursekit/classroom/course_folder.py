"""nbgrader's course folder: a unit's master in it, and nbgrader's own tools on it."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.api import (
    Assignment,
    BaseCell,
    Grade,
    MissingEntry,
    SubmittedAssignment,
    SubmittedNotebook,
)
from nbgrader.apps.api import NbGraderAPI
from nbgrader.utils import compute_checksum, temp_attrs
from traitlets.config import Config
from traitlets.config.loader import PyFileConfigLoader

from coursekit.authoring import release
from coursekit.authoring.environment import nbgrader_environment, set_transport, socket_folder
from coursekit.authoring.release import PrepareRelease
from coursekit.classroom import settings
from coursekit.classroom.opening import file_of, is_there, open_gradebook, require_writable, told
from coursekit.classroom.staging import copy
from coursekit.classroom.stopping import uninterrupted
from coursekit.sources.layout import CourseError, Unit
from coursekit.sources.notebook import Notebook

CONFIG, HELD_OUT = "nbgrader_config.py", "COURSEKIT_HELD_OUT"
OWN_CONFIG = '''"""So that nbgrader's own tools hide what they must. Add your settings below."""

import os

from coursekit.authoring import release
from coursekit.classroom import settings

config = get_config()
release.configure(config)
settings.configure(config)
os.environ.setdefault("COURSEKIT_HELD_OUT", {!r})
'''


class CourseFolder:
    """A folder in which nbgrader keeps a class, with one unit to grade.

    Use it in a ``with`` statement.

    Parameters
    ----------
    root : Path
        ``submitted/``, ``autograded/``, ``feedback/`` and ``gradebook.db`` lie there; the course
        repository, or any other folder.
    unit : Unit
        Its built solution is the master.
    db_url : str, optional
        Of the gradebook; by default what ``nbgrader_config.py`` in the folder says, or else
        ``gradebook.db`` in it.

    Attributes
    ----------
    config : traitlets.config.Config
    api : NbGraderAPI
    db_url : str
    notebook : str
        nbgrader's name of the challenge: the file's without its ending.

    Raises
    ------
    CourseError
        If the unit is not built, or `root` is no folder.
    """

    def __init__(self, root: Path, unit: Unit, *, db_url: str = "") -> None:
        self.root, self.unit = root.resolve(), unit
        self.notebook = Path(unit.challenge_notebook).stem
        self.is_course = self.root == unit.course.root.resolve()
        source = unit.course.root / "solutions" / unit.id
        if not (source / unit.challenge_notebook).exists():
            raise CourseError(f"{unit.id} is not built: run `coursekit build {unit.id}`.")
        if self.root.exists() and not self.root.is_dir():
            raise CourseError(f"{self.root} is no folder: name one with submitted/ in it.")
        self.config = _read_config(self.root, unit.course.root)
        self.config.CourseDirectory.root = str(self.root)
        kept = self.config.CourseDirectory.get("db_url", "")
        self.db_url = db_url or kept or f"sqlite:///{self.root / 'gradebook.db'}"
        self.config.CourseDirectory.db_url = self.db_url
        if file_of(self.db_url) is None and not self.config.CourseDirectory.get("course_id"):
            # nbgrader never enters a course of the empty name; a server refuses what points to it.
            self.config.CourseDirectory.course_id = "default_course"
        self.config.NbGraderAPI.log_level = "ERROR"
        self._sockets = socket_folder()
        set_transport(self.config, Path(self._sockets.name))
        self.api = NbGraderAPI(config=self.config)

    def __enter__(self) -> CourseFolder:
        return self

    def __exit__(self, *exception: object) -> None:
        self.close()

    def close(self) -> None:
        """Remove what is needed while the folder is in use."""
        self._sockets.cleanup()

    @contextmanager
    def gradebook(self) -> Iterator[Any]:
        """Open nbgrader's gradebook; it is made if there is none.

        Raises
        ------
        CourseError
            If it cannot be used.
        """
        with (
            nbgrader_environment(self.unit.course),
            told(self.db_url),
            open_gradebook(self.db_url) as gradebook,
        ):
            yield gradebook

    def require_writable(self) -> None:
        """Refuse to start what could not be written in the end.

        Raises
        ------
        CourseError
            If somebody else writes into the gradebook, or anything in the folder is read-only.
        """
        for path in (self.root, self.root / "records", self.root / "autograded"):
            if path.exists() and not os.access(path, os.W_OK | os.X_OK):
                raise CourseError(f"{path} is read-only: make it writable, then grade again.")
        if is_there(self.db_url):
            with self.gradebook() as gradebook:
                require_writable(gradebook, self.db_url)

    def path(self, step: str, student: str) -> Path:
        """Return a student's folder in a step such as ``submitted``."""
        return self.root / step / student / self.unit.id

    def handed_in(self) -> list[str]:
        """Return the students who have handed in the unit, in order."""
        return sorted(p.parent.name for p in self.root.glob(f"submitted/*/{self.unit.id}"))

    def marks(self) -> dict[str, dict[str, tuple[float | None, float | None]]]:
        """Return by student and grade id: the automatic points, and those that a person gave.

        Of students alone whose graded notebook is there. Nothing is written.

        Raises
        ------
        CourseError
            If the gradebook cannot be read.
        """
        found: dict[str, dict[str, tuple[float | None, float | None]]] = {}
        for student, name, automatic, by_hand, *_ in self._grades():
            found.setdefault(student, {})[name] = (automatic, by_hand)
        return {s: rows for s, rows in found.items() if self.path("autograded", s).exists()}

    def points(self) -> dict[str, dict[str, float | None]]:
        """Return by student and grade id the points; None where a person has to decide.

        Raises
        ------
        CourseError
            If the gradebook cannot be read.
        """
        found: dict[str, dict[str, float | None]] = {}
        for student, name, automatic, by_hand, extra, waits in self._grades():
            points = (automatic if by_hand is None else by_hand) or 0.0
            found.setdefault(student, {})[name] = None if waits else points + (extra or 0.0)
        return found

    def penalties(self) -> dict[str, float]:
        """Return by student what lateness takes off.

        Raises
        ------
        CourseError
            If the gradebook cannot be read.
        """
        if not is_there(self.db_url):
            return {}
        with self.gradebook() as gradebook:
            rows = (
                gradebook.db.query(
                    SubmittedAssignment.student_id, SubmittedNotebook.late_submission_penalty
                )
                .select_from(SubmittedNotebook)
                .join(SubmittedNotebook.assignment)
                .join(SubmittedAssignment.assignment)
                .filter(Assignment.name == self.unit.id)
            )
            return {student: penalty or 0.0 for student, penalty in rows}

    def _grades(self) -> list[Any]:
        """Return all grades of the unit in one go: 5,000 students have 70,000 of them."""
        if not is_there(self.db_url):
            return []
        columns = (Grade.auto_score, Grade.manual_score, Grade.extra_credit)
        with self.gradebook() as gradebook:
            whose = (SubmittedAssignment.student_id, BaseCell.name)
            rows = (
                gradebook.db.query(*whose, *columns, Grade.needs_manual_grade)
                .select_from(Grade)
                .join(BaseCell, Grade.cell_id == BaseCell.id)
                .join(SubmittedNotebook, Grade.notebook_id == SubmittedNotebook.id)
                .join(SubmittedNotebook.assignment)
                .join(SubmittedAssignment.assignment)
                .filter(Assignment.name == self.unit.id)
            )
            return list(rows)

    def master(self) -> Notebook:
        """Return the notebook that nbgrader would put a student's answers into when it grades.

        Checks and questions with their hidden parts, answers as stubs, and the metadata and
        checksums that stand in the gradebook.

        Raises
        ------
        CourseError
            If the release is not built.
        """
        folders = [
            self.unit.course.root / step / self.unit.id for step in ("solutions", "notebooks")
        ]
        try:
            solution, made = (
                nbformat.read(folder / self.unit.challenge_notebook, as_version=4)
                for folder in folders
            )
        except (OSError, ValueError) as error:
            again = f"run `coursekit build {self.unit.id}`"
            raise CourseError(f"{self.unit.id} is not built: {again}.") from error
        PrepareRelease().preprocess(solution, {})
        whole = {cell.id: cell.source for cell in solution.cells}
        for cell in made.cells:
            flags = cell.metadata.get("nbgrader", {})
            if flags.get("locked"):
                cell.source = whole.get(cell.id, cell.source)
                flags.checksum = compute_checksum(cell)
        return made

    def ensure_assignment(self) -> None:
        """Enter the unit into the gradebook, unless it stands there with the same cells.

        nbgrader removes a release before it writes it anew: not the one that was built.

        Raises
        ------
        CourseError
            If nbgrader refuses it.
        """
        folders = self.api.coursedir
        if not self.is_course:
            steps = {
                "solutions": folders.source_directory,
                "notebooks": folders.release_directory,
            }
            for step, here in steps.items():
                made = self.unit.course.root / step / self.unit.id / self.unit.challenge_notebook
                copy(made, self.root / here / self.unit.id / made.name)
            if not (self.root / CONFIG).exists():
                held_out = str(self.unit.course.root / "course")
                (self.root / CONFIG).write_text(OWN_CONFIG.format(held_out), encoding="utf-8")
        if self._checksums_kept() == _checksums(self.master()):
            return
        with (
            tempfile.TemporaryDirectory() as elsewhere,
            temp_attrs(folders, release_directory=elsewhere),
            nbgrader_environment(self.unit.course),
            uninterrupted(),  # nbgrader takes Ctrl-C for a failure of the notebook
        ):
            outcome = self.api.generate_assignment(self.unit.id)
        if not outcome["success"]:
            raise CourseError(f"nbgrader refuses {self.unit.id}: {release.last_line(outcome)}")

    def _checksums_kept(self) -> dict[str, str]:
        """Return the checksums in the gradebook, by grade id; empty without the unit."""
        with self.gradebook() as gradebook:
            try:
                kept = gradebook.find_notebook(self.notebook, self.unit.id)
            except MissingEntry:
                return {}
            return {cell.name: cell.checksum for cell in kept.source_cells}

    def write_feedback(self, students: Iterable[str]) -> Iterator[Path]:
        """Write the feedback HTML of graded `students`, yielding each file's path.

        Raises
        ------
        CourseError
            If nbgrader cannot write it.
        """
        for student in students:
            with nbgrader_environment(self.unit.course), uninterrupted():
                outcome = self.api.generate_feedback(self.unit.id, student)
            if not outcome["success"]:
                raise CourseError(f"No feedback for {student}: {release.last_line(outcome)}")
            yield self.path("feedback", student) / f"{self.notebook}.html"


def _checksums(master: Notebook) -> dict[str, str]:
    flags = [cell.metadata["nbgrader"] for cell in master.cells if "nbgrader" in cell.metadata]
    return {each["grade_id"]: each["checksum"] for each in flags}


@contextmanager
def _kept_environment() -> Iterator[None]:
    """Let a file of settings say where held-out data lies to nbgrader alone: here it is known."""
    before = os.environ.get(HELD_OUT)
    try:
        yield
    finally:
        os.environ.pop(HELD_OUT, None)
        if before is not None:
            os.environ[HELD_OUT] = before


def _read_config(root: Path, course: Path) -> Any:
    """Return nbgrader's settings: this package's, then the course's file, then the folder's own.

    Of another folder's file what names a folder or a gradebook does not count.
    """
    config = settings.configure(release.configure(Config()))
    for folder in dict.fromkeys((course.resolve(), root)):
        if (folder / CONFIG).exists():
            try:
                with _kept_environment():
                    found = PyFileConfigLoader(CONFIG, path=str(folder)).load_config()
            except Exception as error:  # it is a program, and may do anything
                what = f"{type(error).__name__}: {error}"
                raise CourseError(f"{folder / CONFIG} cannot be read ({what}): mend it.") from error
            if folder != root:
                found.pop("CourseDirectory", None)
            if "LateSubmissionPlugin" in found and "AssignLatePenalties" not in found:
                config.pop("AssignLatePenalties", None)  # nbgrader's own plugin is meant
            config.merge(found)
    return config
