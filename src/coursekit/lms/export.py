"""Marks that go out: a CSV of one's own, or what Canvas and Moodle gave, filled in.

A mark is never made up: who is absent, or not graded to the end, has an empty field, and no zero.
Files of Canvas and Moodle are filled where they have a place for a mark; no column, no student and
no other field of theirs changes, so that an import can do nothing but set marks.
"""

from __future__ import annotations

import csv
import io
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path

from coursekit.classroom.course_folder import CourseFolder
from coursekit.classroom.records import read_record, record_path
from coursekit.classroom.report import questions
from coursekit.lms.habits import Sender
from coursekit.lms.roster import NUMBERED, Roster, Student, kept_students
from coursekit.sources.layout import CourseError

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # a spreadsheet would compute such a field
ABSENT = "absent"
CANVAS_COLUMN = re.compile(r".+\((\d+)\)\s*")
NUMBER = re.compile(r"\s*(\d+(?:[.,]\d+)?)\s*")


@dataclass(frozen=True)
class Mark:
    """What a student has in a unit.

    Attributes
    ----------
    student, status : str
        ``absent`` is whoever handed nothing in.
    points : dict of str to float or None
        By question; None where a person must still grade.
    total : float or None
        With a late penalty taken off; None until all is graded.
    penalty : float
    """

    student: str
    status: str
    points: dict[str, float | None]
    total: float | None = None
    penalty: float = 0.0


def marks_of(course: CourseFolder, roster: Iterable[Student] = ()) -> list[Mark]:
    """Return the marks of a class in a unit, by student; those on the list who are absent, too.

    Raises
    ------
    CourseError
        If the gradebook cannot be read.
    """
    asked = questions(course.unit)
    found: dict[str, Mark] = {}
    graded = set(course.marks())
    with course.gradebook() as gradebook:
        for row in gradebook.assignment_submissions(course.unit.id) if graded else ():
            if row.student_id in graded:
                found[row.student_id] = _mark(row, asked)
    everybody = {*course.handed_in(), *(student.id for student in roster)}
    for student in sorted(everybody - set(found)):
        found[student] = Mark(student, _status(course, student), dict.fromkeys(asked))
    return [found[student] for student in sorted(found)]


def _mark(row: object, asked: dict[str, dict[str, float]]) -> Mark:
    notebooks = list(row.notebooks)  # type: ignore[attr-defined]
    grades = {grade.name: grade for notebook in notebooks for grade in notebook.grades}
    points: dict[str, float | None] = {}
    for question, cells in asked.items():
        mine = [grades[cell] for cell in cells if cell in grades]
        waits = len(mine) < len(cells) or any(grade.needs_manual_grade for grade in mine)
        points[question] = None if waits else sum(grade.score for grade in mine)
    penalty = sum(notebook.late_submission_penalty or 0.0 for notebook in notebooks)
    whole = [each for each in points.values() if each is not None]
    total = max(sum(whole) - penalty, 0.0) if len(whole) == len(points) else None
    status = "graded" if total is not None else "needs-manual"
    return Mark(row.student_id, status, points, total, penalty)  # type: ignore[attr-defined]


def _status(course: CourseFolder, student: str) -> str:
    if not course.path("submitted", student).exists():
        return ABSENT
    if not record_path(course.root, course.unit.id, student).exists():
        return "not graded"
    status = read_record(course.root, course.unit.id, student).status
    return "not graded" if status.has_points else status.value


# --- a CSV of one's own ----------------------------------------------------------------------


def to_csv(course: CourseFolder, marks: Sequence[Mark], roster: Iterable[Student] = ()) -> str:
    """Return the marks as CSV (RFC 4180): a line a student, a column a question."""
    asked = questions(course.unit)
    names = {student.id: student for student in roster}
    out = io.StringIO()
    writer = csv.writer(out)
    head = ["student", "name", "email", "unit", "status", *asked, "penalty", "total", "of"]
    writer.writerow(head)
    most = sum(points for cells in asked.values() for points in cells.values())
    for mark in marks:
        known = names.get(mark.student, Student(mark.student))
        who = [mark.student, known.name, known.email]
        points = [_number(mark.points[question]) for question in asked]
        end = [_number(mark.penalty or None), _number(mark.total), _number(most)]
        writer.writerow([*map(_defused, who), course.unit.id, mark.status, *points, *end])
    return out.getvalue()


def _number(value: float | None) -> str:
    return "" if value is None else f"{round(value, 4):g}"


def _defused(text: str) -> str:
    return f"'{text}" if text.startswith(FORMULA) else text


# --- files of others -------------------------------------------------------------------------


@dataclass(frozen=True)
class Filled:
    """A file of a system's with marks in it.

    Attributes
    ----------
    text : bytes
    count : int
        How many marks it got.
    left : list of str
        Students with a mark and no line of their own.
    column : str
        The title of the column that was filled.
    changed : int
        How many of its fields had another number.
    """

    text: bytes
    count: int
    left: list[str]
    column: str = ""
    changed: int = 0


def fill(system: str, path: Path, course: CourseFolder, column: str = "") -> Filled:
    """Fill the gradebook or worksheet that was downloaded from a system.

    Parameters
    ----------
    system : str
        ``canvas`` or ``moodle``.
    path : Path
        The file; it is not changed.
    course : CourseFolder
    column : str
        Canvas' title of the assignment, where it cannot be told.

    Raises
    ------
    CourseError
        If it is no such file, or has no place for these marks.
    """
    data = path.read_bytes()
    text = data.decode("utf-8-sig", "replace")
    separator = max(",;\t", key=text.split("\n", 1)[0].count)
    rows = list(csv.reader(io.StringIO(text, newline=""), delimiter=separator))
    if len(rows) < 2:
        raise CourseError(f"{path} has no student: download it again from {system.title()}.")
    place = _canvas if system == "canvas" else _moodle
    at, most, sender = place(rows, path, course, column)
    total = sum(p for cells in questions(course.unit).values() for p in cells.values())
    if most is not None and abs(most - total) > 0.005:
        raise CourseError(
            f"{path} has {most:g} points for it, {course.unit.id} has {total:g}: "
            f"set the assignment's points to {total:g}, then download the file again."
        )
    comma = system == "moodle" and any("," in row[at + 1] for row in rows[1:] if len(row) > at + 1)
    known = Roster(kept_students(course.root), closed=True)
    marks = {mark.student: mark.total for mark in marks_of(course) if mark.total is not None}
    lines = _lines([row for row in rows[1:] if len(row) > at], known, sender)
    filled = set(lines) & set(marks)
    changed = 0
    for student in filled:
        value = f"{marks[student]:.2f}"
        before = _value(lines[student], at)
        changed += before is not None and abs(before - float(value)) > 0.005
        lines[student][at] = value.replace(".", ",") if comma else value
    out = io.StringIO(newline="")
    csv.writer(out, delimiter=separator).writerows(rows)
    mark_of_order = b"\xef\xbb\xbf" if data.startswith(b"\xef\xbb\xbf") else b""
    left = sorted(set(marks) - filled)
    whole = mark_of_order + out.getvalue().encode()
    return Filled(whole, len(filled), left, rows[0][at].strip(), changed)


def _lines(
    rows: list[list[str]], known: Roster, sender: Callable[[list[str]], Sender]
) -> dict[str, list[str]]:
    """Return the line of each student whose line is certain: a mark is nobody else's."""
    found: dict[str, list[tuple[bool, list[str]]]] = defaultdict(list)
    for row in rows:
        who = sender(row)
        mine = known.named(who)
        if len(mine) == 1:
            found[mine[0].id].append((mine[0].has(who.system, who.key), row))
    lines = {}
    for student, candidates in found.items():
        # A name that two lines have says nothing; the system's number does.
        certain = [row for by_number, row in candidates if by_number]
        certain = certain or [row for _, row in candidates]
        if len(certain) == 1:
            lines[student] = certain[0]
    return lines


Place = tuple[int, "float | None", Callable[[list[str]], Sender]]


def _canvas(rows: list[list[str]], path: Path, course: CourseFolder, column: str) -> Place:
    head = rows[0]
    if "ID" not in head or not head[0].strip().startswith("Student"):
        raise CourseError(f"{path} is no gradebook of Canvas': export it there, Grades > Export.")
    titles = {at: name for at, name in enumerate(head) if CANVAS_COLUMN.fullmatch(name)}
    words = [column] if column else [course.unit.id, course.unit.name]
    # A title that is the name comes before one that only has it within: "Iris quiz" is no "Iris".
    for fits, word in product((_is_titled, _has_within), words):
        mine = [at for at, name in titles.items() if fits(name, word)]
        if len(mine) == 1:
            break
    else:
        known = "; ".join(titles.values()) or "none"
        raise CourseError(f"Which column of {path} is it? Say --column TITLE, of: {known}.")
    at, id_at = mine[0], head.index("ID")
    points = next((row for row in rows[1:3] if row and "points possible" in row[0].lower()), [])
    return at, _value(points, at), lambda row: Sender("canvas", key="".join(row[id_at : id_at + 1]))


def _is_titled(title: str, word: str) -> bool:
    plain = title.strip().lower()
    return word.strip().lower() in (plain, plain.rpartition("(")[0].strip())


def _has_within(title: str, word: str) -> bool:
    return word.lower() in title.lower()


def _moodle(rows: list[list[str]], path: Path, course: CourseFolder, column: str) -> Place:
    """Find the grade in a worksheet whose heads are in the teacher's language.

    The maximum is the first column that holds one and the same number all the way down; the grade
    stands before it.
    """
    body = [row for row in rows[1:] if row]
    for at in range(2, len(rows[0]) - 1):
        most = {row[at + 1].strip() for row in body if len(row) > at + 1}
        grades = [row[at].strip() for row in body if len(row) > at]
        fits = all(grade in ("", "-") or NUMBER.fullmatch(grade) for grade in grades)
        if fits and len(most) == 1 and NUMBER.fullmatch(next(iter(most))):
            return at, _value(body[0], at + 1), _participant
    raise CourseError(f"{path} is no grading worksheet of Moodle's: download it there again.")


def _participant(row: list[str]) -> Sender:
    number = NUMBERED.fullmatch(row[0].strip()) if row else None
    name = "" if not number or row[1].strip().endswith(number[1]) else row[1].strip()
    return Sender("moodle", name, number[1] if number else "")


def _value(row: list[str], at: int) -> float | None:
    found = NUMBER.fullmatch(row[at]) if len(row) > at else None
    return float(found[1].replace(",", ".")) if found else None
