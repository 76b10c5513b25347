"""The processes of a grading, found from outside, and what they must not leave behind."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

import psutil

SOURCE = Path(__file__).resolve().parents[1] / "src"
JUDGE, WORKER = "coursekit.grading.serving", "coursekit.grading.worker.parent"


class Command:
    """``coursekit`` as a process of its own, and what it says.

    Parameters
    ----------
    arguments : list of str
    folder : Path
        Where it runs: the course repository.
    temporary : Path
        Where its temporary files go; shared by commands, and nobody else's.
    """

    def __init__(self, arguments: list[str], folder: Path, temporary: Path) -> None:
        temporary.mkdir(exist_ok=True)
        environment = {**os.environ, "TMPDIR": str(temporary), "PYTHONPATH": str(SOURCE)}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "coursekit.cli", *arguments],
            cwd=folder,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # Whatever started the tests in the background may have told them to ignore it.
            preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),
        )
        self._temporary = temporary
        self._seen: set[psutil.Process] = set()
        self.out, self.said = "", [""]
        self._readers = [threading.Thread(target=read) for read in (self._read, self._listen)]
        for reader in self._readers:
            reader.start()

    def _read(self) -> None:
        assert self.process.stdout
        with self.process.stdout as stream:
            self.out = stream.read()

    def _listen(self) -> None:
        assert self.process.stderr
        with self.process.stderr as stream:
            for line in stream:
                self.said.append(line.rstrip("\n"))

    def wait(self) -> int:
        """Wait for its end, and return its exit code."""
        code = self.process.wait(timeout=300)
        for reader in self._readers:
            reader.join()
        return code

    def done(self, label: str = "grading") -> int:
        """Return how many steps it has told of; -1 before the first."""
        steps = [line for line in self.said if line.startswith(f"{label}: ")]
        return int(steps[-1].split()[1].split("/")[0]) if steps else -1

    def wait_for(self, label: str, done: int) -> None:
        """Wait until it has told of so many steps."""
        ends = time.monotonic() + 120
        while self.done(label) < done:
            assert time.monotonic() < ends, self.said
            assert self.process.poll() is None, self.said
            time.sleep(0.005)

    def processes(self) -> dict[str, list[psutil.Process]]:
        """Return what runs below it: judges, warm parents, children."""
        found = below(self.process.pid)
        self._seen.update(process for each in found.values() for process in each)
        return found

    def left(self, within: float = 30) -> list[str]:
        """Return what still runs of it some time after its end: a line each."""
        ends = time.monotonic() + within
        while found := marked(self._temporary) + [str(p) for p in self._seen if _lives(p)]:
            if time.monotonic() > ends:
                break
            time.sleep(0.02)
        return found


def below(pid: int) -> dict[str, list[psutil.Process]]:
    """Return the grading processes below a process, by kind."""
    found: dict[str, list[psutil.Process]] = {"judge": [], "parent": [], "child": []}
    with suppress(psutil.Error):
        for process in psutil.Process(pid).children(recursive=True):
            with suppress(psutil.Error, OSError):
                if _runs(process, JUDGE):
                    found["judge"].append(process)
                elif _runs(process, WORKER):
                    found["child" if _is_child(process) else "parent"].append(process)
    return found


def _runs(process: psutil.Process | None, module: str) -> bool:
    """Whether a process is Python with a module; not what only fences it in."""
    line = process.cmdline() if process else []
    return module in line and Path(line[0]).name.startswith("python")


def _is_child(process: psutil.Process) -> bool:
    """Whether it runs a submission; the fence puts one that only waits before the warm parent."""
    above = process.parent()
    if not _runs(above, WORKER):
        return False
    return _runs(above.parent(), WORKER) or _depth(above) == _depth(process)


def _depth(process: psutil.Process) -> int:
    """Return in how many process namespaces it has a number."""
    lines = Path(f"/proc/{process.pid}/status").read_text().splitlines()
    return len(next(line for line in lines if line.startswith("NSpid:")).split())


def _lives(process: psutil.Process) -> bool:
    """Whether a process runs; one that only waits for its parent to look has ended."""
    with suppress(psutil.NoSuchProcess):
        return process.is_running() and process.status() != psutil.STATUS_ZOMBIE
    return False


def marked(temporary: Path) -> list[str]:
    """Return the processes whose temporary files lie in a folder: a line each."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error):
            given = [*process.environ().values(), *process.cmdline()]
            if process.pid != os.getpid() and any(str(temporary) in text for text in given):
                found.append(f"{process.pid} {' '.join(process.cmdline())[:200]}")
    return found
