"""Files that change all together or not at all, whatever ends the process in between.

What is new is written beside what it will replace (``.ada.json.new``): a full disk shows there.
What is old steps aside (``.ada.json.old``) until all is done, and comes back if anything fails.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

from coursekit.sources.layout import CourseError

READ_ONLY = 0o444  # as nbgrader leaves what is graded

TO_DO = {  # about what the next file would meet, too
    errno.ENOSPC: "make room on the disk",
    errno.EDQUOT: "make room: your quota is used up",
    errno.EFBIG: "raise the limit on the size of files",
    errno.EROFS: "make it writable",
    errno.EACCES: "make it writable",
    errno.EPERM: "make it writable",
    errno.EIO: "look at the disk, which fails",
}


@contextmanager
def explained(folder: Path) -> Iterator[None]:
    """Say in one sentence why nothing can be written into a class's folder any more.

    Raises
    ------
    CourseError
        In place of such an error of the system's; others are passed on.
    """
    try:
        yield
    except OSError as error:
        todo = TO_DO.get(error.errno or 0)
        if todo is None:
            raise
        where = f"{error.filename or folder} cannot be written ({error.strerror})"
        again = "then grade again, and it goes on where it stopped"
        raise CourseError(f"{where}: {todo}, {again}.") from error


def beside(path: Path, what: str) -> Path:
    """Return where the ``new`` or ``old`` of a file or folder lies."""
    return path.with_name(f".{path.name}.{what}")


def remove(path: Path) -> None:
    """Remove a file, or a folder with all that is in it; nothing may be there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def write_file(path: Path, text: str, mode: int = 0o644) -> None:
    """Write a new file, down to the disk: some tell only then that they are full."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    path.chmod(mode)


@contextmanager
def aside(path: Path) -> Iterator[Path]:
    """Let what is at `path` step aside, and come back if the block fails; yield where it is now.

    Where nothing is at `path`, something may still be aside: an earlier run was killed.
    """
    old = beside(path, "old")
    was_there = os.path.lexists(path)
    if was_there:
        remove(old)
        path.rename(old)
    try:
        yield old
    except BaseException:
        if was_there:
            old.rename(path)
        raise


def copy(source: Path, path: Path) -> None:
    """Let a file be as another is, in one step."""
    if not path.is_file() or path.read_bytes() != source.read_bytes():
        path.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, beside(path, "new"))
        put(path)


def put(path: Path) -> None:
    """Put what is new into its place."""
    beside(path, "new").rename(path)


def sweep(paths: Iterable[Path]) -> None:
    """Remove what was left half-done beside `paths`, but nothing that is the last of its kind."""
    for path in paths:
        remove(beside(path, "new"))
        if os.path.lexists(path):
            remove(beside(path, "old"))
