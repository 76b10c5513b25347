"""The warm parent as its judge holds it: it is started, asked for children, and ended.

What runs there stands in `coursekit.grading.worker`; this is the trusted end of its leash.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

import psutil

from coursekit.grading.fence.inner import LAYERS, Fence
from coursekit.grading.fence.wall import PACKAGE, SCRATCH, readable, walled, why_no_wall

START = 180.0  # seconds in which a parent must have imported all
FORK = 30.0  # and in which it must have forked
KEPT = ("PATH", "LANG", "LC_ALL", "TZ", "LD_LIBRARY_PATH", "COURSEKIT_DATA")
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
    "PYTHONPATH": str(PACKAGE.parent),  # this package, and nothing else of the grader's
    "PYTHONDONTWRITEBYTECODE": "1",
}
WALL = "wall"
TICKS, PAGE = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")


class EngineError(Exception):
    """Something of the engine's own failed: no fault of a submission."""


@dataclass(frozen=True)
class Usage:
    """What processes use: CPU seconds, bytes in memory, threads."""

    cpu: float = 0.0
    memory: int = 0
    threads: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(self.cpu + other.cpu, self.memory + other.memory, self.threads + other.threads)


@dataclass
class Child:
    """A forked process that runs one submission.

    Attributes
    ----------
    connection : socket.socket
        To talk with it.
    handle : int
        A descriptor that stands for the process, whatever its number is by now.
    alone : bool
        Whether the kernel ends with it all that it starts.
    """

    connection: socket.socket
    handle: int
    alone: bool = False

    @property
    def pid(self) -> int:
        """Its number in this process's view; -1 once it has ended."""
        return _number(self.handle)

    def usage(self) -> Usage:
        """Return what the process and all that it has started use, read from outside."""
        pid = self.pid
        used = usage_of(pid)
        if not self.alone and pid > 0:
            with contextlib.suppress(psutil.Error):
                for each in psutil.Process(pid).children(recursive=True):
                    used += usage_of(each.pid)
        return used

    def waited(self) -> float:
        """Return the seconds that the process has waited for a processor, others having it."""
        try:
            return int(Path(f"/proc/{self.pid}/schedstat").read_text().split()[1]) / 1e9
        except (OSError, IndexError):  # the kernel does not count it
            return 0.0

    def kill(self) -> None:
        """End the process; its descriptors stay."""
        with contextlib.suppress(OSError):
            signal.pidfd_send_signal(self.handle, signal.SIGKILL)

    def end(self) -> None:
        """End it, and all that it has started."""
        if not self.alone:
            _end_below(self.pid)
        self.kill()
        os.close(self.handle)
        self.connection.close()


def usage_of(pid: int) -> Usage:
    """Read what the kernel says of a process; nothing, of one that is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return Usage()
    fields = text[text.rindex(b")") + 2 :].split()  # proc(5), from the third field on
    ticks = sum(int(field) for field in fields[11:15])
    return Usage(ticks / TICKS, int(fields[21]) * PAGE, int(fields[17]))


def _number(handle: int) -> int:
    for line in Path(f"/proc/self/fdinfo/{handle}").read_text().splitlines():
        if line.startswith("Pid:"):
            return int(line.split()[1])
    return -1


def _end_below(pid: int) -> None:
    """End all that a process has started, and all that they have."""
    with contextlib.suppress(psutil.Error, ValueError):
        for process in psutil.Process(pid).children(recursive=True):
            with contextlib.suppress(psutil.Error):
                process.kill()


class WarmParent:
    """A process that has imported everything and forks a child for each submission.

    Use it in a ``with`` statement.

    Parameters
    ----------
    fence : Fence, optional
        What submissions may use; what they may read is added here.
    without : iterable of str
        Layers of the fence to leave out: ``wall``, or one of `coursekit.grading.fence.inner`.

    Raises
    ------
    EngineError
        If it does not start.
    """

    def __init__(self, fence: Fence | None = None, without: Iterable[str] = ()) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="coursekit-"))
        self._log = self._folder / "log"
        self._walled = WALL not in without and not why_no_wall()
        scratch = Path(SCRATCH) if self._walled else self._folder / "scratch"
        self._fence = replace(
            fence or Fence(),
            layers=tuple(layer for layer in LAYERS if layer not in without),
            readable=tuple(str(path) for path in readable()),
            scratch=str(scratch),
            walled=self._walled,
        )
        self._start()

    def _start(self) -> None:
        if not self._walled:
            self._folder.chmod(0o711)  # the way to the scratch folder, for another user
            Path(self._fence.scratch).mkdir(exist_ok=True)
        self._control, theirs = socket.socketpair()
        environment = {name: os.environ[name] for name in KEPT if name in os.environ}
        environment |= PINNED | {"HOME": self._fence.scratch, "TMPDIR": self._fence.scratch}
        environment["MPLBACKEND"] = "module://matplotlib_inline.backend_inline"
        command = [sys.executable, "-m", "coursekit.grading.worker.parent"]
        command += [str(theirs.fileno()), json.dumps(asdict(self._fence))]
        with theirs, self._log.open("wb") as log:
            self._process = subprocess.Popen(
                walled(command) if self._walled else command,
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                env=environment,
                cwd="/",
                start_new_session=True,
            )
        self._handle = -1

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
        if self._handle >= 0:
            os.close(self._handle)

    @property
    def fence(self) -> Fence:
        """What its children may see and use."""
        return self._fence

    @property
    def pid(self) -> int:
        """The number of the process that forks, in this process's view."""
        self.wait()
        return _number(self._handle)

    def wait(self) -> None:
        """Wait until all is imported."""
        if self._handle >= 0:
            return
        self._control.settimeout(START)
        self._handle = self._receive(b"rs")
        self._control.settimeout(FORK)

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
        except EngineError as error:
            self._stop()
            try:
                self._start()
            except OSError:  # a judge behind its own wall starts no process any more
                raise error from None
            return self._fork()

    def _fork(self) -> Child:
        self.wait()
        if not self._alone:
            _end_below(self.pid)
        ours, theirs = socket.socketpair()
        try:
            with theirs:
                socket.send_fds(self._control, [b"f"], [theirs.fileno()])
            return Child(ours, self._receive(b"f"), self._alone)
        except OSError as error:
            ours.close()
            raise self._failed() from error
        except EngineError:
            ours.close()
            raise

    def _receive(self, expected: bytes) -> int:
        """Return the descriptor that comes with one of the expected bytes."""
        try:
            answer, handles, _, _ = socket.recv_fds(self._control, 1, 1)
        except OSError as error:
            raise self._failed() from error
        if not answer or answer not in expected or not handles:
            raise self._failed()
        if answer in b"rs":
            self._alone = answer == b"r"
        return handles[0]

    def _failed(self) -> EngineError:
        time.sleep(0.1)  # for its last words
        said = self._log.read_text(errors="replace").strip().splitlines()
        return EngineError(f"The warm process does not run: {said[-1] if said else 'it is gone'}")
