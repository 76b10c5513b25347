"""Locks on folders that end with their process, however it ends."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def lock(folder: Path) -> int | None:
    """Lock a folder, and return what holds the lock until it is closed, or its process ends.

    Returns
    -------
    int or None
        A file descriptor; None while another process has the lock.

    Raises
    ------
    OSError
        If there is no such folder, or no lock on its file system.
    """
    if sys.platform == "win32":  # pragma: no cover - it has none of this kind
        raise OSError("no locks on folders")
    import fcntl

    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
