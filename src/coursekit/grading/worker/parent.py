"""The warm parent: it imports once what submissions use, runs no operation, and forks children.

It is told over an inherited socket: each message of one byte brings the socket of a new child; the
answer brings a descriptor that stands for the child's process (a pidfd), so that whoever asked can
watch and end it without trusting a number.

TensorFlow must not have started when a process forks: its threads do not come along, and the child
can wait for them for ever (tensorflow#2448).
"""

from __future__ import annotations

import ctypes
import gc
import os
import signal
import socket
import sys
from pathlib import Path

PR_SET_PDEATHSIG, PR_SET_CHILD_SUBREAPER = 1, 36  # linux/prctl.h
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


def main(descriptor: int) -> None:
    """Import, say that all is ready, and fork until the other side hangs up."""
    control = socket.socket(fileno=descriptor)
    _end_with_creator()
    _adopt()
    _import()
    control.sendall(b"r")
    while True:
        message, sockets, _, _ = socket.recv_fds(control, 1, 1)
        if not message:
            return
        _reap()
        assert_pure()
        _fork(control, sockets[0])


def _end_with_creator() -> None:
    """Let the kernel end this process when the one that started it ends, however that happens."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))


def _adopt() -> None:
    """Become the parent of whatever children leave behind, so that it is found and ended."""
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1)


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


def _fork(control: socket.socket, descriptor: int) -> None:
    pid = os.fork()
    if pid == 0:
        status = 1
        try:
            control.close()
            _live(descriptor)
            status = 0
        finally:
            os._exit(status)
    os.close(descriptor)
    handle = os.pidfd_open(pid)
    socket.send_fds(control, [b"f"], [handle])
    os.close(handle)


def _live(descriptor: int) -> None:
    """Be a child: a session and a scratch folder of its own, then answer the judge."""
    import tempfile

    from coursekit.grading.worker.child import Child

    os.setsid()
    _end_with_creator()
    with tempfile.TemporaryDirectory(prefix="submission-") as folder:
        os.chdir(folder)
        for name in ("HOME", "IPYTHONDIR", "TMPDIR", "JUPYTER_RUNTIME_DIR", "MPLCONFIGDIR"):
            os.environ[name] = folder
        tempfile.tempdir = None
        gc.enable()
        Child(socket.socket(fileno=descriptor)).serve()


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
    main(int(sys.argv[1]))
