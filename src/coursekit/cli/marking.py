"""What a marker calls: ``mark``, ``feedback``."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import datetime, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from coursekit.cli.progress import show_progress
from coursekit.cli.scratch import own_scratch
from coursekit.sources.layout import Course, CourseError

if TYPE_CHECKING:
    from coursekit.classroom.course_folder import CourseFolder
    from coursekit.marking.by_hand import Answer, ByHand

HELP = "points, Enter to leave it for later, q to stop: "
OFFERED = 9  # comments


def add_commands(commands: Any) -> None:
    """Add the room's commands to a parser's."""
    mark = commands.add_parser("mark", help="mark by hand, one written answer after the other")
    mark.add_argument("unit", metavar="UNIT")
    mark.add_argument("--names", action="store_true", help="show whose answer it is")
    mark.add_argument("--folder", type=Path, metavar="DIR", help="default the course repository")
    mark.set_defaults(run=_mark)
    feedback = commands.add_parser("feedback", help="write the page that each student gets")
    feedback.add_argument("unit", metavar="UNIT")
    feedback.add_argument(
        "--with-solutions",
        action="store_true",
        help="after the deadline: a solution, another right answer, what a mistake is called",
    )
    feedback.add_argument("--student", nargs="+", action="extend", default=[], metavar="ID")
    feedback.add_argument(
        "--folder", type=Path, metavar="DIR", help="default the course repository"
    )
    feedback.add_argument("--json", action="store_true", help="print one JSON document")
    feedback.set_defaults(run=_feedback)


def _mark(options: argparse.Namespace) -> int:
    from coursekit.classroom.course_folder import CourseFolder
    from coursekit.classroom.report import printable
    from coursekit.marking.by_hand import ByHand

    (unit,) = Course.find().select([options.unit])
    with own_scratch(), CourseFolder(options.folder or unit.course.root, unit) as course:
        desk = ByHand(course)
        waiting, done = desk.waiting(), 0
        shown = ""
        for number, answer in enumerate(waiting, 1):
            if answer.cell != shown:
                shown = answer.cell
                _show_question(answer)
            whose = f", {printable(answer.student)}" if options.names else ""
            print(f"\n--- {number} of {len(waiting)}{whose} " + "-" * 40)
            print(printable(answer.text.strip()) or "(nothing is written)")
            try:
                done += _ask(course, desk, answer)
            except (EOFError, StopIteration):
                break
    left = len(waiting) - done
    print(f"\n{done} marked, {left} left. Run it again to go on; formgrader shows the same.")
    return 0 if not left else 1


def _feedback(options: argparse.Namespace) -> int:
    from coursekit.classroom.course_folder import CourseFolder
    from coursekit.classroom.grade import choose_students
    from coursekit.classroom.lateness import settle_penalties
    from coursekit.marking.feedback import Pages
    from coursekit.privacy.audit import audited

    course = Course.find()
    (unit,) = course.select([options.unit])
    root = options.folder or course.root
    with own_scratch(), CourseFolder(root, unit) as folder, show_progress() as progress:
        if options.with_solutions:
            _require_over(folder)
        students = choose_students(folder, options.student)
        settle_penalties(folder)
        pages = []
        with audited(folder.root, "feedback", unit.id) as entry:
            entry.students = students
            entry.note = "with solutions" if options.with_solutions else ""
            for path in Pages(folder, solutions=options.with_solutions).write(students):
                pages.append(path)
                if len(pages) % 20 == 0:
                    progress("feedback", len(pages), len(students))
        progress("feedback", len(students), len(students))
    if options.json:
        print(json.dumps({"pages": [str(path) for path in pages]}, indent=1))
    else:
        print(f"{len(pages)} page(s) in {root / 'feedback'}.")
    if without := len(students) - len(pages):
        print(f"{without} student(s) have no points yet, and no page.", file=sys.stderr)
    return 0


def _require_over(folder: CourseFolder) -> None:
    from coursekit.classroom.lateness import Lateness

    with folder.gradebook() as gradebook:
        last = Lateness(folder).last(gradebook)
    if last is not None and datetime.now(timezone.utc) < last:
        until, unit = f"{last:%Y-%m-%d %H:%M} UTC", folder.unit.id
        raise CourseError(f"{unit} may be handed in until {until}: give solutions out later.")


def _ask(course: CourseFolder, desk: ByHand, answer: Answer) -> int:
    """Ask for points and a comment until they are right; return how many answers were marked."""
    from coursekit.marking.by_hand import TakenError
    from coursekit.privacy.audit import audited

    while True:
        said = input(f"0 to {answer.most:g} {HELP}").strip().replace(",", ".")
        if not said:
            return 0
        if said.lower() == "q":
            raise StopIteration
        try:
            points = float(said)
        except ValueError:
            points = -1.0
        if not 0 <= points <= answer.most:
            print(f"Points go from 0 to {answer.most:g}.", file=sys.stderr)
            continue
        comment = _comment(desk, answer)
        try:
            with audited(course.root, "mark", course.unit.id) as entry:
                entry.students = [answer.student]
                desk.save(answer, points, comment)
        except TakenError as error:
            print(f"{error} Its mark stays as it is.", file=sys.stderr)
            return 0
        return 1


def _comment(desk: ByHand, answer: Answer) -> str:
    from coursekit.classroom.report import printable

    known = desk.comments(answer.cell)[:OFFERED]
    for number, text in enumerate(known, 1):
        print(f"  {number}: {printable(text)}")
    said = input("comment, " + "its number, " * bool(known) + "or Enter: ").strip()
    if said.isdecimal() and 1 <= int(said) <= len(known):
        return known[int(said) - 1]
    return said


def _show_question(answer: Answer) -> None:
    from coursekit.classroom.report import printable

    print("\n" + "=" * 70)
    print(printable(answer.asked))
    print("\nMark scheme:")
    print(printable(answer.scheme))
