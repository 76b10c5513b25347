"""Tries, from within a child, what its fence should forbid; nothing of a student's runs here."""

from __future__ import annotations

import contextlib
import ctypes
import os
import resource
import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any

AF_VSOCK, AF_NETLINK = 40, 16
TRACEME, JOIN_KEYRING, NEWUSER = 0, 1, 0x10000000
CALLS: dict[str, tuple[Any, ...]] = {
    "unshare": (NEWUSER,),
    "ptrace": (TRACEME, 0, 0, 0),
    "keyctl": (JOIN_KEYRING, 0, 0, 0, 0),
    "io_uring_setup": (1, ctypes.create_string_buffer(256)),
    "userfaultfd": (1,),
    "memfd_create": (b"probe", 0),
    "shmget": (0, 4096, 0o1600),
    "perf_event_open": (ctypes.create_string_buffer(128), 0, -1, -1, 0),
}

_libc = ctypes.CDLL(None, use_errno=True)


def probe(asked: dict[str, Any]) -> dict[str, str]:
    """Return what could be done that should not be, by promise; empty texts where it held.

    Parameters
    ----------
    asked : dict
        ``file``, one that exists outside; ``port`` and ``abstract``, where somebody listens;
        ``pids``, processes outside; ``scratch``, bytes and files that the folder may hold;
        ``threads`` and ``open_files``.
    """
    trials: dict[str, Callable[[], str]] = {
        "privileges": _privileges,  # before a trial that might gain some
        "files": lambda: _reads(asked["file"]),
        "view": lambda: _sees(asked["file"]),
        "rules": _lists_root,
        "writing": lambda: _writes(Path(asked["file"]).parent),
        "network": lambda: _connects(asked["port"]),
        "abstract sockets": lambda: _connects_abstract(asked["abstract"]),
        "signals": lambda: _signals(asked["pids"]),
        "memory": lambda: _looks_into(asked["pids"]),
        "processes": _forks,
        "namespace": lambda: "" if os.getpid() == 1 else "it is one process among others",
        "system calls": _calls,
        "scratch": lambda: _scratch(*asked["scratch"]),
        "limits": lambda: _limits(asked["threads"], asked["open_files"]),
        "user": lambda: "" if os.getuid() else "it is root",
    }
    found = {}
    for name, trial in trials.items():
        try:
            found[name] = trial()
        except Exception as error:
            found[name] = f"could not be tried: {type(error).__name__}: {error}"
    return found


def _reads(path: str) -> str:
    try:
        Path(path).read_bytes()
    except OSError:
        return ""
    return f"it reads {path}"


def _sees(path: str) -> str:
    try:
        os.stat(path)
    except FileNotFoundError:
        return ""
    except OSError:
        pass
    return f"{path} is there"


def _lists_root() -> str:
    try:
        os.listdir("/")
    except PermissionError:
        return ""
    return "it lists /"


def _writes(package: Path) -> str:
    for folder in (Path("/tmp"), Path("/dev/shm"), Path("/var/tmp"), Path("/"), package):
        with contextlib.suppress(OSError):
            made = folder / f"probe-{os.getpid()}"
            made.write_text("")
            made.unlink()
            return f"it writes into {folder}"
    return ""


def _connects(port: int) -> str:
    try:
        socket.create_connection(("127.0.0.1", port), 5).close()
    except OSError:
        return ""
    return "it connects to this machine's ports"


def _connects_abstract(name: str) -> str:
    try:
        with socket.socket(socket.AF_UNIX) as made:
            made.connect("\0" + name)
    except OSError:
        return ""
    return "it connects to abstract sockets"


def _signals(pids: list[int]) -> str:
    for pid in pids:
        with contextlib.suppress(OSError):
            os.kill(pid, 0)
            if pid != os.getpid():
                return f"it can signal process {pid}"
    return ""


def _looks_into(pids: list[int]) -> str:
    with contextlib.suppress(OSError):
        pids = pids + [int(name) for name in os.listdir("/proc") if name.isdigit()]
    own = os.readlink("/proc/self")
    for pid in pids:
        for name in ("environ", "mem", "fd"):
            if str(pid) == own:
                continue
            with contextlib.suppress(OSError):
                path = f"/proc/{pid}/{name}"
                os.listdir(path) if name == "fd" else open(path, "rb").close()
                return f"it opens {path}"
    return ""


def _forks() -> str:
    try:
        pid = os.fork()
    except OSError:
        return ""
    if pid == 0:
        os._exit(0)
    os.waitpid(pid, 0)
    return "it starts processes"


def _calls() -> str:
    try:
        from seccompy import syscall_nr
    except ImportError:
        return "seccompy is not installed"
    for name, arguments in CALLS.items():
        if _libc.syscall(syscall_nr(name), *arguments) >= 0:
            return f"{name} works"
    for family in (AF_VSOCK, AF_NETLINK, socket.AF_UNIX):
        with contextlib.suppress(OSError):
            socket.socket(family, socket.SOCK_DGRAM).close()
            return f"it opens sockets of family {family}"
    return ""


def _scratch(most_bytes: int, most_files: int) -> str:
    state = os.statvfs(".")
    if state.f_blocks * state.f_frsize <= most_bytes and state.f_files <= most_files:
        return ""
    return "its scratch folder has no size of its own"


def _limits(threads: int, open_files: int) -> str:
    wanted = {
        "threads": (resource.RLIMIT_NPROC, threads),
        "open files": (resource.RLIMIT_NOFILE, open_files),
    }
    for name, (kind, most) in wanted.items():
        if resource.getrlimit(kind)[1] not in range(most + 1):
            return f"the kernel counts no {name}"
    return ""


def _privileges() -> str:
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    if int(lines["CapEff"], 16) or int(lines["CapPrm"], 16):
        return "it has capabilities"
    return "" if lines["NoNewPrivs"].strip() == "1" else "it may gain privileges"
