"""What instructors call: ``grade``, ``explain``, ``demo``."""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coursekit.cli.progress import show_progress
from coursekit.cli.scratch import own_scratch
from coursekit.sources.layout import Course, CourseError

if TYPE_CHECKING:
    from coursekit.grading.record import Record


def add_commands(commands: Any) -> None:
    """Add the room's commands to a parser's."""
    grade = commands.add_parser("grade", help="grade what a class has handed in")
    grade.add_argument("unit", metavar="UNIT")
    grade.add_argument("--jobs", type=int, default=1, metavar="N", help="at a time; default 1")
    grade.add_argument("--student", nargs="+", action="extend", default=[], metavar="ID")
    grade.add_argument("--again", action="store_true", help="also what is as it was graded before")
    grade.add_argument("--dry-run", action="store_true", help="only show which marks would change")
    grade.add_argument("--json", action="store_true", help="print one JSON document")
    _add_fence(grade)
    _add_scheduler(grade)
    _add_folder(grade)
    _add_engine(grade)
    grade.set_defaults(run=_grade)
    regrade = commands.add_parser("regrade", help="grade again after a check was mended")
    regrade.add_argument("unit", metavar="UNIT")
    regrade.add_argument("--because", default="", metavar="TEXT", help="why, for the students")
    regrade.add_argument("--jobs", type=int, default=1, metavar="N", help="at a time; default 1")
    regrade.add_argument("--yes", action="store_true", help="write without asking")
    regrade.add_argument("--json", action="store_true", help="print the changes as JSON")
    _add_fence(regrade)
    _add_scheduler(regrade)
    _add_folder(regrade)
    regrade.set_defaults(run=_regrade)
    why = commands.add_parser("explain", help="say why a question got its points")
    for name in ("student", "unit", "question"):
        why.add_argument(name, metavar=name.upper())
    _add_folder(why)
    why.set_defaults(run=_explain)
    demo = commands.add_parser("demo", help="grade a sample class, made from a unit's variants")
    demo.add_argument("--students", type=int, default=12, metavar="N", help="default 12")
    demo.add_argument("--unit", default="01_regression", help="default 01_regression")
    demo.add_argument(
        "--folder", type=Path, metavar="DIR", help="new or empty; default a new temporary one"
    )
    _add_engine(demo)
    demo.set_defaults(run=_demo)


def _add_fence(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--fence",
        choices=("full", "partial", "limits-only"),
        default="full",
        help="the least that students' code must be fenced; default full, see `coursekit fence`",
    )


def _add_scheduler(parser: argparse.ArgumentParser) -> None:
    where = "judge on a Dask cluster's workers: its scheduler's address, tcp://host:8786"
    parser.add_argument("--scheduler", default="", metavar="ADDRESS", help=where)


def _add_folder(parser: argparse.ArgumentParser) -> None:
    where = "with submitted/ and the gradebook; default the course repository"
    parser.add_argument("--folder", type=Path, metavar="DIR", help=where)


def _add_engine(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--engine",
        choices=("warm", "stock"),
        default="warm",
        help="stock: nbgrader's own, slower and less safe",
    )


def _grade(options: argparse.Namespace) -> int:
    from coursekit.classroom.changes import make_change_table, try_class
    from coursekit.classroom.course_folder import CourseFolder
    from coursekit.classroom.grade import choose_students, grade_class
    from coursekit.classroom.report import Marks, is_well, make_table, summary
    from coursekit.classroom.stopping import stoppable
    from coursekit.grading.levels import Level
    from coursekit.privacy.audit import audited

    if options.dry_run and options.engine != "warm":
        raise CourseError("nbgrader writes while it grades: use --dry-run with the warm engine.")
    if options.scheduler and options.engine != "warm":
        raise CourseError("nbgrader grades on one machine: use --scheduler with the warm engine.")
    (unit,) = Course.find().select([options.unit])
    with (
        stoppable(),
        own_scratch(),
        CourseFolder(options.folder or unit.course.root, unit) as course,
        show_progress() as progress,
    ):
        students = choose_students(course, options.student)
        how: dict[str, Any] = {"jobs": options.jobs, "again": options.again}
        how |= {"fence": Level(options.fence), "progress": progress}
        how["scheduler"] = options.scheduler
        changes = None
        if options.dry_run:
            records, changes = try_class(course, students, **how)
        else:
            course.require_writable()  # told before the log is opened, which lies there, too
            with audited(course.root, "grade", unit.id) as entry:
                entry.students = students
                records = grade_class(course, students, engine=options.engine, **how)
                entry.graded(records)
        marks = None if changes is not None else Marks(course.points(), course.penalties())
    if options.json:
        told = {} if changes is None else {"changes": [asdict(change) for change in changes]}
        print(json.dumps(summary(unit, records, marks) | told, indent=1))
    else:
        graded = make_table(unit, records, {}, marks)
        _console().print(graded if changes is None else make_change_table(unit, changes))
        _print_reasons(records)
    if changes is not None:
        tried = f"{len(records)} of {len(students)} submissions were tried"
        print(f"{tried}; nothing was written.", file=sys.stderr)
    return 0 if is_well(records) else 1


def _regrade(options: argparse.Namespace) -> int:
    from coursekit.classroom.changes import make_change_table, try_class
    from coursekit.classroom.course_folder import CourseFolder
    from coursekit.classroom.grade import choose_students
    from coursekit.classroom.regrade import apply
    from coursekit.classroom.stopping import stoppable
    from coursekit.grading.levels import Level
    from coursekit.privacy.audit import audited

    (unit,) = Course.find().select([options.unit])
    with (
        stoppable(),
        own_scratch(),
        CourseFolder(options.folder or unit.course.root, unit) as course,
    ):
        with show_progress() as progress:
            records, changes = try_class(
                course,
                choose_students(course, []),
                jobs=options.jobs,
                fence=Level(options.fence),
                scheduler=options.scheduler,
                progress=progress,
            )
        if options.json:
            print(json.dumps([asdict(change) for change in changes], indent=1))
        else:
            _console().print(make_change_table(unit, changes))
        if not changes:
            print("No mark changes; nothing was written.", file=sys.stderr)
            return 0
        if not options.because:
            raise CourseError("Nothing was written: say why, for the students: --because TEXT.")
        if not (options.yes or _agreed(len(changes))):
            print("Nothing was written.", file=sys.stderr)
            return 1
        with audited(course.root, "regrade", unit.id) as entry, show_progress() as progress:
            entry.graded(records)
            messages = apply(course, records, changes, options.because, progress=progress)
    where = f" in {messages[0].parent}" if messages else ""
    print(f"{len(records)} graded again, {len(messages)} message(s){where}.", file=sys.stderr)
    return 0


def _agreed(count: int) -> bool:
    try:
        return input(f"Write these {count} changes? [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False


def _explain(options: argparse.Namespace) -> int:
    from coursekit.classroom.explain import explain
    from coursekit.classroom.records import read_record
    from coursekit.classroom.report import printable

    (unit,) = Course.find().select([options.unit])
    record = read_record(options.folder or unit.course.root, unit.id, options.student)
    for line in explain(record, options.question):
        print(printable(line))
    return 0


def _demo(options: argparse.Namespace) -> int:
    from coursekit.classroom.report import make_table
    from coursekit.classroom.stopping import stoppable
    from coursekit.demo.run import run_demo

    (unit,) = Course.find().select([options.unit])
    folder = options.folder or Path(tempfile.mkdtemp(prefix="coursekit-demo-"))
    with stoppable(), own_scratch(), show_progress() as progress:
        demo = run_demo(unit, options.students, folder, engine=options.engine, progress=progress)
    roles = {student.id: student.role for student in demo.students}
    _console().print(make_table(unit, demo.records, roles))
    _print_reasons(demo.records)
    print(f"Report: {demo.report}")
    for line in demo.surprises:
        print(f"not as declared: {line}", file=sys.stderr)
    if not demo.surprises:
        print("Every score is the one that the variants declare.")
    return 1 if demo.surprises else 0


def _console() -> Any:
    """Return where tables go; off a terminal (a log, a pipe) rich would fold them at 80."""
    from rich.console import Console

    return Console() if sys.stdout.isatty() else Console(width=140)


def _print_reasons(records: list[Record]) -> None:
    from coursekit.classroom.report import printable, reasons

    for record in records:
        for reason in reasons(record):
            print(f"{printable(record.student)}: {reason}")
