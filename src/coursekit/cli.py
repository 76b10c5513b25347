"""The ``coursekit`` command. Heavy imports wait until a command needs them."""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from coursekit.authoring.findings import Finding
from coursekit.authoring.layout import Course, CourseError, Unit
from coursekit.authoring.progress import Progress
from coursekit.check import add_check
from coursekit.grading.doctor import add_doctor


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
    parser = argparse.ArgumentParser(
        prog="coursekit", description="Build course notebooks, and show that their grading works."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    build = commands.add_parser("build", help="build notebooks from the text in course/")
    build.add_argument(
        "units", nargs="*", metavar="UNIT", help="such as 01_regression; default all"
    )
    build.add_argument("--check", action="store_true", help="write nothing; fail if out of date")
    build.add_argument("--force", action="store_true", help="execute again what looks current")
    build.set_defaults(run=_build)
    verify = commands.add_parser("verify", help="prove that the checks tell right from wrong")
    verify.add_argument("units", nargs="*", metavar="UNIT", help="default all")
    verify.add_argument("--all", action="store_true", help="also units that passed as they are")
    verify.add_argument(
        "--seeds", type=int, metavar="N", help="sweep quality checks, write margins.md"
    )
    verify.set_defaults(run=_verify)
    lint = commands.add_parser("lint", help="say what the sources of units lack or do wrong")
    lint.add_argument("units", nargs="*", metavar="UNIT", help="default all")
    lint.set_defaults(run=_lint)
    publish = commands.add_parser("publish", help="write the student repository")
    publish.add_argument("folder", type=Path, metavar="DIR", help="new, empty, or published before")
    publish.set_defaults(run=_publish)
    leaks = commands.add_parser("leaks", help="look for answers and hidden tests in what goes out")
    leaks.add_argument("targets", nargs="*", type=Path, metavar="TARGET", help="default notebooks/")
    leaks.add_argument(
        "--all", action="store_true", help="this is all that students get: tell unused exceptions"
    )
    leaks.set_defaults(run=_leaks)
    add_check(commands)
    add_doctor(commands)
    demo = commands.add_parser("demo", help="grade a sample class, made from a unit's variants")
    demo.add_argument("--students", type=int, default=12, metavar="N", help="default 12")
    demo.add_argument("--unit", default="01_regression", help="default 01_regression")
    demo.add_argument(
        "--folder", type=Path, metavar="DIR", help="new or empty; default a new temporary one"
    )
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


def _lint(options: argparse.Namespace) -> int:
    from coursekit.authoring.lint import lint

    units = Course.find().select(options.units)
    return _report([finding for unit in units for finding in lint(unit)], "nothing to mend")


def _publish(options: argparse.Namespace) -> int:
    from coursekit.authoring.publish import publish

    with _progress() as progress:
        changed = publish(Course.find(), options.folder, progress=progress)
    for path in changed:
        print(path, "" if path.exists() else "(removed)")
    print(f"{len(changed)} file(s) changed in {options.folder}: look at it, commit, push.")
    return 0


def _leaks(options: argparse.Namespace) -> int:
    from coursekit.authoring.leaks.gate import find_leaks

    course = Course.find()
    targets = options.targets or [course.root / "notebooks"]
    return _report(find_leaks(course, targets, whole=options.all), "no leaks")


def _report(findings: list[Finding], clean: str) -> int:
    for finding in findings:
        print(finding)
    print(f"{len(findings)} finding(s)." if findings else f"{clean.capitalize()}.")
    return 1 if findings else 0


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


def _verify(options: argparse.Namespace) -> int:
    from rich.console import Console

    from coursekit.grading.verdicts import explain, make_table, summarise
    from coursekit.grading.verify import is_verified, keep_verdict, verify

    if options.seeds is not None and options.seeds < 1:
        raise CourseError("A sweep needs at least one seed: use --seeds 20.")
    bad = 0
    for unit in Course.find().select(options.units):
        if unit.challenge is None:
            print(f"{unit.id}: no challenge, nothing to verify.")
        elif options.seeds:
            bad += _sweep(unit, options.seeds)
        elif is_verified(unit) and not options.all:
            print(f"{unit.id}: verified before, exactly as it is (--all tries it again).")
        else:
            with _progress() as progress:
                verdicts = verify(unit, progress=progress)
            Console(width=None if sys.stdout.isatty() else 100).print(make_table(unit, verdicts))
            print(*summarise(verdicts), sep="\n")
            if faults := explain(unit, verdicts):
                print(*faults, sep="\n", file=sys.stderr)
                bad += 1
            else:
                keep_verdict(unit)
    return 1 if bad else 0


def _sweep(unit: Unit, seeds: int) -> int:
    from coursekit.grading.sweep import sweep, write_margins

    with _progress() as progress:
        margins = sweep(unit, seeds, progress=progress)
    for row in margins:
        text = f"{row.check} ({row.answer.label}): {row.passed}/{len(row.ratios)} seeds pass"
        print(f"{text}, worst margin {max(row.ratios):.2f}, {row.seconds:.1f} s")
    bad = [row for row in margins if not row.holds]
    if bad:
        print(f"{unit.id}: {len(bad)} row(s) do not hold, margins.md unchanged.", file=sys.stderr)
    else:
        print(f"Margins: {write_margins(unit, seeds, margins)}")
    return len(bad)


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
