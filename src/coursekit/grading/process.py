"""The judge's process as its engine sees it: warm, trusted, and replaced when it grows or fails.

It is told over an inherited socket what to judge, as JSON, a sheet at a time. What runs in it is
`coursekit.grading.serving`; gradebook and submissions stay here.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import psutil

from coursekit.grading.forks import KEPT, PINNED, EngineError, Usage, usage_of
from coursekit.grading.levels import (
    Level,
    PlainText,
    level_of,
    open_promises,
    remedy,
)
from coursekit.grading.limits import REASONS, Limits
from coursekit.grading.record import Outcome, Verdict
from coursekit.grading.wire import Channel, Frame, WireError
from coursekit.intake.sheet import Cell, Sheet

MOST_SUBMISSIONS = 100  # that one process judges: each rebuilt model leaves something behind
MOST_MEMORY = 3 << 30  # bytes
LOOK = 0.1  # seconds between two looks at the process
PATIENCE = 2 * 3600.0  # seconds that a submission may take in all, before the process is given up

SLACK = 1.25  # times its limit that the judge may compute until it is ended from outside

SERVING = "coursekit.grading.serving"  # the module that runs in the process
GIVEN_FAILS, MISBEHAVED, ENGINE, FENCE = "given cell", "misbehaved", "engine", "fence"
OPEN = (
    "Students' code cannot be fenced as asked ({wanted}) but only at the level {found}: {first}. "
    "{remedy} To grade all the same, give --fence {found}; `coursekit fence` tells more."
)


class JudgedError(Exception):
    """A submission has no outcomes.

    Attributes
    ----------
    kind : str
        ``given cell``, ``misbehaved``, ``engine`` or ``fence``.
    """

    def __init__(self, kind: str, text: str) -> None:
        super().__init__(text)
        self.kind = kind


class EndedError(JudgedError):
    """The judge's process ended by itself.

    Attributes
    ----------
    question : str
        Whose answer it looked at; empty if none's.
    """

    def __init__(self, text: str, question: str) -> None:
        super().__init__(ENGINE, text)
        self.question = question


class OverError(Exception):
    """What an answer made the judge do took too much: the judge was ended.

    Attributes
    ----------
    question : str
        Whose answer it was.
    verdict : Verdict
    reason : str
    """

    def __init__(self, question: str, verdict: Verdict, limit: float) -> None:
        self.question, self.verdict = question, verdict
        self.reason = REASONS[verdict].format(limit) + " in the grader"
        super().__init__(question, verdict, limit)


class JudgeProcess:
    """Judges submissions of one unit, in a process that is started when first needed.

    Use it in a ``with`` statement.

    Parameters
    ----------
    cells : sequence of Cell
        The instructor's own.
    held_out : Path
        Folder of all units; the judge reads the held-out data of its own alone.
    limits : Limits
    unit : str
    fence : Level
        The least that will do.
    without : sequence of str
        Layers of the fence to leave out, for tests; ``judge`` is the judge's own.

    Attributes
    ----------
    trials : dict of str to str
        What the fence of this process lets through, by promise; see `coursekit.grading.levels`.
    """

    def __init__(
        self,
        cells: Sequence[Cell],
        held_out: Path,
        limits: Limits,
        unit: str = "",
        fence: Level = Level.LIMITS_ONLY,
        without: Sequence[str] = (),
    ) -> None:
        self._cells, self._held_out, self._limits = cells, held_out, limits
        self._unit, self._fence, self._without = unit, fence, without
        self.trials: dict[str, str] = {}
        self._at, self._cpu_at, self._looked = "", 0.0, 0.0
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

        An answer that makes the judge use too much, or ends it twice, is left out, and the rest
        judged in a new one.

        Raises
        ------
        JudgedError
            If there is no verdict.
        """
        stops: dict[str, tuple[Verdict, str]] = {}
        ended: set[str] = set()
        while True:
            try:
                return self._judge(sheet, stops)
            except OverError as error:
                if error.question in stops:
                    raise JudgedError(ENGINE, f"The judge's process: {error.reason}") from error
                stops[error.question] = (error.verdict, error.reason)
            except EndedError as error:
                if not error.question or error.question in stops:
                    raise
                if error.question in ended:
                    stops[error.question] = (Verdict.ENGINE, "it ended the grader's process twice")
                ended.add(error.question)

    def _judge(self, sheet: Sheet, stops: dict[str, tuple[Verdict, str]]) -> dict[str, Any]:
        self.start()
        try:
            told = self._ask({"op": "judge", "sheet": asdict(sheet), "stops": stops})
        except OverError:
            self.kill()
            self.stop()
            raise
        except JudgedError as error:
            if error.kind != MISBEHAVED:
                self.stop()  # it has ended
            raise
        except (WireError, EngineError) as error:
            said, at = self._last_words(), self._at
            self.stop()
            raise EndedError(f"The judge's process ended: {said or error}", at) from error
        self._judged += 1
        if self._judged >= MOST_SUBMISSIONS or self._usage().memory > MOST_MEMORY:
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
        environment = {name: os.environ[name] for name in KEPT if name in os.environ}
        environment |= PINNED | {"MPLBACKEND": "agg"}
        environment |= {"TMPDIR": self._folder, "HOME": self._folder}  # nobody's settings
        environment["COURSEKIT_HELD_OUT"] = str(self._held_out / self._unit / "held_out")
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", SERVING, str(theirs.fileno()), str(os.getpid())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=self._log,
                stderr=self._log,
                env=environment,
                cwd="/",
                start_new_session=True,
            )
        self._channel, self._judged = Channel(ours, PlainText(), self._watch), 0
        about = {"limits": asdict(self._limits), "unit": self._unit, "without": self._without}
        cells = [asdict(cell) for cell in self._cells]
        self.trials = self._ask({"op": "begin", "cells": cells, **about})["trials"]
        if not self.level.suffices(self._fence):
            found, first = self.level.value, next(open_promises(self.trials))
            about = {"wanted": self._fence.value, "found": found, "first": first}
            raise JudgedError(FENCE, OPEN.format(remedy=remedy(self.trials), **about))

    @property
    def level(self) -> Level:
        """How well submissions are fenced here, as the process has found when it began."""
        return level_of(self.trials)

    def _ask(self, message: dict[str, Any]) -> dict[str, Any]:
        assert self._channel
        self._deadline = time.monotonic() + PATIENCE
        self._at = ""
        send(self._channel, message)
        while "at" in (told := receive(self._channel)):
            self._at, self._cpu_at = told["at"], self._usage().cpu
        if "error" in told:
            raise JudgedError(told["error"], told["text"])
        return told

    def _watch(self) -> None:
        if time.monotonic() > self._deadline:
            raise EngineError(f"no verdict within {PATIENCE / 3600:g} hours")
        if not self._at or time.monotonic() - self._looked < LOOK:
            return
        self._looked, used = time.monotonic(), self._usage()
        if used.memory >> 20 > self._limits.judge_memory:
            raise OverError(self._at, Verdict.LIMIT_MEMORY, self._limits.judge_memory)
        if used.cpu - self._cpu_at > self._limits.cpu_check * SLACK:
            raise OverError(self._at, Verdict.LIMIT_CPU, self._limits.cpu_check)

    def _usage(self) -> Usage:
        return usage_of(self._process.pid) if self._process else Usage()

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


def send(channel: Channel, message: dict[str, Any]) -> None:
    """Send a message, as JSON."""
    frame = Frame(channel.references)
    frame.add(json.dumps(message).encode())
    channel.send({}, frame)


def receive(channel: Channel) -> dict[str, Any]:
    """Return the next message.

    Raises
    ------
    WireError
        If the other side has ended, or what it sends is none.
    """
    _, frame = channel.receive()
    told: dict[str, Any] = json.loads(frame.buffer(0))
    return told


def outcomes_of(told: dict[str, Any]) -> tuple[Outcome, ...]:
    """Return the outcomes that `JudgeProcess.judge` was told."""
    return tuple(Outcome.from_dict(outcome) for outcome in told["outcomes"])
