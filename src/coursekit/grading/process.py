"""The judge's process: warm, trusted, and replaced when it grows or fails.

It is told over an inherited socket what to judge, as JSON. The process that starts it keeps the
gradebook and the submissions; this one sees a sheet at a time.
"""

from __future__ import annotations

import contextlib
import ctypes
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psutil

from coursekit.grading.forks import KEPT, PINNED, EngineError, WarmParent
from coursekit.grading.record import Outcome
from coursekit.grading.student import Limits
from coursekit.grading.wire import Channel, Frame, WireError
from coursekit.intake.sheet import Cell, Match, Sheet

MOST_SUBMISSIONS = 100  # that one process judges: each rebuilt model leaves something behind
MOST_MEMORY = 3 << 30  # bytes
PATIENCE = 2 * 3600.0  # seconds that a submission may take in all, before the process is given up

PR_SET_PDEATHSIG = 1  # linux/prctl.h

GIVEN_FAILS, MISBEHAVED, ENGINE = "given cell", "misbehaved", "engine"


class JudgedError(Exception):
    """A submission has no outcomes.

    Attributes
    ----------
    kind : str
        ``given cell``, ``misbehaved`` or ``engine``.
    """

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind


class JudgeProcess:
    """Judges submissions of one unit, in a process that is started when first needed.

    Use it in a ``with`` statement.

    Parameters
    ----------
    cells : sequence of Cell
        The instructor's own.
    held_out : Path
        Folder with the held-out data.
    limits : Limits
    """

    def __init__(self, cells: Sequence[Cell], held_out: Path, limits: Limits) -> None:
        self._cells, self._held_out, self._limits = cells, held_out, limits
        self._process: subprocess.Popen[bytes] | None = None
        self._channel: Channel | None = None
        self._judged = 0
        self._deadline = 0.0

    def __enter__(self) -> JudgeProcess:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def judge(self, sheet: Sheet) -> dict[str, Any]:
        """Return what `Session` finds: outcomes, outputs, seconds.

        Raises
        ------
        JudgedError
            If there is no verdict.
        """
        self.start()
        try:
            told = self._ask({"op": "judge", "sheet": asdict(sheet)})
        except JudgedError as error:
            if error.kind != MISBEHAVED:
                self.stop()  # it has ended
            raise
        except (WireError, EngineError) as error:
            said = self._last_words()
            self.stop()
            raise JudgedError(ENGINE, f"The judge's process ended: {said or error}") from error
        self._judged += 1
        if self._judged >= MOST_SUBMISSIONS or self._memory() > MOST_MEMORY:
            self.stop()
        return told

    def start(self) -> None:
        """Start the process, if it does not run yet.

        Raises
        ------
        JudgedError
            If it does not start.
        """
        if self._process is not None:
            return
        try:
            self._start()
        except JudgedError:
            self.stop()
            raise
        except (WireError, EngineError) as error:
            said = self._last_words()
            self.stop()
            raise JudgedError(
                ENGINE, f"The judge's process does not start: {said or error}"
            ) from error

    def _start(self) -> None:
        ours, theirs = socket.socketpair()
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - it lives as long as the process
        self._folder = tempfile.mkdtemp(prefix="coursekit-judge-")
        environment = {name: os.environ[name] for name in (*KEPT, "HOME") if name in os.environ}
        environment |= PINNED | {"MPLBACKEND": "agg", "TMPDIR": self._folder}
        environment["COURSEKIT_HELD_OUT"] = str(self._held_out)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "coursekit.grading.process", str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=self._log,
                env=environment,
                cwd="/",
                start_new_session=True,
            )
        self._channel, self._judged = Channel(ours, _NoReferences(), self._watch), 0
        cells, limits = [asdict(cell) for cell in self._cells], asdict(self._limits)
        self._ask({"op": "begin", "cells": cells, "limits": limits})

    def _ask(self, message: dict[str, Any]) -> dict[str, Any]:
        assert self._channel
        self._deadline = time.monotonic() + PATIENCE
        _send(self._channel, message)
        told = _receive(self._channel)
        if "error" in told:
            raise JudgedError(told["error"], told["text"])
        return told

    def _watch(self) -> None:
        if time.monotonic() > self._deadline:
            raise EngineError(f"no verdict within {PATIENCE / 3600:g} hours")

    def _memory(self) -> int:
        with contextlib.suppress(psutil.Error):
            if self._process:
                return int(psutil.Process(self._process.pid).memory_info().rss)
        return 0

    def _last_words(self) -> str:
        if self._process is None:
            return ""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(1)
        self._log.seek(0)
        lines = self._log.read().decode(errors="replace").strip().splitlines()
        return lines[-1] if lines else ""

    def stop(self) -> None:
        """End the process; the next submission finds a new one."""
        if self._process is not None and self._channel is not None:
            self._channel.close()  # it ends its own warm parent then
            try:
                self._process.wait(5)
            except subprocess.TimeoutExpired:
                self.kill()
            self._log.close()
            shutil.rmtree(self._folder, ignore_errors=True)
        self._process = None

    def kill(self) -> None:
        """End the process and all below it at once, from any thread."""
        process = self._process  # its own thread may be ending it, too
        if process is None:
            return
        with contextlib.suppress(psutil.Error):
            for below in psutil.Process(process.pid).children(recursive=True):
                with contextlib.suppress(psutil.Error):
                    below.kill()
        process.kill()
        process.wait()


class _NoReferences:
    """Both ends are ours: they send JSON alone."""

    def name(self, value: Any) -> None:
        return None

    def find(self, tag: str, number: int, text: str) -> Any:
        raise WireError("a message is malformed")


def _send(channel: Channel, message: dict[str, Any]) -> None:
    frame = Frame(channel.references)
    frame.add(json.dumps(message).encode())
    channel.send({}, frame)


def _receive(channel: Channel) -> dict[str, Any]:
    _, frame = channel.receive()
    told: dict[str, Any] = json.loads(frame.buffer(0))
    return told


# --- what runs in the process ----------------------------------------------------------------


def main(descriptor: int) -> None:
    """Judge sheets until the other side hangs up, or ends, however that happens."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, int(signal.SIGKILL))
    channel = Channel(socket.socket(fileno=descriptor), _NoReferences())
    with WarmParent() as parent:  # it imports while this process does
        try:
            message = _receive(channel)
            judge_one = _prepare(message, parent)
            _send(channel, {})
            while True:
                _send(channel, judge_one(_sheet(_receive(channel)["sheet"])))
        except JudgedError as error:
            _send(channel, {"error": error.kind, "text": str(error)})
        except WireError:
            return


def _prepare(message: dict[str, Any], parent: WarmParent) -> Callable[[Sheet], dict[str, Any]]:
    """Run the given cells, and return what judges a sheet."""
    from coursekit.setup import quiet_native_stderr

    with quiet_native_stderr():
        import keras  # noqa: F401 - its notices end here
    from coursekit.grading.judge import GivenCellError, Judge
    from coursekit.grading.session import MisbehavedError, Session

    try:
        judge = Judge([Cell(**cell) for cell in message["cells"]])
    except GivenCellError as error:
        raise JudgedError(GIVEN_FAILS, str(error)) from error
    limits = Limits(**message["limits"])

    def judge_one(sheet: Sheet) -> dict[str, Any]:
        session = Session(judge, parent, sheet, limits)
        try:
            outcomes = session.grade()
        except MisbehavedError as error:
            return {"error": MISBEHAVED, "text": str(error)}
        except EngineError as error:
            raise JudgedError(ENGINE, str(error)) from error
        finally:
            judge.forget()
        return {
            "outcomes": [asdict(outcome) for outcome in outcomes],
            "outputs": {name: ran.outputs for name, ran in session.ran.items()},
            "numbers": {name: ran.number for name, ran in session.ran.items()},
            "flags": [f"{name}: {stop.reason}" for name, stop in session.stops.items()],
            "stops": [stop.verdict for stop in session.stops.values()],
            "seconds": session.seconds,
        }

    return judge_one


def _sheet(kept: dict[str, Any]) -> Sheet:
    cells = tuple(Cell(**cell) for cell in kept["cells"])
    matches = tuple(Match(**match) for match in kept["matches"])
    return Sheet(kept["unit"], kept["notebook"], cells, matches, tuple(kept["flags"]))


def outcomes_of(told: dict[str, Any]) -> tuple[Outcome, ...]:
    """Return the outcomes that `JudgeProcess.judge` was told."""
    return tuple(Outcome.from_dict(outcome) for outcome in told["outcomes"])


if __name__ == "__main__":
    main(int(sys.argv[1]))
