"""One folder for all that a command leaves for a while, so that nothing of it is left for good.

A command that is killed cannot tidy up: its folder stays, unlocked, and the next one removes it.
"""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from coursekit.classroom.locks import lock

PREFIX = "coursekit-run-"


@contextmanager
def own_scratch() -> Iterator[None]:
    """Let temporary files of the block, and of what it starts, lie in a folder of its own."""
    from coursekit.authoring.environment import environment

    before, shared = tempfile.tempdir, Path(tempfile.gettempdir())
    try:
        folder, held = _make(shared)
    except OSError:  # without locks nobody could tell a folder in use from one that is left
        yield
        return
    _sweep(shared)
    tempfile.tempdir = str(folder)
    try:
        with environment(TMPDIR=str(folder)):
            yield
    finally:
        tempfile.tempdir = before
        shutil.rmtree(folder, ignore_errors=True)
        os.close(held)


def _make(shared: Path) -> tuple[Path, int]:
    """Return a new folder and what locks it."""
    while True:
        folder = Path(tempfile.mkdtemp(prefix=PREFIX, dir=shared))
        try:
            held = lock(folder)
        except OSError:
            shutil.rmtree(folder, ignore_errors=True)
            raise
        if held is not None:
            if folder.exists():
                return folder, held
            os.close(held)  # another command took it for one that was left


def _sweep(shared: Path) -> None:
    """Remove the folders of this user whose command has ended."""
    for folder in shared.glob(f"{PREFIX}*"):
        with suppress(OSError):  # another command is faster
            if folder.is_symlink() or folder.stat().st_uid != os.getuid():
                continue
            held = lock(folder)
            if held is not None:
                shutil.rmtree(folder, ignore_errors=True)
                os.close(held)
