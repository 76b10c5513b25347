"""What lies outside the fence for attacks to reach, and what tells whether one has."""

from __future__ import annotations

import base64
import hashlib
import os
import re
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil

SHARED = (*(Path(name) for name in ("/", "/tmp", "/var/tmp", "/dev/shm")), Path.home())


class Bait:
    """Files, sockets and a process that code in the fence must neither read, change nor reach.

    Use it in a ``with`` statement.

    Parameters
    ----------
    word : str, optional
        Whoever tells it has read what must not be read.
    guarded : dict of str to Path, optional
        More files and folders that must stay as they are, by what stands for them in a case:
        the gradebook, what others handed in.

    Attributes
    ----------
    names : dict of str to str
        What stands for ``$secret``, ``$flag``, ... in a case.
    """

    def __init__(self, word: str = "", guarded: dict[str, Path] | None = None) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="outside-"))
        self._word, self._mark = word or new_word(), f"mark{secrets.token_hex(8)}"
        (self._folder / "secret.txt").write_text(self._word)
        (self._folder / self._word).mkdir()  # so that who lists the folder tells the word
        (self._folder / "flag").write_text("it stands")
        self._listeners = dict(_listeners(self._folder, self._mark))
        self._process = subprocess.Popen(
            ["sleep", "1000000"], env={"BAIT": self._word}, start_new_session=True
        )
        guarded = guarded or {}
        around = {path.parent if path.is_file() else path for path in guarded.values()}
        self._guarded = (self._folder, *around)
        self._before = self._contents()
        self.names = {
            "secret": str(self._folder / "secret.txt"),
            "flag": str(self._folder / "flag"),
            "outside": str(self._folder),
            "tcp": str(self._listeners["TCP"].getsockname()[1]),
            "udp": str(self._listeners["UDP"].getsockname()[1]),
            "unix": str(self._folder / "unix"),
            "pid": str(self._process.pid),
            "mark": self._mark,
            **{name: str(path) for name, path in guarded.items()},
        }

    def __enter__(self) -> Bait:
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        for listener in self._listeners.values():
            listener.close()
        for path in (self._folder, *self._left()):
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    def fill_in(self, source: str) -> str:
        """Return a case's code with the bait's places in it."""
        return re.sub(r"\$(\w+)\b", lambda match: self.names.get(match[1], match[0]), source)

    def harm(self, said: str) -> list[str]:
        """Return what an attack has reached, a sentence each.

        Parameters
        ----------
        said : str
            All that it left: outputs, messages, records.
        """
        return [*self._read(said), *self._changed(), *self._reached(), *self._left_behind()]

    def _read(self, said: str) -> Iterator[str]:
        """Yield what was read, whether it is told as it is or in disguise."""
        word = self._word
        for form in (word, word[::-1], word.encode().hex(), *_in_base64(word)):
            if form in said:
                yield f"what must not be read was told: {form}"

    def _changed(self) -> Iterator[str]:
        now = self._contents()
        for path in sorted(now.keys() | self._before.keys()):
            if now.get(path) != self._before.get(path):
                yield f"{path} was changed, made or removed"

    def _contents(self) -> dict[str, str]:
        """Return a digest of each file and folder that must stay as it is."""
        found = {}
        for top in self._guarded:
            for path in (top, *(top.rglob("*") if top.is_dir() else ())):
                with suppress(FileNotFoundError):
                    about, content = path.lstat(), b""
                    if path.is_file():
                        content = f"{about.st_mtime_ns} ".encode() + path.read_bytes()
                    digest = hashlib.sha256(content).hexdigest()
                    found[str(path)] = f"{about.st_mode:o} {about.st_uid} {digest}"
        return found

    def _reached(self) -> Iterator[str]:
        for name, listener in self._listeners.items():
            with suppress(BlockingIOError):
                if listener.type == socket.SOCK_DGRAM:
                    listener.recv(1)
                else:
                    listener.accept()[0].close()
                yield f"the {name} socket outside was reached"
        status = psutil.Process(self._process.pid).status()
        if status not in (psutil.STATUS_SLEEPING, psutil.STATUS_RUNNING):
            yield f"a process outside is {status}"

    def _left_behind(self) -> Iterator[str]:
        yield from (f"{path} was left behind" for path in self._left())
        for process in psutil.process_iter(["cmdline"]):
            command = " ".join(process.info["cmdline"] or ())
            if self._mark in command and process.pid != os.getpid():
                yield f"a process lives on: {command[:100]}"

    def _left(self) -> Iterator[Path]:
        """Yield what lies where everybody may write, and has the bait's mark in its name."""
        for folder in SHARED:
            yield from folder.glob(f"*{self._mark}*")


def _listeners(folder: Path, mark: str) -> Iterator[tuple[str, socket.socket]]:
    """Yield sockets that wait for somebody to come, by name."""
    kinds: dict[str, tuple[int, int, tuple[str, int] | str]] = {
        "TCP": (socket.AF_INET, socket.SOCK_STREAM, ("127.0.0.1", 0)),
        "UDP": (socket.AF_INET, socket.SOCK_DGRAM, ("127.0.0.1", 0)),
        "named UNIX": (socket.AF_UNIX, socket.SOCK_STREAM, str(folder / "unix")),
        "abstract UNIX": (socket.AF_UNIX, socket.SOCK_STREAM, f"\0{mark}"),
    }
    for name, (family, kind, address) in kinds.items():
        made = socket.socket(family, kind)
        made.bind(address)
        if kind == socket.SOCK_STREAM:
            made.listen()
        made.setblocking(False)
        yield name, made


def _in_base64(word: str) -> Iterator[str]:
    """Yield what base64 makes of a word within a text, wherever it begins there."""
    for before in range(3):
        coded = base64.b64encode(b"-" * before + word.encode()).decode()
        yield coded[4 if before else 0 : -4]


def new_word() -> str:
    """Return a word that stands nowhere by chance."""
    return f"bait{secrets.token_hex(8)}"
