"""The ``coursekit`` command. Heavy imports wait until a command needs them."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from coursekit.authoring.layout import Course, CourseError

Progress = Callable[[str, int, int], None]


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit code: 0 only when all is well."""
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except CourseError as error:
        print(f"coursekit: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("coursekit: stopped.", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="coursekit", description=__doc__.split(".")[0] + ".")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    build = commands.add_parser("build", help="build notebooks from the text in course/")
    build.add_argument(
        "units", nargs="*", metavar="UNIT", help="such as 01_regression; default all"
    )
    build.add_argument("--check", action="store_true", help="write nothing; fail if out of date")
    build.add_argument("--force", action="store_true", help="execute again what looks current")
    build.set_defaults(run=_build)
    demo = commands.add_parser("demo", help="grade a sample class, made from a unit's variants")
    demo.add_argument("--students", type=int, default=12, metavar="N", help="default 12")
    demo.add_argument("--unit", default="01_regression", help="default 01_regression")
    demo.add_argument("--folder", type=Path, help="where to keep it; default a new temporary one")
    demo.set_defaults(run=_demo)
    return parser


def _build(options: argparse.Namespace) -> int:
    from coursekit.authoring.build import build, check

    course = Course.find()
    units = course.select(options.units)
    with _progress() as progress:
        if options.check:
            findings = check(units, progress=progress)
        else:
            changed = build(units, force=options.force, progress=progress)
    if options.check:
        for finding in findings:
            print(finding)
        if findings:
            print("Run `coursekit build` and commit what it writes; edit course/, not built files.")
        else:
            print(f"{len(units)} unit(s): every built file is current.")
        return 1 if findings else 0
    for path in changed:
        print(path.relative_to(course.root), "" if path.exists() else "(removed)")
    print(f"{len(units)} unit(s) built, {len(changed)} file(s) changed.")
    return 0


def _demo(options: argparse.Namespace) -> int:
    from rich.console import Console

    from coursekit.grading.demo import run_demo
    from coursekit.grading.report import make_table

    (unit,) = Course.find().select([options.unit])
    folder = options.folder or Path(tempfile.mkdtemp(prefix="coursekit-demo-"))
    with _progress() as progress:
        demo = run_demo(unit, options.students, folder, progress=progress)
    roles = {student.id: student.role for student in demo.students}
    # Off a terminal (a log, a pipe) rich would fold the table at 80 characters.
    console = Console() if sys.stdout.isatty() else Console(width=120)
    console.print(make_table(unit, demo.results, roles))
    for result in demo.results:
        if result.detail:
            print(f"{result.student}: {result.status}: {result.detail}")
    print(f"Report: {demo.report}")
    for line in demo.surprises:
        print(f"not as declared: {line}", file=sys.stderr)
    if not demo.surprises:
        print("Every score is the one that the variants declare.")
    return 1 if demo.surprises else 0


@contextmanager
def _progress() -> Iterator[Progress]:
    """Show a bar with time left for each label; off a terminal, a line at each step."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import (
        Progress as Bars,
    )

    if not sys.stderr.isatty():
        yield _plain_progress()
        return
    from rich.console import Console

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Bars(
        *columns, TimeElapsedColumn(), TimeRemainingColumn(), console=Console(stderr=True)
    ) as bars:
        tasks = {}

        def show(label: str, done: int, total: int) -> None:
            if label not in tasks:
                tasks[label] = bars.add_task(label, total=total)
            bars.update(tasks[label], completed=done)

        yield show


def _plain_progress() -> Progress:
    import time

    started: dict[str, float] = {}

    def show(label: str, done: int, total: int) -> None:
        now = time.monotonic()
        began = started.setdefault(label, now)
        left = f", about {(now - began) / done * (total - done):.0f} s left" if done else ""
        print(f"{label}: {done}/{total}{left}", file=sys.stderr, flush=True)

    return show


if __name__ == "__main__":
    sys.exit(main())
