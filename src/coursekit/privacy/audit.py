"""Who did what with a class: ``audit.jsonl`` in its folder, a line a command, only ever longer.

It holds ids and no names, no answers, no marks. A line is written at once and under a lock, so
that two commands never mix theirs; what a power cut tore off is left as it is.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, field
from datetime import datetime, timezone
from pathlib import Path
from typing import Any

import coursekit
from coursekit.grading.limits import Limits
from coursekit.grading.record import Record
from coursekit.sources.layout import CourseError

FILE = "audit.jsonl"
MODE = 0o660  # a team may share the class; the rest of the machine has no part in it


@dataclass
class Entry:
    """What a command did, to be filled in while it works.

    Attributes
    ----------
    command, unit : str
    students : list of str
        Ids.
    versions : dict of str to str
    limits : dict of str to float
        Of submissions, where some ran.
    fence : list of str
        Levels, where some ran.
    note : str
        What else the command says of itself; never a name, an answer or a mark.
    """

    command: str
    unit: str = ""
    students: list[str] = field(default_factory=list)
    versions: dict[str, str] = field(default_factory=lambda: {"coursekit": coursekit.__version__})
    limits: dict[str, float] = field(default_factory=dict)
    fence: list[str] = field(default_factory=list)
    note: str = ""

    def graded(self, records: Iterable[Record]) -> None:
        """Say what these records were graded with."""
        kept = list(records)
        self.students = [record.student for record in kept]
        for record in kept:
            self.versions |= record.versions
        self.limits = asdict(Limits())
        self.fence = sorted({record.fence for record in kept} - {""})


@contextmanager
def audited(root: Path, command: str, unit: str = "") -> Iterator[Entry]:
    """Log what the block does, however it ends.

    Parameters
    ----------
    root : Path
        The class's folder.
    command, unit : str

    Yields
    ------
    Entry
        To be filled in.

    Raises
    ------
    CourseError
        Before the block, if the log could not be written after it.
    """
    path = root / FILE
    with _explained(path):
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, MODE)
    entry, ended = Entry(command, unit), "failed"
    try:
        yield entry
        ended = "done"
    except KeyboardInterrupt:
        ended = "stopped"
        raise
    finally:
        with _explained(path):
            try:
                _append(descriptor, {"time": _now(), "who": who(), **asdict(entry), "ended": ended})
            finally:
                os.close(descriptor)


def read_log(root: Path) -> list[dict[str, Any]]:
    """Return the lines of a class's log that are whole, in order."""
    path, found = root / FILE, []
    for line in path.read_text("utf-8", "replace").splitlines() if path.exists() else ():
        with suppress(ValueError):
            found.append(json.loads(line))
    return [entry for entry in found if isinstance(entry, dict)]


def who() -> str:
    """Return the system's name of whoever runs this; not what an environment variable claims."""
    if sys.platform == "win32":  # pragma: no cover
        import getpass

        return getpass.getuser()
    import pwd

    try:
        return pwd.getpwuid(os.getuid()).pw_name
    except KeyError:  # in a container, say
        return f"uid {os.getuid()}"


def _append(descriptor: int, line: dict[str, Any]) -> None:
    """Write a line at the end, on a line of its own even where the last one was torn."""
    _lock(descriptor)
    size = os.fstat(descriptor).st_size
    torn = size > 0 and os.pread(descriptor, 1, size - 1) != b"\n"
    data = b"\n" * torn + json.dumps(line).encode() + b"\n"
    if os.write(descriptor, data) < len(data):
        raise OSError(28, "No space left on device")
    os.fsync(descriptor)


def _lock(descriptor: int) -> None:
    if sys.platform == "win32":  # pragma: no cover
        return
    import fcntl

    with suppress(OSError):  # a file system without locks; O_APPEND alone keeps lines whole there
        fcntl.flock(descriptor, fcntl.LOCK_EX)


def _now() -> str:
    return datetime.now(timezone.utc).isoformat(timespec="seconds")


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        todo = "make the class's folder and this file writable for you, and room on the disk"
        raise CourseError(
            f"{path}, the log of who did what, cannot be written ({error.strerror}): {todo}."
        ) from error
