"""What a teacher calls before a lecture, and to delete somebody: ``report``, ``forget``."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coursekit.cli.progress import show_progress
from coursekit.cli.scratch import own_scratch
from coursekit.sources.layout import Course, CourseError, Unit

if TYPE_CHECKING:
    from coursekit.privacy.pseudonyms import Names


def add_commands(commands: Any) -> None:
    """Add the room's commands to a parser's."""
    report = commands.add_parser("report", help="write a page about a class: what to teach again")
    report.add_argument("unit", metavar="UNIT", nargs="?", help="left out with --course")
    report.add_argument("--course", action="store_true", help="all units, side by side")
    report.add_argument("--anonymous", action="store_true", help="call students by other names")
    report.add_argument("--out", type=Path, metavar="FILE", help="default in reports/")
    report.add_argument("--folder", type=Path, metavar="DIR", help="default the course repository")
    report.add_argument("--json", action="store_true", help="print one JSON document, write none")
    report.set_defaults(run=_report)
    forget = commands.add_parser("forget", help="delete all that the class's folder has of someone")
    forget.add_argument("student", metavar="STUDENT")
    forget.add_argument("--yes", action="store_true", help="delete without asking")
    forget.add_argument("--folder", type=Path, metavar="DIR", help="default the course repository")
    forget.set_defaults(run=_forget)


def _report(options: argparse.Namespace) -> int:
    from coursekit.insight.course import course_findings
    from coursekit.insight.page import course_page, unit_page, write_page
    from coursekit.privacy.audit import audited
    from coursekit.privacy.pseudonyms import names_of

    if options.course is bool(options.unit):
        raise CourseError("Say a unit, or --course for all of them.")
    course = Course.find()
    root = (options.folder or course.root).resolve()
    units = course.select([options.unit] if options.unit else [])
    there = {unit: [p.parent.name for p in root.glob(f"submitted/*/{unit.id}")] for unit in units}
    chosen = [unit for unit in units if unit.challenge and (there[unit] or options.unit)]
    if not chosen:
        raise CourseError(f"Nobody has handed in anything in {root}: collect, then grade.")
    ending = "-anonymous" if options.anonymous else ""
    path = options.out or root / "reports" / f"{options.unit or 'course'}{ending}.html"
    with audited(root, "report", options.unit or "") as entry, own_scratch():
        entry.students = sorted({student for unit in chosen for student in there[unit]})
        entry.note = "anonymous" if options.anonymous else ""
        names = names_of(root, anonymous=options.anonymous)
        found = _findings(root, chosen, names)
        pages = {each["unit"]: path.with_name(f"{each['unit']}{ending}.html") for each in found}
        data = found[0]
        if options.course:
            left = [unit.id for unit in units if unit not in chosen]
            data = course_findings(found, left, anonymous=options.anonymous)
        if options.json:
            print(json.dumps(data, indent=1))
            return 0
        for each in found if options.course else ():
            write_page(pages[each["unit"]], unit_page(each, pages[each["unit"]]))
        write_page(path, course_page(data, ending) if options.course else unit_page(data, path))
    print(f"Report: {path}")
    return 0


def _findings(root: Path, units: list[Unit], names: Names) -> list[dict[str, Any]]:
    from coursekit.classroom.course_folder import CourseFolder
    from coursekit.insight.findings import findings

    made = []
    with show_progress() as progress:
        for unit in units:
            with CourseFolder(root, unit) as folder:
                made.append(findings(folder, names, progress))
    return made


def _forget(options: argparse.Namespace) -> int:
    from coursekit.classroom.course_folder import CourseFolder
    from coursekit.classroom.report import printable
    from coursekit.privacy.audit import audited
    from coursekit.privacy.forget import Forgetting

    course = Course.find()
    unit = next(unit for unit in course.units if unit.challenge)
    with own_scratch(), CourseFolder(options.folder or course.root, unit) as folder:
        forgetting, shown = Forgetting(folder, options.student), printable(options.student)
        for line in forgetting.found():
            print(printable(line))
        if not (options.yes or _agreed(f"Delete all this of {shown}?")):
            print("Nothing was deleted.", file=sys.stderr)
            return 1
        with audited(folder.root, "forget") as entry:
            entry.students = [options.student]
            deleted = forgetting.delete()
    print(f"{len(deleted)} place(s) deleted. The log keeps the id, and that it was deleted.")
    print("Not looked into: copies elsewhere, exported marks, the LMS, nbgrader's exchange.")
    return 0


def _agreed(question: str) -> bool:
    try:
        return input(f"{question} [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False
