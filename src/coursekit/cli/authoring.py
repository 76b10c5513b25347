"""What authors call: ``build``, ``lint``, ``leaks``, ``publish``."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

from coursekit.cli.progress import show_progress
from coursekit.sources.findings import Finding
from coursekit.sources.layout import Course


def add_commands(commands: Any) -> None:
    """Add the room's commands to a parser's."""
    build = commands.add_parser("build", help="build notebooks from the text in course/")
    build.add_argument(
        "units", nargs="*", metavar="UNIT", help="such as 01_regression; default all"
    )
    build.add_argument("--check", action="store_true", help="write nothing; fail if out of date")
    build.add_argument("--force", action="store_true", help="execute again what looks current")
    _add_json(build)
    build.set_defaults(run=_build)
    lint = commands.add_parser("lint", help="say what the sources of units lack or do wrong")
    lint.add_argument("units", nargs="*", metavar="UNIT", help="default all")
    _add_json(lint)
    lint.set_defaults(run=_lint)
    leaks = commands.add_parser("leaks", help="look for answers and hidden tests in what goes out")
    leaks.add_argument("targets", nargs="*", type=Path, metavar="TARGET", help="default notebooks/")
    leaks.add_argument(
        "--all", action="store_true", help="this is all that students get: tell unused exceptions"
    )
    _add_json(leaks)
    leaks.set_defaults(run=_leaks)
    publish = commands.add_parser("publish", help="write the student repository")
    publish.add_argument("folder", type=Path, metavar="DIR", help="new, empty, or published before")
    _add_json(publish)
    publish.set_defaults(run=_publish)


def _add_json(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--json", action="store_true", help="print one JSON document")


def _build(options: argparse.Namespace) -> int:
    from coursekit.authoring.build import build, check, strangers

    course = Course.find()
    units = course.select(options.units)
    with show_progress() as progress:
        if options.check:
            findings = check(units, progress=progress)
        else:
            changed = build(units, force=options.force, progress=progress)
    if options.json:
        told = list(findings) if options.check else []
        paths = [] if options.check else [str(path.relative_to(course.root)) for path in changed]
        print(json.dumps({"findings": told, "changed": paths}, indent=1, default=str))
        return 1 if told else 0
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
    for path in strangers(units):
        print(f"{path.relative_to(course.root)}: the build did not make it here: move it away.")
    print(f"{len(units)} unit(s) built, {len(changed)} file(s) changed.")
    return 0


def _lint(options: argparse.Namespace) -> int:
    from coursekit.lint import lint

    units = Course.find().select(options.units)
    return _report(
        [finding for unit in units for finding in lint(unit)], "nothing to mend", options
    )


def _leaks(options: argparse.Namespace) -> int:
    from coursekit.leaks.gate import find_leaks

    course = Course.find()
    targets = options.targets or [course.root / "notebooks"]
    return _report(find_leaks(course, targets, whole=options.all), "no leaks", options)


def _report(findings: list[Finding], clean: str, options: argparse.Namespace) -> int:
    if options.json:
        print(json.dumps({"findings": [asdict(finding) for finding in findings]}, indent=1))
        return 1 if findings else 0
    for finding in findings:
        print(finding)
    print(f"{len(findings)} finding(s)." if findings else f"{clean.capitalize()}.")
    return 1 if findings else 0


def _publish(options: argparse.Namespace) -> int:
    from coursekit.authoring.publish import publish

    with show_progress() as progress:
        changed = publish(Course.find(), options.folder, progress=progress)
    if options.json:
        print(json.dumps({"changed": [str(path) for path in changed]}, indent=1))
        return 0
    for path in changed:
        print(path, "" if path.exists() else "(removed)")
    print(f"{len(changed)} file(s) changed in {options.folder}: look at it, commit, push.")
    return 0
