"""What tests let run on a cluster's worker, in place of an attempt."""

from __future__ import annotations

import os
import time
from pathlib import Path

from coursekit.cluster.workplace import UnfitError
from coursekit.cluster.workplace import attempt as really

DAWDLES = 60.0  # seconds
FLAG = "COURSEKIT_TEST_FLAG"  # names a file that is there from the first call on


def die(plugin: str) -> tuple[str, bool]:
    """End the worker."""
    os._exit(1)


def unfit(plugin: str, worker: str) -> tuple[str, bool]:
    """Be a worker with another Keras."""
    raise UnfitError(worker, "it has keras 3.0 in place of 3.1")


def attempt(plugin: str, student: str, files: dict[str, bytes]) -> tuple[str, bool]:
    """Take very long the first time, on whichever worker that is."""
    flag = Path(os.environ[FLAG])
    if not flag.exists():
        flag.touch()
        time.sleep(DAWDLES)
    return really(plugin, student, files)
