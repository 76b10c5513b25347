"""How well submissions are fenced on this machine: found by trying, never assumed."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from enum import Enum

from coursekit.grading.fence.wall import PACKAGE, why_no_wall
from coursekit.grading.forks import EngineError, WarmParent
from coursekit.grading.wire import Channel, Frame, WireError

PROMISES = {
    "files": "no other submission, gradebook, check or solution can be read",
    "writing": "nothing is written but the scratch folder",
    "network": "no network",
    "abstract sockets": "no socket of another process is reached",
    "signals": "no process outside is signalled",
    "memory": "no process outside is looked into",
    "privileges": "no capability, and no way to gain one",
    "judge's files": "the judge reads no gradebook and no other submission",
    "judge's network": "the judge has no network and starts no program",
    "user": "an ordinary user",
    "processes": "no other process is started",
    "namespace": "all that a submission starts ends with it",
    "system calls": "no ptrace, keyring, io_uring, vsock, netlink, new namespace",
    "scratch": "the scratch folder has a size, and ends with the submission",
    "limits": "the kernel counts threads and open files",
    "rules": "Landlock: only what is listed can be opened",
    "view": "outer wall: what is hidden is not even there",
}
"""What each trial shows, the most important first."""
PARTIAL = tuple(PROMISES)[:7]


class Level(str, Enum):
    """How well a submission is fenced."""

    FULL = "full"
    PARTIAL = "partial"
    LIMITS_ONLY = "limits-only"

    def suffices(self, wanted: Level) -> bool:
        """Whether it is at least as good as another."""
        order = list(Level)
        return order.index(self) <= order.index(wanted)


class PlainText:
    """The references of a channel on which plain text alone crosses."""

    def name(self, value: object) -> None:
        """Name nothing."""

    def find(self, tag: str, number: int, text: str) -> object:
        """Find nothing."""
        raise WireError("a message is malformed")


class Listener:
    """Somebody who listens, on a port and on an abstract socket, and must never be reached."""

    def __init__(self) -> None:
        self._port = socket.create_server(("127.0.0.1", 0))
        self.name = f"coursekit-{os.getpid()}"
        self._abstract = socket.socket(socket.AF_UNIX)
        self._abstract.bind("\0" + self.name)
        self._abstract.listen()

    @property
    def port(self) -> int:
        """The number of the port."""
        return int(self._port.getsockname()[1])

    def close(self) -> None:
        """Listen no more."""
        self._port.close()
        self._abstract.close()


def try_fence(parent: WarmParent, listener: Listener) -> dict[str, str]:
    """Return what a child of `parent` could do that it should not, by promise; empty if it held.

    Raises
    ------
    EngineError
        If there is no child to try it.
    """
    fence = parent.fence
    asked = {
        "file": str(PACKAGE / "grading" / "judge.py"),
        "port": listener.port,
        "abstract": listener.name,
        "pids": [os.getpid(), os.getppid(), parent.pid],
        "scratch": [fence.scratch_bytes, fence.scratch_files],
        "threads": fence.threads,
        "open_files": fence.open_files,
    }
    child = parent.fork()
    try:
        channel = Channel(child.connection, PlainText())
        channel.send({"id": 1, "op": "probe", "asked": asked}, Frame(channel.references))
        reply, _ = channel.receive()
        return {name: str(reply["found"][name]) for name in PROMISES if name in reply["found"]}
    except (WireError, KeyError) as error:
        raise EngineError(f"The fence could not be tried: {error}") from error
    finally:
        child.end()


def level_of(found: dict[str, str]) -> Level:
    """Return the level that trials show: what was not tried does not hold."""
    holds = {name for name in PROMISES if found.get(name) == ""}
    if holds == set(PROMISES):
        return Level.FULL
    return Level.PARTIAL if holds >= set(PARTIAL) else Level.LIMITS_ONLY


def open_promises(found: dict[str, str]) -> Iterator[str]:
    """Yield what does not hold, a line each."""
    for name, promise in PROMISES.items():
        if text := found.get(name, "not tried"):
            yield f"{promise}: {text}"


def remedy(found: dict[str, str]) -> str:
    """Return what helps where something does not hold, in a sentence; empty if all holds."""
    if level_of(found) is Level.FULL:
        return ""
    lost = {name for name in PROMISES if found.get(name, "not tried")}
    if "rules" in lost and not _has_landlock():
        return "The kernel has no Landlock: Linux 5.13 or later, with landlock among its LSMs."
    if "system calls" in lost:
        return "seccomp is missing: `pip install seccompy`, and a kernel that has it."
    if why := why_no_wall():
        return f"The outer wall is missing: {why}."
    if "namespace" in lost:
        return "The system refuses user namespaces: see user.max_user_namespaces, and AppArmor."
    if "user" in lost:
        return "Python lies where only root can read it: install it elsewhere, or grade as a user."
    return ""


def _has_landlock() -> bool:
    try:
        import landlockpy

        return bool(landlockpy.supported())
    except (ImportError, OSError):
        return False
