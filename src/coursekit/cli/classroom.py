"""What instructors call: ``demo``."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path
from typing import Any

from coursekit.cli.progress import show_progress
from coursekit.sources.layout import Course


def add_commands(commands: Any) -> None:
    """Add the room's commands to a parser's."""
    demo = commands.add_parser("demo", help="grade a sample class, made from a unit's variants")
    demo.add_argument("--students", type=int, default=12, metavar="N", help="default 12")
    demo.add_argument("--unit", default="01_regression", help="default 01_regression")
    demo.add_argument(
        "--folder", type=Path, metavar="DIR", help="new or empty; default a new temporary one"
    )
    demo.set_defaults(run=_demo)


def _demo(options: argparse.Namespace) -> int:
    from rich.console import Console

    from coursekit.classroom.demo import run_demo
    from coursekit.classroom.report import make_table

    (unit,) = Course.find().select([options.unit])
    folder = options.folder or Path(tempfile.mkdtemp(prefix="coursekit-demo-"))
    with show_progress() as progress:
        demo = run_demo(unit, options.students, folder, progress=progress)
    roles = {student.id: student.role for student in demo.students}
    # Off a terminal (a log, a pipe) rich would fold the table at 80 characters.
    console = Console() if sys.stdout.isatty() else Console(width=120)
    console.print(make_table(unit, demo.records, roles))
    for record in demo.records:
        if record.detail:
            print(f"{record.student}: {record.status.value}: {record.detail}")
    print(f"Report: {demo.report}")
    for line in demo.surprises:
        print(f"not as declared: {line}", file=sys.stderr)
    if not demo.surprises:
        print("Every score is the one that the variants declare.")
    return 1 if demo.surprises else 0
