"""What a page calls students: by id, or by names that nobody can compute back.

A pseudonym is a keyed hash of the id. The key is random, lies in the class's folder, and is
nobody's but its owner's: without it a list of all ids is of no help. Remove it, and no later page
can be compared with an earlier one.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import re
import secrets
import stat
from collections.abc import Iterable
from pathlib import Path

from coursekit.lms.roster import Student, kept_students
from coursekit.sources.layout import CourseError

KEY_FILE = ".pseudonyms.key"
KEY_BYTES, SHOWN = 32, 8
HIDDEN = "(name)"


class Names:
    """What to call students on a page.

    Parameters
    ----------
    key : bytes
        Empty to call them by their ids.
    roster : iterable of Student
        Whose names are taken out of what a page quotes.
    """

    def __init__(self, key: bytes = b"", roster: Iterable[Student] = ()) -> None:
        self.anonymous, self._key = bool(key), key
        self._roster = {student.id: student for student in roster}

    def of(self, student: str) -> str:
        """Return what a student is called."""
        if not self.anonymous:
            return student
        made = hmac.new(self._key, student.encode("utf-8", "surrogatepass"), hashlib.sha256)
        return "s-" + base64.b32encode(made.digest()).decode().lower()[:SHOWN]

    def quoted(self, student: str, text: str) -> str:
        """Return what a student wrote, without the ways in which it may name its author."""
        if not self.anonymous:
            return text
        known = self._roster.get(student, Student(student))
        whole = [student, known.email, known.name]
        parts = [part for part in re.split(r"[\W_]+", f"{student} {known.name}") if len(part) > 2]
        words = sorted({word for word in (*whole, *parts) if word}, key=len, reverse=True)
        return re.sub("|".join(map(re.escape, words)), HIDDEN, text, flags=re.IGNORECASE)


def names_of(root: Path, *, anonymous: bool) -> Names:
    """Return what a class's students are called.

    Raises
    ------
    CourseError
        If the key of the pseudonyms cannot be used.
    """
    return Names(key_of(root), kept_students(root)) if anonymous else Names()


def key_of(root: Path) -> bytes:
    """Return the key of a class's pseudonyms; it is made the first time.

    Raises
    ------
    CourseError
        If it cannot be made or read, or others can read it.
    """
    path = root / KEY_FILE
    try:
        if not path.exists():
            _make(path)
        key = path.read_bytes()
        open_to = stat.S_IMODE(path.stat().st_mode) & 0o077
    except OSError as error:
        todo = "make the class's folder writable for you"
        raise CourseError(f"{path} cannot be used ({error.strerror}): {todo}.") from error
    if len(key) < KEY_BYTES:
        raise CourseError(f"{path} is no whole key: remove it, and a new one is made.")
    if open_to and os.name == "posix":
        raise CourseError(f"Others may read {path}, which undoes pseudonyms: chmod 600 it.")
    return key


def _make(path: Path) -> None:
    """Make a key that appears whole: two commands may want one at the same time."""
    new = path.with_name(f"{path.name}.{os.getpid()}")
    descriptor = os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(descriptor, secrets.token_bytes(KEY_BYTES))
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    try:
        os.link(new, path)
    except FileExistsError:
        pass  # the other command's holds
    finally:
        new.unlink()
