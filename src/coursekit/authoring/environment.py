"""What the tools give to the kernels and helper programs that they start."""

from __future__ import annotations

import os
import sys
import tempfile
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from nbclient import NotebookClient
from traitlets.config import Config

from coursekit.check import own_kernel_manager
from coursekit.sources.layout import Course

SOCKET_PATH = 90  # bytes: a socket's whole path may have 103 on macOS, 107 on Linux


@contextmanager
def environment(**values: str) -> Iterator[None]:
    """Set environment variables, and put back on leaving what was there before."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value


@contextmanager
def nbgrader_environment(course: Course) -> Iterator[None]:
    """Give nbgrader what it needs around it: helper programs on PATH, and the held-out data.

    Its own library's warnings are kept from the user, who can do nothing about them.
    """
    programs = str(Path(sys.executable).parent)
    path = os.pathsep.join([programs, os.environ.get("PATH", "")])
    held_out = str(course.root / "course")
    with environment(PATH=path, COURSEKIT_HELD_OUT=held_out), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # SQLAlchemy's, from nbgrader's own queries
        yield


def notebook_client(notebook: Any, sockets: Path, **options: Any) -> NotebookClient:
    """Return what executes a notebook; its sockets lie in the folder `sockets`.

    nbclient answers a widget's captured output on the channel on which it waits for the cell, and
    now and then the wait then never ends (nbclient#312). So it captures nothing here: what a widget
    shows is the cell's own output, and a page shows it without a kernel.
    """
    config = set_transport(Config(), sockets)
    options = {"kernel_name": "python3", "kernel_manager_class": own_kernel_manager(), **options}
    client = NotebookClient(notebook, config=config, **options)
    client.widget_registry.clear()
    return client


def socket_folder() -> tempfile.TemporaryDirectory[str]:
    """Make a folder for sockets, also where TMPDIR is too long for their paths."""
    is_long = len(os.fsencode(tempfile.gettempdir())) > SOCKET_PATH - 30
    return tempfile.TemporaryDirectory(dir="/tmp" if is_long and os.name == "posix" else None)


def set_transport(config: Config, folder: Path) -> Config:
    """Let kernels and their clients talk through sockets in `folder` instead of TCP ports.

    Nobody else on the machine can listen then, and ports are not fought over.
    """
    path = str(folder.resolve() / "kernel")  # absolute, or both sides differ
    if os.name == "posix" and len(os.fsencode(path)) <= SOCKET_PATH:
        config.KernelManager.transport, config.KernelManager.ip = "ipc", path
    return config
