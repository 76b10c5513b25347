"""The one writer of a class's records: nbgrader's gradebook, and what lies in ``autograded/``.

Stock formgrader, feedback and export work on the result as after ``nbgrader autograde``. What a
person gave, marks and comments, stays.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

import nbformat
from nbgrader.api import MissingEntry
from nbgrader.utils import compute_checksum, parse_utc

from coursekit.authoring.environment import nbgrader_environment
from coursekit.classroom.autograded import make_autograded
from coursekit.classroom.course_folder import CourseFolder
from coursekit.classroom.lateness import Lateness
from coursekit.classroom.locks import lock
from coursekit.classroom.opening import open_gradebook, patiently, told
from coursekit.classroom.records import record_path, stage_record
from coursekit.classroom.staging import (
    READ_ONLY,
    aside,
    beside,
    explained,
    put,
    remove,
    sweep,
    write_file,
)
from coursekit.grading.record import Record
from coursekit.sources.layout import CourseError
from coursekit.sources.notebook import Notebook

TIMESTAMP = "timestamp.txt"  # nbgrader's own: when the student handed in
NO_RESPONSE = "No response."  # nbgrader's comment on an untouched answer
ANEW = "{}: a person marked an earlier answer: look at this one in formgrader."


class GradebookWriter:
    """Writes records; use it in a ``with`` statement, one at a time.

    Parameters
    ----------
    folder : CourseFolder

    Raises
    ------
    CourseError
        If the unit is not built, nbgrader refuses it, the gradebook cannot be written, or another
        grading of the unit is at work.
    """

    def __init__(self, folder: CourseFolder) -> None:
        self.folder = folder
        self._unit, self._notebook = folder.unit.id, folder.notebook
        self._lateness = Lateness(folder)

    def __enter__(self) -> GradebookWriter:
        with ExitStack() as stack, explained(self.folder.root):
            self.folder.require_writable()
            stack.enter_context(self._alone())
            self._sweep()
            self.folder.ensure_assignment()
            self._master = self.folder.master()
            with nbgrader_environment(self.folder.unit.course), told(self.folder.db_url):
                self._gradebook = stack.enter_context(open_gradebook(self.folder.db_url))
                kept = self._gradebook.find_notebook(self._notebook, self._unit)
                cells = [*kept.grade_cells, *kept.task_cells, *kept.solution_cells]
                self._names = {cell.id: cell.name for cell in cells}
                self._settle()
            self._held = stack.pop_all()
        return self

    def __exit__(self, *exception: object) -> None:
        self._held.close()

    @contextmanager
    def _alone(self) -> Iterator[None]:
        records = record_path(self.folder.root, self._unit, "").parent
        records.mkdir(parents=True, exist_ok=True)
        try:
            held = lock(records)
        except OSError:  # this file system has no locks
            yield
            return
        if held is None:
            raise CourseError(
                f"Another grading of {self._unit} is at work in {self.folder.root}: "
                "let it end, or stop it, then grade again."
            )
        try:
            yield
        finally:
            os.close(held)

    def students(self) -> set[str]:
        """Return the students whose points stand in the gradebook, their notebooks beside it."""
        with nbgrader_environment(self.folder.unit.course):
            rows = self._gradebook.assignment_submissions(self._unit)
            found = {row.student_id for row in rows}
        return {name for name in found if self._target(name).exists()}

    def write(self, record: Record) -> Record:
        """Put a record into the gradebook, its notebook into ``autograded/``, and keep it.

        All three change, or none does. While they do there is no record: who finds none after
        the power failed grades again. A record without points makes no row; where there is one,
        its points are withdrawn, and its notebook and its feedback go: an old score never stays
        looking current.

        Returns
        -------
        Record
            With a flag for each mark that a person gave to another answer than this.

        Raises
        ------
        CourseError
            If the gradebook cannot be written.
        """
        return patiently(lambda: self._write(record))

    def _write(self, record: Record) -> Record:
        graded = record.status.has_points
        steps = ("autograded",) if graded else ("autograded", "feedback")
        target, *_ = folders = [self.folder.path(step, record.student) for step in steps]
        paths = [record_path(self.folder.root, self._unit, record.student), *folders]
        try:
            stage_record(self.folder.root, record)
            notebook = self._stage(record, target) if graded else None
            with ExitStack() as stack:
                stack.enter_context(nbgrader_environment(self.folder.unit.course))
                stack.enter_context(told(self.folder.db_url))
                _, old, *_ = [stack.enter_context(aside(path)) for path in paths]
                gradebook = stack.enter_context(self._transaction())
                if notebook is None:
                    self._withdraw(gradebook, record)
                    flags: list[str] = []
                else:
                    flags = self._set(gradebook, record, notebook, old)
        except BaseException:
            sweep(paths)
            raise
        if graded:
            put(target)
        put(paths[0])
        for path in paths:
            remove(beside(path, "old"))
        return replace(record, flags=(*record.flags, *flags))

    def _stage(self, record: Record, target: Path) -> Notebook:
        """Write the autograded folder beside the old one, and return its notebook."""
        notebook, new = make_autograded(self._master, record), beside(target, "new")
        remove(new)
        if stamp := _timestamp(self.folder.path("submitted", record.student)):
            write_file(new / TIMESTAMP, f"{stamp.isoformat(' ')} UTC\n", READ_ONLY)
        text = nbformat.writes(notebook, version=4) + "\n"
        write_file(new / f"{self._notebook}.ipynb", text, READ_ONLY)
        return notebook

    def _sweep(self) -> None:
        """Remove what a run that was killed has left half-written."""
        records = record_path(self.folder.root, self._unit, "").parent
        sweep({path.with_name(path.name[1:-4]) for path in records.glob(".*.json.???")})
        books = (self.folder.root / "autograded").glob(f"*/.{self._unit}.???")
        sweep({path.with_name(self._unit) for path in books})
        for page in (self.folder.root / "feedback").glob(f"*/.{self._unit}.old"):
            remove(page)  # of points that were being withdrawn; nbgrader makes it again

    def _set(self, gradebook: Any, record: Record, notebook: Notebook, old: Path) -> list[str]:
        """Set a student's rows, and return what a person should look at again."""
        timestamp = _timestamp(self.folder.path("submitted", record.student))
        gradebook.update_or_create_student(record.student)
        about = {"timestamp": timestamp} if timestamp else {}
        gradebook.update_or_create_submission(self._unit, record.student, **about)
        rows = gradebook.find_submission_notebook(self._notebook, self._unit, record.student)
        before = _read_answers(old / f"{self._notebook}.ipynb", record)
        flags = list(self._set_grades(rows, record, before, _answers(notebook, record)))
        self._set_comments(rows, notebook)
        gradebook.db.flush()
        gradebook.db.expire_all()  # scores are the database's own sums
        self._lateness.set_penalty(rows)
        return flags

    def _withdraw(self, gradebook: Any, record: Record) -> None:
        try:
            rows = gradebook.find_submission_notebook(self._notebook, self._unit, record.student)
        except MissingEntry:
            return
        for grade in rows.grades:
            grade.auto_score, grade.needs_manual_grade = None, True
        rows.late_submission_penalty = None

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

    def _settle(self) -> None:
        """Set the deadline, and what lateness costs those who were graded under another one."""
        self._lateness.set_due(self._gradebook)
        with self._transaction() as gradebook:
            self._lateness.settle(gradebook)

    def _set_grades(
        self, rows: Any, record: Record, before: dict[str, str] | None, now: dict[str, str]
    ) -> Iterator[str]:
        """Set points as nbgrader's ``SaveAutoGrades`` does; a person's stay and take precedence.

        Where a person marked another answer than this, a person is asked again.
        """
        scores = record.scores
        for grade in rows.grades:
            name, by_hand = self._names[grade.cell_id], grade.manual_score is not None
            is_new = by_hand and (before is None or before.get(name) != now.get(name))
            if name in record.manual:
                grade.needs_manual_grade = grade.needs_manual_grade or is_new or not by_hand
            else:
                found, grade.auto_score = grade.auto_score, scores.get(name)
                # Who overrode a check is asked again if the check now says something else.
                waits = grade.needs_manual_grade or is_new or found != grade.auto_score
                grade.needs_manual_grade = waits if by_hand else grade.auto_score is None
            if is_new:
                yield ANEW.format(name)

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


def _read_answers(path: Path, record: Record) -> dict[str, str] | None:
    """Return the answers of an earlier notebook; None if there is none."""
    try:
        return _answers(nbformat.read(path, as_version=4), record)
    except (OSError, ValueError, nbformat.ValidationError):
        return None


def _answers(notebook: Notebook, record: Record) -> dict[str, str]:
    """Return by grade id what a person reads who marks it: the cell that answers the question."""
    flags = [cell.metadata.get("nbgrader", {}) for cell in notebook.cells]
    sources = {
        each.get("grade_id"): cell.source for each, cell in zip(flags, notebook.cells, strict=True)
    }
    found = {o.check: sources.get(o.question, "") for o in record.outcomes}
    for above, cell in zip(flags, notebook.cells[1:], strict=False):
        if above.get("task"):  # it stands below its question, and has no id of nbgrader's
            found[above["grade_id"]] = cell.source
    return found


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
