"""The judge's own wall: it reads what judging needs, and has no network and no other program.

What a student hands over is computed with here. Should a library let it do more than that, there
is no gradebook, no other submission and nobody to tell.
"""

from __future__ import annotations

import contextlib
import os
import resource
import socket
from pathlib import Path

from coursekit.grading.fence.inner import address_space, confine, drop_capabilities, forbidding
from coursekit.grading.fence.wall import PACKAGE, readable

CAP_DAC_READ_SEARCH, CAP_KILL = 2, 5  # linux/capability.h
OUTSIDE = ("/etc/hosts", "/etc/hostname", "/etc/resolv.conf")  # all may read them, but no judge


def confine_judge(held_out: Path, scratch: Path, megabytes: int) -> None:
    """Give up what a judge has no use for; it must have one thread, and its warm parent.

    Parameters
    ----------
    held_out : Path
        Folder with the unit's held-out data.
    scratch : Path
        Folder that it may write.
    megabytes : int
        Of address space beyond those it has.
    """
    paths = [*readable(), PACKAGE, held_out, Path("/proc"), Path("/sys/devices/system")]
    most = address_space() + (megabytes << 20)
    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (most, most))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    drop_capabilities(CAP_DAC_READ_SEARCH, CAP_KILL)
    confine(map(str, paths), [str(scratch)], alone=False)
    with contextlib.suppress(Exception):  # the trials tell
        forbidding("pidfd_send_signal", marking=True).load()


def try_judge() -> dict[str, str]:
    """Return what this process could do that a judge should not; see `coursekit.grading.levels`."""
    return {"judge's files": _reads(), "judge's network": _reaches()}


def _reads() -> str:
    there = [path for path in OUTSIDE if _is_file(path)]
    for path in there:
        with contextlib.suppress(OSError):
            Path(path).read_bytes()
            return f"it reads {path}"
    return "" if there else "no file to try"


def _is_file(path: str) -> bool:
    try:
        return os.path.exists(path)
    except OSError:
        return False


def _reaches() -> str:
    with contextlib.suppress(OSError):
        socket.socket(socket.AF_INET).close()
        return "it opens sockets"
    with contextlib.suppress(OSError):
        pid = os.fork()
        if pid == 0:
            os._exit(0)
        os.waitpid(pid, 0)
        return "it starts processes"
    return ""
