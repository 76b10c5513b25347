"""What instructors call to see how students' code is kept apart here: ``fence``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from coursekit.cli.progress import show_progress
from coursekit.cli.scratch import own_scratch
from coursekit.sources.layout import CourseError


def add_commands(commands: Any) -> None:
    """Add the command to a parser's."""
    fence = commands.add_parser("fence", help="try what keeps students' code in on this machine")
    fence.add_argument("--json", action="store_true", help="print one JSON document")
    fence.set_defaults(run=_fence)


def _fence(options: argparse.Namespace) -> int:
    from coursekit.grading.engine import supported
    from coursekit.grading.levels import Level, level_of, remedy
    from coursekit.grading.limits import Limits
    from coursekit.grading.process import JudgedError, JudgeProcess

    if why_not := supported():
        raise CourseError(why_not)
    try:
        with (
            own_scratch(),
            show_progress() as progress,
            JudgeProcess((), Path.cwd(), Limits()) as judge,
        ):
            progress("starting a grader", 0, 1)
            judge.start()
            progress("starting a grader", 1, 1)
            trials = judge.trials
    except JudgedError as error:
        raise CourseError(f"The fence cannot be tried: {error}") from error
    level = level_of(trials)
    if options.json:
        print(json.dumps({"level": level.value, "trials": trials, "remedy": remedy(trials)}))
    else:
        _print(trials)
        print(f"Level: {level.value}. {remedy(trials)}".rstrip())
    return 0 if level is Level.FULL else 1


def _print(trials: dict[str, str]) -> None:
    from rich.console import Console
    from rich.table import Table

    from coursekit.grading.levels import PARTIAL, PROMISES

    table = Table("what is promised", "here", "what could be done", title="Students' code")
    for name, promise in PROMISES.items():
        found = trials.get(name, "not tried")
        needed = "" if name in PARTIAL else " (full)"
        table.add_row(promise + needed, "open" if found else "holds", found)
    console = Console() if sys.stdout.isatty() else Console(width=140)
    console.print(table)
