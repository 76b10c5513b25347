"""The warm parent: it imports once what submissions use, runs no operation, and forks children.

It is told over an inherited socket: each message of one byte brings the socket of a new child; the
answer brings a descriptor that stands for the child's process (a pidfd), so that whoever asked can
watch and end it without trusting a number.

TensorFlow must not have started when a process forks: its threads do not come along, and the child
can wait for them for ever (tensorflow#2448).
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import shutil
import signal
import socket
import sys
from pathlib import Path

from coursekit.grading.fence.inner import Fence, enter, fork, prepare, restrict

MODULES = (
    "keras",
    "tensorflow",
    "numpy",
    "pandas",
    "matplotlib.pyplot",
    "matplotlib_inline.backend_inline",
    "sklearn.linear_model",
    "sklearn.model_selection",
    "IPython.core.interactiveshell",
    "coursekit.data",
    "coursekit.expect",
    "coursekit.handin",
    "coursekit.plots",
    "coursekit.predict",
    "coursekit.quiz",
    "coursekit.setup",
    "coursekit.models",
    "coursekit.grading.worker.child",
)


def main(descriptor: int, fence: Fence) -> None:
    """Import, say that all is ready, and fork until the other side hangs up."""
    control = socket.socket(fileno=descriptor)
    alone = enter(fence)
    own = os.open("/proc/self/ns/pid", os.O_RDONLY) if alone else None
    _import()
    prepare(fence)
    _send_self(control, b"r" if alone else b"s")
    while True:
        message, sockets, _, _ = socket.recv_fds(control, 1, 1)
        if not message:
            return
        _reap()
        _empty(Path(fence.scratch))
        assert_pure()
        _fork(control, sockets[0], fence, own)


def _send_self(control: socket.socket, message: bytes) -> None:
    handle = os.pidfd_open(os.getpid())
    socket.send_fds(control, [message], [handle])
    os.close(handle)


def _import() -> None:
    import importlib

    import coursekit.setup

    with coursekit.setup.quiet_native_stderr():
        for name in MODULES:
            importlib.import_module(name)
        warm_up()
    gc.collect()
    gc.freeze()  # what is here now stays: children need not copy its pages to count references


def warm_up() -> None:
    """Make the shell, and render what takes longest the first time: a traceback and a picture."""
    from coursekit.grading.worker.shell import make_shell

    shell = make_shell()
    shell.run("1 / 0", "traceback")
    shell.run("import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()", "picture")
    shell.begin_anew()


def assert_pure() -> None:
    """Refuse to fork a process in which TensorFlow, or any thread, has started.

    Raises
    ------
    RuntimeError
        Naming what has started.
    """
    from tensorflow.python.eager import context

    if context.context_safe() is not None:
        raise RuntimeError("TensorFlow has started in the parent: a fork could hang.")
    if len(os.listdir("/proc/self/task")) != 1:
        raise RuntimeError("The parent has more than one thread: a fork could hang.")


def _fork(control: socket.socket, descriptor: int, fence: Fence, own: int | None) -> None:
    pid = fork(own)
    if pid == 0:
        status = 1
        try:
            _live(descriptor, fence)
            status = 0
        finally:
            os._exit(status)
    os.close(descriptor)
    handle = os.pidfd_open(pid)
    socket.send_fds(control, [b"f"], [handle])
    os.close(handle)


def _live(descriptor: int, fence: Fence) -> None:
    """Be a child: fenced, in a session and a scratch folder of its own, answer the judge."""
    import tempfile

    from coursekit.grading.worker.child import Child

    os.setsid()
    restrict(fence, descriptor)
    os.chdir(fence.scratch)
    for name in ("HOME", "IPYTHONDIR", "TMPDIR", "JUPYTER_RUNTIME_DIR", "MPLCONFIGDIR"):
        os.environ[name] = fence.scratch
    tempfile.tempdir = None
    gc.enable()
    Child(socket.socket(fileno=descriptor)).serve()


def _empty(scratch: Path) -> None:
    """Remove what the last child has left, where its scratch folder did not end with it."""
    with contextlib.suppress(OSError):
        if scratch.is_symlink() or not scratch.is_dir():  # it made something else of the folder
            scratch.unlink(missing_ok=True)
            scratch.mkdir()
        for left in scratch.iterdir():
            if left.is_dir() and not left.is_symlink():
                shutil.rmtree(left, ignore_errors=True)
            else:
                left.unlink()


def _reap() -> None:
    """Take note of children that have ended."""
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        pass


if __name__ == "__main__":
    # Python puts the script's folder, or the working one, in front: neither is the course's.
    sys.path[:] = [path for path in sys.path if path not in ("", str(Path.cwd()))]
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for those who started this
    main(int(sys.argv[1]), Fence(**json.loads(sys.argv[2])))
