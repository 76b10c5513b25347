"""Open what a learning-management system gives, file by file. Nothing in it is trusted.

No name of an archive ever becomes a path here: files are read into memory, one at a time, within
limits, and what is odd about one is told in a sentence.
"""

from __future__ import annotations

import contextlib
import io
import os
import stat
import struct
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timezone, tzinfo
from pathlib import Path

from coursekit.reader import FILE_LIMIT
from coursekit.sources.layout import CourseError

MEMBERS = 50_000  # files in all that one download may hold
BYTES = 8 << 30  # that may be read of it
RATIO, SMALL = 200, 16 << 20  # a larger file that was packed so well is no notebook
DEPTH = 2  # archives in archives
LONGEST = 250  # characters of a name
NOISE = {"__macosx", ".ds_store", "thumbs.db", "desktop.ini", ".ipynb_checkpoints", ".git"}
ARCHIVES = (".tar", ".gz", ".tgz", ".bz2", ".xz", ".7z", ".rar")
UNIX_TIME = 0x5455  # the extra field with the time in UTC, which Info-ZIP and Moodle write
ENCRYPTED = 1
DEVICES = {
    stat.S_IFLNK: "a link",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFIFO: "a pipe",
    stat.S_IFSOCK: "a socket",
}


@dataclass(frozen=True)
class Found:
    """A file of a download.

    Attributes
    ----------
    names : tuple of str
        Folders and file name, from the download's top; for reading alone.
    read : callable
        Returns what it holds; raises `RefusedError`.
    modified : datetime
        With its time zone.
    """

    names: tuple[str, ...]
    read: Callable[[], bytes]
    modified: datetime

    @property
    def label(self) -> str:
        """How it is called in a sentence."""
        return "/".join(self.names)


class RefusedError(Exception):
    """A file is not taken; one sentence says why."""

    def __init__(self, names: tuple[str, ...], why: str) -> None:
        self.label, self.why = "/".join(names)[-LONGEST:], why
        super().__init__(f"{self.label}: {why}")


class Opener:
    """Opens downloads, with one count of what they hold.

    Parameters
    ----------
    zone : tzinfo
        Of times that an archive gives without one.
    """

    def __init__(self, zone: tzinfo) -> None:
        self._zone, self._members, self._bytes = zone, 0, 0

    def open(self, path: Path) -> Iterator[Found | RefusedError]:
        """Yield every file of a zip archive or a folder, or why it is not taken.

        Raises
        ------
        CourseError
            If there is no such thing, or it cannot be opened.
        """
        if path.is_dir():
            yield from self._folder(path, ())
        elif not path.exists():
            raise CourseError(f"There is no {path}: name a zip, a notebook or a folder.")
        elif zipfile.is_zipfile(path):
            with path.open("rb") as file:
                yield from self._zip(file, (), 0)
        elif path.name.lower().endswith((*ARCHIVES, ".zip")):
            raise CourseError(f"{path} is no zip that can be opened: unpack it, name the folder.")
        else:
            yield self._file(path, (path.name,))

    def count(self, path: Path) -> int:
        """Return about how many files there are, for progress."""
        if path.is_dir():
            return sum(1 for each in path.rglob("*") if each.is_file())
        try:
            with zipfile.ZipFile(path) as archive:
                return len(archive.infolist())
        except (OSError, zipfile.BadZipFile, ValueError, NotImplementedError):
            return 1

    def _folder(self, folder: Path, above: tuple[str, ...]) -> Iterator[Found | RefusedError]:
        for entry in sorted(os.scandir(folder), key=lambda entry: entry.name):
            names = (*above, entry.name)
            if entry.name.lower() in NOISE:
                continue
            mode = entry.stat(follow_symlinks=False).st_mode
            if stat.S_IFMT(mode) in DEVICES:
                yield RefusedError(names, f"it is {DEVICES[stat.S_IFMT(mode)]}, and not followed.")
            elif entry.is_dir():
                yield from self._folder(Path(entry.path), names)
            elif zipfile.is_zipfile(entry.path):
                with open(entry.path, "rb") as file:
                    yield from self._zip(file, names, 1)
            else:
                yield self._file(Path(entry.path), names)

    def _file(self, path: Path, names: tuple[str, ...]) -> Found | RefusedError:
        self._count()
        if path.stat().st_size > FILE_LIMIT:
            return RefusedError(names, _too_large())
        modified = datetime.fromtimestamp(path.stat().st_mtime, timezone.utc)
        return Found(names, path.read_bytes, modified)

    def _zip(
        self, file: io.IOBase, above: tuple[str, ...], depth: int
    ) -> Iterator[Found | RefusedError]:
        try:
            archive = zipfile.ZipFile(file)
        except (zipfile.BadZipFile, NotImplementedError, ValueError, OSError) as error:
            yield RefusedError(above, f"the archive is damaged ({error}): fetch it again.")
            return
        with archive:
            for member in archive.infolist():
                self._count()
                names = (*above, *_names(member))
                if member.is_dir() or NOISE & {name.lower() for name in names}:
                    continue
                if why := _why_not(member, names):
                    yield RefusedError(names, why)
                elif names[-1].lower().endswith(".zip"):
                    yield from self._inner(archive, member, names, depth + 1)
                else:
                    read = self._reader(archive, member, names)
                    yield Found(names, read, _modified(member, self._zone))

    def _inner(
        self,
        archive: zipfile.ZipFile,
        member: zipfile.ZipInfo,
        names: tuple[str, ...],
        depth: int,
    ) -> Iterator[Found | RefusedError]:
        if depth > DEPTH:
            yield RefusedError(names, "archives lie in archives in it: unpack it by hand.")
            return
        try:
            data = self._reader(archive, member, names)()
        except RefusedError as error:
            yield error
            return
        yield from self._zip(io.BytesIO(data), names, depth)

    def _reader(
        self, archive: zipfile.ZipFile, member: zipfile.ZipInfo, names: tuple[str, ...]
    ) -> Callable[[], bytes]:
        def read() -> bytes:
            try:
                with archive.open(member) as file:
                    data = file.read(FILE_LIMIT + 1)  # what it says of its size may be a lie
            except Exception as error:  # damaged, or packed in a way that Python does not know
                why = f"it cannot be unpacked ({type(error).__name__}): unpack it by hand."
                raise RefusedError(names, why) from error
            self._bytes += len(data)
            if len(data) > FILE_LIMIT:
                raise RefusedError(names, _too_large())
            if self._bytes > BYTES:
                raise CourseError(f"The download holds over {BYTES >> 30} GB: collect it in parts.")
            return data

        return read

    def _count(self) -> None:
        self._members += 1
        if self._members > MEMBERS:
            raise CourseError(f"The download holds over {MEMBERS:,} files: collect it in parts.")


def _names(member: zipfile.ZipInfo) -> tuple[str, ...]:
    """Return a member's folders and name; those that old programs wrote in UTF-8 without saying."""
    name = member.filename
    if not member.flag_bits & 0x800:
        with contextlib.suppress(UnicodeError):
            name = name.encode("cp437").decode("utf-8")
    return tuple(part for part in name.replace("\\", "/").split("/") if part)


def _why_not(member: zipfile.ZipInfo, names: tuple[str, ...]) -> str:
    kind = stat.S_IFMT(member.external_attr >> 16)
    if not names or ".." in names or member.filename.startswith(("/", "\\")) or ":" in names[0][:2]:
        return "its name leads out of the archive."
    if max(map(len, names)) > LONGEST or any(not name.isprintable() for name in names):
        return "its name is too long, or has characters that no name has."
    if kind in DEVICES:
        return f"it is {DEVICES[kind]}, and no file."
    if member.flag_bits & ENCRYPTED:
        return "it has a password: ask for it without."
    if member.file_size > FILE_LIMIT:
        return _too_large()
    if member.file_size > SMALL and member.file_size > RATIO * max(member.compress_size, 1):
        return "it would unpack to far more than it is: it is no notebook."
    return ""


def _too_large() -> str:
    return f"it has over {FILE_LIMIT >> 20} MB: ask for it with its outputs cleared."


def _modified(member: zipfile.ZipInfo, zone: tzinfo) -> datetime:
    extra = member.extra
    while len(extra) >= 4:
        kind, size = struct.unpack("<HH", extra[:4])
        if kind == UNIX_TIME and size >= 5 and len(extra) >= 9 and extra[4] & 1:
            return datetime.fromtimestamp(struct.unpack("<i", extra[5:9])[0], timezone.utc)
        extra = extra[4 + size :]
    try:
        return datetime(*member.date_time, tzinfo=zone)
    except ValueError:  # no month, no day
        return datetime(1980, 1, 1, tzinfo=zone)
