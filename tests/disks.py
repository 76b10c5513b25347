"""A folder on a disk that gets full, or may not be written: for real where the user may mount."""

from __future__ import annotations

import os
import resource
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path


def _mount(*arguments: str) -> bool:
    done = subprocess.run(["mount", *arguments], capture_output=True, check=False)
    return done.returncode == 0


def _may_mount() -> bool:
    if os.getuid():
        return False
    with tempfile.TemporaryDirectory() as folder:
        done = _mount("-t", "tmpfs", "-o", "size=64k", "none", folder)
        return done and subprocess.run(["umount", folder], check=False).returncode == 0


MAY_MOUNT = _may_mount()


class SmallDisk:
    """A folder that holds little; what is left of it can be taken away and given back."""

    def __init__(self, folder: Path) -> None:
        self.folder, self._ballast = folder, folder / "ballast"

    def leave(self, kilobytes: int) -> None:
        """Let so much room be left."""
        self._ballast.unlink(missing_ok=True)
        room = os.statvfs(self.folder)
        size = room.f_bavail * room.f_frsize - (kilobytes << 10)
        with self._ballast.open("wb") as file:
            file.write(b"\0" * max(size, 0))

    def free(self) -> None:
        """Give all room back."""
        self._ballast.unlink(missing_ok=True)


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[SmallDisk]:
    """Mount a small disk at a new folder; needs `MAY_MOUNT`."""
    folder.mkdir()
    assert _mount("-t", "tmpfs", "-o", f"size={megabytes}m", "none", str(folder))
    try:
        yield SmallDisk(folder)
    finally:
        subprocess.run(["umount", str(folder)], check=True)


@contextmanager
def read_only(path: Path) -> Iterator[None]:
    """Let a file or folder be read-only: chmod does not bind root, so mounted anew for root."""
    if os.getuid():
        mode = path.stat().st_mode
        path.chmod(0o555 if path.is_dir() else 0o444)
        try:
            yield
        finally:
            path.chmod(mode)
        return
    assert _mount("--bind", str(path), str(path))
    try:
        assert _mount("-o", "remount,ro,bind", str(path))
        yield
    finally:
        subprocess.run(["umount", str(path)], check=True)


def in_child(work: Callable[[], str], largest: int) -> str:
    """Return what work says in a process that may make no file larger than so many bytes."""
    ours, theirs = os.pipe()
    pid = os.fork()
    if pid == 0:
        try:
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (largest, largest))
            os.write(theirs, work().encode())
        except BaseException as error:
            os.write(theirs, repr(error).encode())
        finally:
            os._exit(0)
    os.close(theirs)
    with os.fdopen(ours) as stream:
        said = stream.read()
    os.waitpid(pid, 0)
    return said
