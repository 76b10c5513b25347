"""What instructors call before and after an LMS: ``collect``, ``export``."""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coursekit.cli.progress import show_progress
from coursekit.cli.scratch import own_scratch
from coursekit.sources.layout import UNIT_ID, Course, CourseError

if TYPE_CHECKING:
    from coursekit.lms.collect import Placed

WORDS = {
    "new": "new",
    "newer": "newer than what was there, which is kept in attempts/",
    "older": "older than what is there, kept in attempts/",
    "same": "there already",
}


def add_commands(commands: Any) -> None:
    """Add the room's commands to a parser's."""
    collect = commands.add_parser(
        "collect", help="sort a download of Moodle, Canvas, ... by student"
    )
    collect.add_argument(
        "sources",
        nargs="+",
        metavar="FILE",
        help="zips, folders, notebooks; at the end a unit, for files that nobody can read",
    )
    collect.add_argument(
        "--roster", type=Path, metavar="CSV", help="students; nobody else comes in"
    )
    collect.add_argument("--folder", type=Path, metavar="DIR", help="default the course repository")
    collect.add_argument(
        "--zone", metavar="NAME", help="of times in zips, Europe/Berlin; default the course's"
    )
    collect.add_argument("--json", action="store_true", help="print one JSON document")
    collect.set_defaults(run=_collect)
    export = commands.add_parser(
        "export", help="write a unit's marks, or fill in an LMS's own file"
    )
    export.add_argument("unit", metavar="UNIT")
    export.add_argument("--to", choices=("csv", "canvas", "moodle"), default="csv")
    export.add_argument(
        "--into", type=Path, metavar="FILE", help="Canvas' gradebook or Moodle's worksheet to fill"
    )
    export.add_argument("--column", default="", metavar="TITLE", help="Canvas' assignment")
    export.add_argument(
        "--out", type=Path, metavar="FILE", help="default beside --into, or in --folder, or here"
    )
    export.add_argument("--folder", type=Path, metavar="DIR", help="default the course repository")
    export.add_argument("--anonymous", action="store_true", help="call students by other names")
    export.add_argument("--json", action="store_true", help="print the marks, and write nothing")
    export.set_defaults(run=_export)


def _collect(options: argparse.Namespace) -> int:
    from coursekit.classroom.deadlines import named_zone, zone_of
    from coursekit.lms.collect import collect
    from coursekit.privacy.audit import audited

    course, names = Course.find(), list(options.sources)
    unit = None
    if UNIT_ID.fullmatch(names[-1]) and not Path(names[-1]).exists():
        (unit,) = course.select([names.pop()])
    if not names:
        raise CourseError("Nothing to collect: name a zip, a notebook or a folder.")
    root = options.folder or course.root
    root.mkdir(parents=True, exist_ok=True)
    with own_scratch(), show_progress() as progress, audited(root, "collect") as entry:
        placed, left = collect(
            course,
            [Path(name) for name in names],
            folder=options.folder,
            unit=unit,
            roster=options.roster,
            zone=named_zone(options.zone) if options.zone else zone_of(course),
            progress=progress,
        )
        entry.students = sorted({each.student for each in placed})
    if options.json:
        told = {"placed": [asdict(each) for each in placed], "left": [asdict(one) for one in left]}
        print(json.dumps(told, indent=1, default=str))
    else:
        _print(placed)
        for one in left:
            print(f"not placed: {_line(one.label)}: {_line(one.why)}", file=sys.stderr)
    return 1 if left else 0


def _export(options: argparse.Namespace) -> int:
    from coursekit.classroom.course_folder import CourseFolder
    from coursekit.classroom.lateness import settle_penalties
    from coursekit.lms.export import fill, marks_of, to_csv
    from coursekit.lms.roster import kept_students
    from coursekit.privacy.audit import audited
    from coursekit.privacy.pseudonyms import names_of

    if options.anonymous and options.to != "csv":
        raise CourseError("A system must know whose mark it is: use --anonymous with --to csv.")
    if (options.to == "csv") is (options.into is not None):
        wanted = "a file to fill, --into FILE" if options.to != "csv" else "no --into"
        raise CourseError(f"--to {options.to} needs {wanted}.")
    (unit,) = Course.find().select([options.unit])
    with (
        own_scratch(),
        CourseFolder(options.folder or unit.course.root, unit) as course,
        audited(course.root, "export", unit.id) as entry,
    ):
        settle_penalties(course)
        names = names_of(course.root, anonymous=options.anonymous)
        entry.students = course.handed_in()
        entry.note = " ".join([options.to, *["anonymous"] * options.anonymous])
        if options.to == "csv":
            roster = kept_students(course.root)
            marks = marks_of(course, roster)
            marks = [replace(mark, student=names.of(mark.student)) for mark in marks]
            marks = sorted(marks, key=lambda mark: mark.student)
            roster = [] if options.anonymous else roster
            if options.json:
                print(json.dumps([asdict(mark) for mark in marks], indent=1))
                return 0
            out = options.out or (options.folder or Path()) / f"{unit.id}-marks.csv"
            # The mark of order tells spreadsheets that it is UTF-8.
            out.write_bytes(b"\xef\xbb\xbf" + to_csv(course, marks, roster).encode())
            whole = sum(mark.total is not None for mark in marks)
            print(f"{out}: {len(marks)} students, {whole} of them graded to the end.")
            return 0
        filled = fill(options.to, options.into, course, options.column)
    out = options.out or options.into.with_name(f"{options.into.stem}-filled.csv")
    out.write_bytes(filled.text)
    other = f", {filled.changed} of them in place of another number" if filled.changed else ""
    where = f"the column {_line(filled.column)!r}"
    print(f"{out}: {filled.count} marks filled into {where}{other}; nothing else is changed.")
    for student in filled.left:
        print(f"no line of this file is {_line(student)}'s: enter it by hand.", file=sys.stderr)
    return 1 if filled.left else 0


def _print(placed: list[Placed]) -> None:
    counts = Counter((each.unit, each.what) for each in placed)
    for unit in sorted({each.unit for each in placed}):
        for what, words in WORDS.items():
            if count := counts[unit, what]:
                print(f"{unit}: {count} {words}.")
    for each in placed:
        if each.note:
            print(f"{each.student}, {each.unit}: {_line(each.note)}")
    if not placed:
        print("No notebook was found.")


def _line(text: str) -> str:
    """Return text as one line that steers no terminal: names come from outside."""
    from coursekit.classroom.report import printable

    return printable(text).replace("\n", "\N{REPLACEMENT CHARACTER}")
