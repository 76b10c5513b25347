"""The one writer of a class's records: nbgrader's gradebook, and what lies in ``autograded/``.

Stock formgrader, feedback and export work on the result as after ``nbgrader autograde``. What a
person gave, marks and comments, stays.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from itertools import pairwise
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.preprocessors import AssignLatePenalties
from nbgrader.utils import compute_checksum, parse_utc
from sqlalchemy.exc import SQLAlchemyError

from coursekit.authoring.environment import nbgrader_environment
from coursekit.classroom.autograded import make_autograded
from coursekit.classroom.course_folder import CourseFolder
from coursekit.grading.record import Record
from coursekit.sources.layout import CourseError
from coursekit.sources.notebook import Notebook

TIMESTAMP = "timestamp.txt"  # nbgrader's own: when the student handed in
READ_ONLY = 0o444  # as nbgrader leaves it
NO_RESPONSE = "No response."  # nbgrader's comment on an untouched answer


class GradebookWriter:
    """Writes records; use it in a ``with`` statement, one at a time.

    Parameters
    ----------
    folder : CourseFolder

    Raises
    ------
    CourseError
        If the unit is not built, or nbgrader refuses it.
    """

    def __init__(self, folder: CourseFolder) -> None:
        self.folder = folder
        self._unit, self._notebook = folder.unit.id, folder.notebook

    def __enter__(self) -> GradebookWriter:
        self.folder.ensure_assignment()
        self._master = self.folder.master()
        with nbgrader_environment(self.folder.unit.course):
            self._gradebook = Gradebook(self.folder.db_url)
            kept = self._gradebook.find_notebook(self._notebook, self._unit)
            cells = [*kept.grade_cells, *kept.task_cells, *kept.solution_cells]
            self._names = {cell.id: cell.name for cell in cells}
        return self

    def __exit__(self, *exception: object) -> None:
        self._gradebook.close()

    def students(self) -> set[str]:
        """Return the students whose points stand in the gradebook, their notebooks beside it."""
        with nbgrader_environment(self.folder.unit.course):
            rows = self._gradebook.assignment_submissions(self._unit)
            found = {row.student_id for row in rows}
        return {name for name in found if self._target(name).exists()}

    def write(self, record: Record) -> None:
        """Put a record into the gradebook, and its notebook into ``autograded/``.

        A record without points makes no row; where there is one, its points are withdrawn and its
        notebook goes: an old score never stays looking current.

        Raises
        ------
        CourseError
            If the gradebook cannot be written.
        """
        write = self._write if record.status.has_points else self._withdraw
        try:
            with nbgrader_environment(self.folder.unit.course):
                write(record)
        except SQLAlchemyError as error:
            what = str(error).splitlines()[0]
            raise CourseError(
                f"The gradebook cannot be written ({what}): close what uses it, then grade again."
            ) from error

    def _write(self, record: Record) -> None:
        notebook, target = make_autograded(self._master, record), self._target(record.student)
        timestamp = _timestamp(self.folder.path("submitted", record.student))
        with self._transaction() as gradebook:
            gradebook.update_or_create_student(record.student)
            about = {"timestamp": timestamp} if timestamp else {}
            gradebook.update_or_create_submission(self._unit, record.student, **about)
            rows = gradebook.find_submission_notebook(self._notebook, self._unit, record.student)
            self._set_grades(rows, record, notebook)
            self._set_comments(rows, notebook)
            gradebook.db.flush()
            gradebook.db.expire_all()  # scores are the database's own sums
            self._set_late_penalty(rows)
            _write_notebook(target, notebook, timestamp)

    def _withdraw(self, record: Record) -> None:
        with self._transaction() as gradebook:
            try:
                rows = gradebook.find_submission_notebook(
                    self._notebook, self._unit, record.student
                )
            except MissingEntry:
                return
            for grade in rows.grades:
                grade.auto_score, grade.needs_manual_grade = None, True
            rows.late_submission_penalty = None
        shutil.rmtree(self._target(record.student).parent, ignore_errors=True)

    def _target(self, student: str) -> Path:
        return self.folder.path("autograded", student) / f"{self._notebook}.ipynb"

    @contextmanager
    def _transaction(self) -> Iterator[Any]:
        """Let what nbgrader commits step by step be written at once, or not at all."""
        session = self._gradebook.db
        session.remove()
        with self._gradebook.engine.begin() as connection:
            session.configure(bind=connection, join_transaction_mode="rollback_only")
            try:
                yield self._gradebook
                session.commit()
            finally:
                session.remove()
                session.configure(bind=self._gradebook.engine)

    def _set_late_penalty(self, rows: Any) -> None:
        """Let nbgrader's late plugin, or the one that the settings name, decide."""
        rows.late_submission_penalty = None
        late = rows.assignment.total_seconds_late
        if late > 0:
            penalties = AssignLatePenalties(config=self.folder.config)
            penalties.init_plugin()
            wanted = penalties.plugin_inst.late_submission_penalty(
                rows.student.id, rows.score, late
            )
            if wanted is not None:
                rows.late_submission_penalty = min(max(wanted, 0), rows.score)

    def _set_grades(self, rows: Any, record: Record, notebook: Notebook) -> None:
        """Set points as nbgrader's ``SaveAutoGrades`` does; a person's stay and take precedence.

        Where the written answers have changed, a person is asked again.
        """
        scores = record.scores
        for grade in rows.grades:
            name = self._names[grade.cell_id]
            if name in record.manual:
                if grade.manual_score is None or _written_anew(
                    self._target(record.student), notebook
                ):
                    grade.needs_manual_grade = True
            else:
                grade.auto_score = scores.get(name)
                grade.needs_manual_grade = (
                    grade.manual_score is not None or grade.auto_score is None
                )

    def _set_comments(self, rows: Any, notebook: Notebook) -> None:
        """Say where an answer is as it was given out, as nbgrader does."""
        flags = [(cell, cell.metadata.get("nbgrader", {})) for cell in notebook.cells]
        untouched = {
            each["grade_id"]
            for cell, each in flags
            if each.get("solution") and each.get("checksum") == compute_checksum(cell)
        }
        for comment in rows.comments:
            comment.auto_comment = (
                NO_RESPONSE if self._names[comment.cell_id] in untouched else None
            )


def _written_anew(path: Path, notebook: Notebook) -> bool:
    """Whether the written answers are not those of the earlier notebook, if there is one."""
    try:
        return _answers(nbformat.read(path, as_version=4)) != _answers(notebook)
    except (OSError, ValueError, nbformat.ValidationError):
        return True


def _answers(notebook: Notebook) -> list[str]:
    """Return the written answers, each below its question."""
    cells = notebook.cells
    return [
        cell.source
        for above, cell in pairwise(cells)
        if above.metadata.get("nbgrader", {}).get("task")
    ]


def _timestamp(submitted: Path) -> datetime | None:
    """Return when a student handed in; None without nbgrader's file, or if it says nothing."""
    path = submitted / TIMESTAMP
    if path.is_symlink() or not path.is_file():
        return None
    try:
        with path.open(encoding="utf-8") as file:
            found: datetime | None = parse_utc(file.read(100).strip())
    except (OSError, ValueError, OverflowError):
        return None
    return found


def _write_notebook(path: Path, notebook: Notebook, timestamp: datetime | None) -> None:
    """Replace what lies in a student's autograded folder."""
    shutil.rmtree(path.parent, ignore_errors=True)
    path.parent.mkdir(parents=True)
    if timestamp:
        _write_file(path.with_name(TIMESTAMP), f"{timestamp.isoformat(' ')} UTC\n")
    _write_file(path, nbformat.writes(notebook, version=4) + "\n")


def _write_file(path: Path, text: str) -> None:
    new = path.with_name(f".{path.name}.new")
    new.write_text(text, encoding="utf-8")
    new.chmod(READ_ONLY)
    os.replace(new, path)
