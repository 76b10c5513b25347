"""What runs in the judge's process: it judges a sheet at a time, behind a wall of its own."""

from __future__ import annotations

import contextlib
import os
import socket
import sys
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Any

from coursekit.grading.fence.inner import end_with_creator
from coursekit.grading.fence.judge import confine_judge, try_judge
from coursekit.grading.forks import EngineError, WarmParent
from coursekit.grading.levels import Listener, PlainText, try_fence
from coursekit.grading.limits import Limits
from coursekit.grading.process import (
    ENGINE,
    GIVEN_FAILS,
    MISBEHAVED,
    JudgedError,
    receive,
    send,
)
from coursekit.grading.record import Verdict
from coursekit.grading.wire import Channel, WireError
from coursekit.intake.sheet import Cell, Match, Sheet


def main(descriptor: int, creator: int) -> None:
    """Judge sheets until the other side hangs up, or ends, however that happens."""
    end_with_creator()
    if os.getppid() != creator:  # it had ended before it could be followed
        return
    channel = Channel(socket.socket(fileno=descriptor), PlainText())
    try:
        message = receive(channel)
        limits = Limits(**message["limits"])
        with (
            contextlib.closing(Listener()) as listener,
            WarmParent(limits.fence(), message["without"]) as parent,  # it imports meanwhile
        ):
            _confine(message, limits)
            _serve(channel, message, limits, parent, listener)
    except JudgedError as error:
        send(channel, {"error": error.kind, "text": str(error)})
    except WireError:
        return


def _confine(message: dict[str, Any], limits: Limits) -> None:
    if "judge" not in message["without"]:
        held_out = Path(os.environ["COURSEKIT_HELD_OUT"])
        confine_judge(held_out, Path(os.environ["TMPDIR"]), 8_000 + limits.judge_memory)


def _serve(
    channel: Channel,
    message: dict[str, Any],
    limits: Limits,
    parent: WarmParent,
    listener: Listener,
) -> None:
    def at(question: str) -> None:
        send(channel, {"at": question})

    judge_one = _prepare(message, limits, parent, at)
    try:
        send(channel, {"trials": try_fence(parent, listener) | try_judge()})
    except EngineError as error:
        raise JudgedError(ENGINE, str(error)) from error
    listener.close()
    while True:
        asked = receive(channel)
        send(channel, judge_one(_sheet(asked["sheet"]), asked["stops"]))


def _prepare(
    message: dict[str, Any], limits: Limits, parent: WarmParent, at: Callable[[str], None]
) -> Callable[[Sheet, dict[str, Any]], dict[str, Any]]:
    """Run the given cells, and return what judges a sheet."""
    from coursekit.setup import quiet_native_stderr

    with quiet_native_stderr():
        import keras  # noqa: F401 - its notices end here
    from coursekit.grading.judge import GivenCellError, Judge
    from coursekit.grading.session import MisbehavedError, Session, Stop

    try:
        judge = Judge([Cell(**cell) for cell in message["cells"]])
    except GivenCellError as error:
        raise JudgedError(GIVEN_FAILS, str(error)) from error

    def judge_one(sheet: Sheet, stops: dict[str, Any]) -> dict[str, Any]:
        stopped = {name: Stop(Verdict(kind), why) for name, (kind, why) in stops.items()}
        session = Session(judge, parent, sheet, limits, stops=stopped, at=at)
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
            "flags": [
                *(f"{name}: {stop.reason}" for name, stop in session.stops.items()),
                *(f"{name}: limit:{met}" for name, all_ in session.met.items() for met in all_),
            ],
            "stops": [stop.verdict for stop in session.stops.values()],
            "seconds": session.seconds,
        }

    return judge_one


def _sheet(kept: dict[str, Any]) -> Sheet:
    cells = tuple(Cell(**cell) for cell in kept["cells"])
    matches = tuple(Match(**match) for match in kept["matches"])
    return Sheet(kept["unit"], kept["notebook"], cells, matches, tuple(kept["flags"]))


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
