"""Delete a student entirely: files, records, messages, the gradebook's rows, lines of tables."""

from __future__ import annotations

import csv
import html
import os
import re
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from coursekit.classroom.course_folder import CourseFolder
from coursekit.classroom.deadlines import EXTENSIONS
from coursekit.classroom.locks import lock
from coursekit.classroom.opening import is_there
from coursekit.classroom.staging import beside, explained, put, remove, write_file
from coursekit.lms.roster import FILE as ROSTER
from coursekit.privacy.pseudonyms import KEY_FILE, names_of
from coursekit.sources.layout import CourseError

FOLDERS = ("submitted", "attempts", "autograded", "feedback")  # a folder a student
RECORDS, MESSAGES = ("records", ".json"), ("messages", ".txt")  # a file a student in each unit's
REPORTS = "reports"


class Forgetting:
    """What a class's folder holds of a student.

    Parameters
    ----------
    course : CourseFolder
        With any unit of the course: all of them are looked through.
    student : str
        The id.

    Raises
    ------
    CourseError
        If that can be no id, or nothing is there.
    """

    def __init__(self, course: CourseFolder, student: str) -> None:
        self._course, self._root, self._student = course, course.root, student
        if not student or student in (".", "..") or {"/", os.sep, "\0"} & set(student):
            raise CourseError(f"{student!r} is no student's id.")
        if not any((*self._places(), *self._lines(), self._has_rows())):
            raise CourseError(f"Nothing of {student} is in {self._root}: is this the id?")

    def found(self) -> list[str]:
        """Return what there is, a line each."""
        paths = [*self._places(), *self._pages()]
        lines = [str(path.relative_to(self._root)) for path in paths]
        lines += [f"lines of {name}" for name in self._lines()]
        return lines + ["rows of the gradebook"] * self._has_rows()

    def delete(self) -> list[str]:
        """Delete all of it, and return what that was. Killed halfway, it is to be run again.

        Raises
        ------
        CourseError
            If a grading is at work, or something cannot be written.
        """
        deleted = self.found()
        with ExitStack() as stack, explained(self._root):
            for folder in (self._root / "records").glob("*/"):
                stack.callback(os.close, self._hold(folder))
            if self._has_rows():
                self._delete_rows()
            for name in (ROSTER, EXTENSIONS):
                if (text := self._others(name)) is not None:
                    write_file(beside(self._root / name, "new"), text)
                    put(self._root / name)
            for path in [*self._pages(), *self._places()]:
                _writable(path)
                remove(path)
        return deleted

    def _hold(self, folder: Path) -> int:
        held = lock(folder)
        if held is None:
            raise CourseError(f"A grading is at work in {self._root}: let it end, then try again.")
        return held

    def _places(self) -> Iterator[Path]:
        """Yield the student's files and folders, and what a killed command left beside them."""
        places = [self._root / step / self._student for step in FOLDERS]
        for step, ending in (RECORDS, MESSAGES):
            units = sorted((self._root / step).glob("*/"))
            places += [unit / f"{self._student}{ending}" for unit in units]
        for place in places:
            for path in (place, beside(place, "new"), beside(place, "old")):
                if os.path.lexists(path):
                    yield path

    def _pages(self) -> Iterator[Path]:
        """Yield the reports on which the student is; each is made anew with one command."""
        names = [self._student]
        if (self._root / KEY_FILE).exists():
            names.append(names_of(self._root, anonymous=True).of(self._student))
        named = re.compile(rf"(?<![\w-])({'|'.join(map(re.escape, names))})(?![\w-])")
        for page in sorted((self._root / REPORTS).glob("*.html")):
            if named.search(html.unescape(page.read_text(encoding="utf-8", errors="replace"))):
                yield page

    def _lines(self) -> Iterator[str]:
        """Yield the tables in which the student is."""
        return (name for name in (ROSTER, EXTENSIONS) if self._others(name) is not None)

    def _others(self, name: str) -> str | None:
        """Return a table without the student's rows, the others untouched; None if it has none."""
        path = self._root / name
        if not path.is_file():
            return None
        text = path.read_text(encoding="utf-8-sig", errors="surrogateescape")
        lines = text.splitlines(keepends=True)
        if not lines:
            return None
        reader = csv.reader(lines, delimiter=max(",;\t", key=lines[0].count))
        head = [cell.strip().lower() for cell in next(reader)]
        at = head.index("student") if "student" in head else 0
        kept, begin, found = lines[: reader.line_num], reader.line_num, False
        for cells in reader:  # a row may have several lines
            if at < len(cells) and cells[at].strip() == self._student:
                found = True
            else:
                kept += lines[begin : reader.line_num]
            begin = reader.line_num
        return "".join(kept) if found else None

    def _has_rows(self) -> bool:
        if not is_there(self._course.db_url):
            return False
        with self._course.gradebook() as gradebook:
            return any(student.id == self._student for student in gradebook.students)

    def _delete_rows(self) -> None:
        with self._course.gradebook() as gradebook:
            gradebook.remove_student(self._student)
            with gradebook.engine.connect() as connection:
                packed = connection.execution_options(isolation_level="AUTOCOMMIT")
                packed.exec_driver_sql("VACUUM")  # else deleted rows stay on the disk


def _writable(path: Path) -> None:
    """Let nbgrader's read-only folders be removed."""
    for folder in (path, *path.rglob("*")) if path.is_dir() and not path.is_symlink() else ():
        if folder.is_dir() and not folder.is_symlink():
            folder.chmod(0o700)
