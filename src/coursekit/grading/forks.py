"""The warm parent as its judge holds it: it is started, asked for children, and ended.

What runs there stands in `coursekit.grading.worker`; this is the trusted end of its leash.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

import psutil

START = 180.0  # seconds in which a parent must have imported all
FORK = 30.0  # and in which it must have forked
KEPT = ("PATH", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "PYTHONPATH", "COURSEKIT_DATA")
PINNED = {
    # One thread: a convolution adds up in another order on two, and scores must not depend on that.
    # It is also what lets the parent fork: a pool of threads does not come along.
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
    "MKL_NUM_THREADS": "1",
    "NUMEXPR_NUM_THREADS": "1",
    "TF_NUM_INTRAOP_THREADS": "1",
    "TF_NUM_INTEROP_THREADS": "1",
    "PYTHONHASHSEED": "0",
    "CUDA_VISIBLE_DEVICES": "-1",
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "KERAS_BACKEND": "tensorflow",
}


class EngineError(Exception):
    """Something of the engine's own failed: no fault of a submission."""


@dataclass
class Child:
    """A forked process that runs one submission.

    Attributes
    ----------
    connection : socket.socket
        To talk with it.
    handle : int
        A descriptor that stands for the process, whatever its number is by now.
    """

    connection: socket.socket
    handle: int

    @property
    def pid(self) -> int:
        """Its number in this process's view; -1 once it has ended."""
        for line in Path(f"/proc/self/fdinfo/{self.handle}").read_text().splitlines():
            if line.startswith("Pid:"):
                return int(line.split()[1])
        return -1

    def cpu_seconds(self) -> float:
        """Return the CPU time of the process and all that it has started, read from outside."""
        used = 0.0
        with contextlib.suppress(psutil.Error):
            process = psutil.Process(self.pid) if self.pid > 0 else None
            for each in [process, *process.children(recursive=True)] if process else []:
                with contextlib.suppress(psutil.Error):
                    times = each.cpu_times()
                    used += times.user + times.system
                    used += times.children_user + times.children_system
        return used

    def end(self) -> None:
        """End it, and all that it has started."""
        _end_below(self.pid)
        with contextlib.suppress(ProcessLookupError):
            signal.pidfd_send_signal(self.handle, signal.SIGKILL)
        os.close(self.handle)
        self.connection.close()


def _end_below(pid: int) -> None:
    """End all that a process has started, and all that they have."""
    with contextlib.suppress(psutil.Error, ValueError):
        for process in psutil.Process(pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                process.kill()


class WarmParent:
    """A process that has imported everything and forks a child for each submission.

    Use it in a ``with`` statement.

    Raises
    ------
    EngineError
        If it does not start.
    """

    def __init__(self) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="coursekit-"))
        self._scratch = self._folder / "scratch"
        self._log = self._folder / "log"
        self._start()

    def _start(self) -> None:
        self._empty_scratch()
        self._control, theirs = socket.socketpair()
        environment = {name: os.environ[name] for name in KEPT if name in os.environ}
        environment |= PINNED | {"HOME": str(self._scratch), "TMPDIR": str(self._scratch)}
        environment["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
        with theirs, self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "coursekit.grading.worker.parent", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                cwd="/",
                start_new_session=True,
            )
        self._ready = False

    def __enter__(self) -> WarmParent:
        return self

    def __exit__(self, *_: object) -> None:
        self._stop()
        shutil.rmtree(self._folder, ignore_errors=True)

    def _stop(self) -> None:
        self._control.close()
        _end_below(self._process.pid)
        self._process.kill()
        self._process.wait()

    @property
    def pid(self) -> int:
        """The parent's number."""
        return self._process.pid

    def wait(self) -> None:
        """Wait until all is imported."""
        if self._ready:
            return
        self._control.settimeout(START)
        if self._receive(1) != b"r":
            raise self._failed()
        self._control.settimeout(FORK)
        self._ready = True

    def fork(self) -> Child:
        """Return a new child, once the last one has ended: whatever it left behind ends, too.

        A parent that is gone, for a child may have ended it, is started once more.

        Raises
        ------
        EngineError
            If there is no parent.
        """
        try:
            return self._fork()
        except EngineError:
            self._stop()
            self._start()
            return self._fork()

    def _fork(self) -> Child:
        self.wait()
        _end_below(self._process.pid)
        self._empty_scratch()
        ours, theirs = socket.socketpair()
        with theirs:
            try:
                socket.send_fds(self._control, [b"f"], [theirs.fileno()])
                answer, handles, _, _ = socket.recv_fds(self._control, 1, 1)
            except OSError as error:
                ours.close()
                raise self._failed() from error
        if answer != b"f" or not handles:
            ours.close()
            raise self._failed()
        return Child(ours, handles[0])

    def _empty_scratch(self) -> None:
        """Remove what children have left that were ended, whatever they made of the folder."""
        if self._scratch.is_symlink() or not self._scratch.is_dir():
            self._folder.mkdir(exist_ok=True)
            self._scratch.unlink(missing_ok=True)
            self._scratch.mkdir()
        for left in self._scratch.iterdir():
            shutil.rmtree(left, ignore_errors=True)

    def _receive(self, size: int) -> bytes:
        try:
            return self._control.recv(size)
        except OSError:
            return b""

    def _failed(self) -> EngineError:
        time.sleep(0.1)  # for its last words
        said = self._log.read_text(errors="replace").strip().splitlines()
        return EngineError(f"The warm process does not run: {said[-1] if said else 'it is gone'}")
