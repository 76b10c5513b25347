"""What lets stock ``nbgrader autograde`` take in what the engine takes in.

nbgrader believes a student's file: a copied cell stops the class, lost metadata is a zero. So it is
given the file that was given out, with the student's sources in it; what it then does is its own.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import nbformat
from nbconvert.exporters import NotebookExporter
from nbgrader.api import Gradebook

from coursekit.classroom.doctor import repair
from coursekit.intake.belongs import NothingMatchedError
from coursekit.intake.master import Master, read_master
from coursekit.intake.rebuild import rebuild
from coursekit.reader import UnreadableError, read_file


class RebuildingExporter(NotebookExporter):
    """Reads submitted files as the engine does, and all others as nbgrader does.

    It belongs into ``Autograde.exporter_class``. A file that cannot be read, or is of another unit,
    is an error of this student alone; its points are withdrawn, and it makes no row.
    """

    def from_filename(
        self, filename: str, resources: dict[str, Any] | None = None, **options: Any
    ) -> tuple[str, dict[str, Any]]:
        """Convert one file; see nbconvert's exporters.

        Raises
        ------
        UnreadableError, NothingMatchedError
            One sentence that says what the file is.
        """
        path, found = Path(filename), resources or {}
        pair = self._master(path, found) if getattr(self.parent, "_sanitizing", False) else None
        if pair is None:
            return super().from_filename(filename, resources, **options)
        try:
            content = repair(pair[1], rebuild(pair[0], read_file(path)))
        except (UnreadableError, NothingMatchedError):
            _withdraw(self.parent.coursedir.db_url, found["nbgrader"])
            raise
        notebook = nbformat.reads(content.decode(), as_version=4)
        return self.from_notebook_node(  # type: ignore[no-untyped-call, no-any-return]
            notebook, resources, **options
        )

    def _master(self, path: Path, resources: dict[str, Any]) -> tuple[Master, bytes] | None:
        """Return the master and the release; None if `coursekit build` has not made them."""
        course, unit = self.parent.coursedir, resources["nbgrader"]["assignment"]
        steps = (course.source_directory, course.release_directory)
        files = [Path(course.format_path(step, ".", unit)) / path.name for step in steps]
        try:
            solution, release = (file.read_bytes() for file in files)
            master = read_master(solution, release, unit=unit, notebook=path.name)
        except (OSError, ValueError, KeyError):
            return None
        return (master, release) if _is_built(solution) else None


def _is_built(solution: bytes) -> bool:
    """Whether an assignment is as `coursekit build` makes it: no answer has points itself."""
    cells = nbformat.reads(solution.decode(), as_version=4).cells
    flags = [cell.metadata.get("nbgrader") or {} for cell in cells]
    return not any(each.get("grade") and each.get("solution") for each in flags)


def _withdraw(db_url: str, about: dict[str, str]) -> None:
    """Let no score stand for a file that was refused; without a person's marks the row goes."""
    unit, student = about["assignment"], about["student"]
    with Gradebook(db_url) as gradebook:
        submission = gradebook.find_submission(unit, student)
        kept = False
        for notebook in submission.notebooks:
            notebook.late_submission_penalty = None
            kept |= any(comment.manual_comment for comment in notebook.comments)
            for grade in notebook.grades:
                kept |= grade.manual_score is not None
                grade.auto_score, grade.needs_manual_grade = None, True
        gradebook.db.commit()
        if not kept:
            gradebook.remove_submission(unit, student)
