"""Who is in the class, and how each system calls them: ``students.csv`` in the course's folder."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from pathlib import Path

from coursekit.lms.habits import Sender
from coursekit.sources.layout import CourseError

FILE = "students.csv"
SYSTEMS = ("moodle", "canvas", "gradescope")
COLUMNS = ("student", "name", "email", *SYSTEMS)
HEADS = {  # what files call the columns, in small letters and without blanks
    "student": ("student", "studentid", "id", "username", "login", "sisloginid", "sisuserid"),
    "name": ("name", "fullname", "studentname"),
    "first": ("firstname", "givenname", "vorname", "prénom", "nombre"),
    "last": ("lastname", "surname", "familyname", "nachname", "nom", "apellidos"),
    "email": ("email", "emailaddress", "e-mail", "e-mailadresse", "mail"),
    "moodle": ("moodle",),
    "canvas": ("canvas",),
    "gradescope": ("gradescope", "sid"),
}
# Letters that are no plain letter and an accent to Unicode.
STROKES = str.maketrans({"ł": "l", "Ł": "L", "ø": "o", "Ø": "O", "đ": "d", "Đ": "D", "ı": "i"})
STROKES |= str.maketrans({"ß": "ss", "æ": "ae", "Æ": "AE", "œ": "oe", "Œ": "OE", "þ": "th"})
ID = re.compile(r"[^\W_][\w.@=' -]*|=[\w.@=' -]*")  # a folder may be called so
NUMBERED = re.compile(r"\D*?(\d+)")  # "Participant 123", in any language


@dataclass(frozen=True)
class Student:
    """A student, by the id that nbgrader has, and what else is known.

    Attributes
    ----------
    id : str
    name, email : str
    keys : dict of str to str
        The number of each system; Moodle has another for each assignment, so there may be several,
        with blanks between.
    """

    id: str
    name: str = ""
    email: str = ""
    keys: dict[str, str] = field(default_factory=dict)

    def has(self, system: str, key: str) -> bool:
        """Whether a system calls the student by this number."""
        return key in self.keys.get(system, "").split()


class Unknown(Exception):  # noqa: N818 - it is no error: somebody is not on a list
    """Nobody on the list, or more than one; a sentence says so."""


class Roster:
    """The students of a class.

    Parameters
    ----------
    students : iterable of Student
    closed : bool
        Whether nobody else may come in.
    """

    def __init__(self, students: Iterable[Student] = (), *, closed: bool = False) -> None:
        self.students = {student.id: student for student in students}
        self.closed = closed

    def find(self, sender: Sender) -> Student:
        """Return who handed something in; one who is new comes onto an open list.

        Raises
        ------
        Unknown
        """
        found = self.named(sender)
        if len(found) > 1:
            names = ", ".join(sorted(student.id for student in found))
            raise Unknown(f"more than one student may be meant ({names})")
        if not found and self.closed:
            raise Unknown(f"{sender.name or sender.key} is not on the list of students")
        student = found[0] if found else self._new(sender)
        if sender.key and sender.system in SYSTEMS:
            student = replace(student, keys=_joined(student.keys, {sender.system: sender.key}))
        self.students[student.id] = student
        return student

    def named(self, sender: Sender) -> list[Student]:
        """Return the students who may be meant: by the system's number, else by name."""
        everybody = list(self.students.values())
        if sender.system in SYSTEMS and sender.key:
            mine = [s for s in everybody if s.has(sender.system, sender.key)]
            if mine:
                return mine
        if sender.system == "nbgrader":
            return [s for s in everybody if s.id == sender.key]
        wanted = {_letters(text) for text in (sender.name, sender.key) if text} - {""}
        return [s for s in everybody if wanted & _ways(s)]

    def _new(self, sender: Sender) -> Student:
        made = _slug(sender.name) or _slug(sender.key)
        if sender.system == "nbgrader":
            made = sender.key if made else ""
        elif not sender.name and made:
            made = f"{sender.system}-{made}"
        if not made:
            raise Unknown("nothing says who it is from")
        return Student(made, sender.name)


def read_roster(path: Path) -> list[Student]:
    """Read a list of students: our own, Moodle's worksheet, Canvas' gradebook, or any such CSV.

    Raises
    ------
    CourseError
        If it cannot be read, or no column says who somebody is.
    """
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError:
        text = path.read_bytes().decode("cp1252", "replace")
    except OSError as error:
        raise CourseError(f"{path} cannot be read ({error.strerror}): name a CSV.") from error
    first = text.split("\n", 1)[0]
    separator = max(",;\t", key=first.count)
    head, *rows = [*csv.reader(io.StringIO(text), delimiter=separator)] or [[]]
    places = _places(head, rows)
    if not {"student", "name", "last", "email"} & set(places):
        wanted = "a column `student`, `name` or `email`"
        raise CourseError(f"{path} is no list of students: its first line needs {wanted}.")
    found = [_student(row, places) for row in rows if any(cell.strip() for cell in row)]
    students = [student for student in found if student.id]
    if len({student.id for student in students}) < len(students):
        seen = [student.id for student in students]
        twice = next(id_ for id_ in seen if seen.count(id_) > 1)
        raise CourseError(f"{path}: {twice} stands there twice: give one of them another id.")
    return students


def _places(head: list[str], rows: list[list[str]]) -> dict[str, int]:
    """Return in which column what stands; a worksheet of Moodle's has heads in any language."""
    words = [re.sub(r"[\s_]+", "", cell).lower() for cell in head]
    places = {
        what: words.index(name) for what, names in HEADS.items() for name in names if name in words
    }
    if words[:2] == ["student", "id"]:  # Canvas: its first column is a name, its second a number
        login = next((words.index(w) for w in ("sisloginid", "sisuserid") if w in words), None)
        places |= {"name": 0, "canvas": 1}
        places.pop("student", None)
        places |= {"student": login} if login is not None else {}
    numbered = [row for row in rows if row and NUMBERED.fullmatch(row[0].strip())]
    if "student" not in places and rows and len(numbered) == len(list(filter(None, rows))):
        mail = next((at for at, cell in enumerate(rows[0]) if "@" in cell), None)
        places = {"moodle": 0, "name": 1} | ({} if mail is None else {"email": mail})
    return places


def _student(row: list[str], places: dict[str, int]) -> Student:
    def cell(what: str) -> str:
        at = places.get(what)
        return row[at].strip() if at is not None and at < len(row) else ""

    name = cell("name") or " ".join(part for part in (cell("first"), cell("last")) if part)
    if name.lower().lstrip().startswith("points possible"):
        return Student("")  # the second line of Canvas' gradebook
    if name.count(",") == 1:
        name = " ".join(part.strip() for part in reversed(name.split(",")))
    keys = {system: cell(system) for system in SYSTEMS if cell(system)}
    if number := NUMBERED.fullmatch(keys.get("moodle", "")):
        keys["moodle"] = number[1]
    email = cell("email")
    if ID.fullmatch(cell("student")):  # whoever wrote the list chose it
        return Student(cell("student"), name, email, keys)
    made = cell("student") or email.partition("@")[0] or name
    return Student(_slug(made), name, email, keys)


def merge(known: Iterable[Student], told: Iterable[Student]) -> list[Student]:
    """Return the students of a list, under the ids that they have already.

    Parameters
    ----------
    known : iterable of Student
        Who has an id: who handed something in is not to become two.
    told : iterable of Student
        The list. The same id, number of a system, address, or name that nobody else has on either
        side says who is who.
    """
    known, told = list(known), list(told)
    merged = []
    for student in told:
        same = _same(student, known, told)
        if same is None:
            merged.append(student)
            continue
        name, email = student.name or same.name, student.email or same.email
        merged.append(Student(same.id, name, email, _joined(same.keys, student.keys)))
    return merged


def _same(student: Student, known: list[Student], told: list[Student]) -> Student | None:
    """Return whom a student of a list is known as; None if as nobody, or that is not certain."""
    mine, name = _keys(student), _letters(student.name)
    tests: list[Callable[[Student], object]] = [
        lambda other: other.id == student.id,
        lambda other: mine & _keys(other),
        lambda other: student.email and other.email.casefold() == student.email.casefold(),
    ]
    if name and sum(_letters(each.name) == name for each in told) == 1:
        tests.append(lambda other: _letters(other.name) == name)
    for test in tests:
        found = [other for other in known if test(other)]
        if found:
            return found[0] if len(found) == 1 else None
    return None


def _joined(known: dict[str, str], told: dict[str, str]) -> dict[str, str]:
    """Return the numbers of each system, each once, those that were known before the others."""
    joined = dict(known)
    for system, keys in told.items():
        each = dict.fromkeys([*joined.get(system, "").split(), *keys.split()])
        joined[system] = " ".join(each)
    return joined


def _keys(student: Student) -> set[tuple[str, str]]:
    return {(system, key) for system, keys in student.keys.items() for key in keys.split()}


def kept_students(root: Path) -> list[Student]:
    """Return who stands in ``students.csv`` of a class's folder; nobody without it."""
    path = root / FILE
    return read_roster(path) if path.exists() else []


def write_roster(path: Path, students: Iterable[Student]) -> None:
    """Write the list of students, by id."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(COLUMNS)
        for student in sorted(students, key=lambda student: student.id):
            keys = [student.keys.get(system, "") for system in SYSTEMS]
            writer.writerow([student.id, student.name, student.email, *keys])


def _ways(student: Student) -> set[str]:
    """Return the ways in which a file's name may call a student, in letters alone."""
    words = student.name.split()
    turned = [" ".join(words[i:] + words[:i]) for i in range(len(words))]
    mail = student.email.partition("@")[0]
    return {_letters(text) for text in (student.id, student.email, mail, *turned) if text}


def _letters(text: str) -> str:
    plain = unicodedata.normalize("NFKD", text.casefold())
    return "".join(c for c in plain if c.isalnum())


def _slug(text: str) -> str:
    """Return an id that folders, nbgrader and its exchange take: no blanks, no plus."""
    plain = unicodedata.normalize("NFKD", text.strip().translate(STROKES))
    plain = "".join(c for c in plain if not unicodedata.combining(c))
    return re.sub(r"[^\w.@-]+", "-", plain.lower()).strip("-._")[:60]
