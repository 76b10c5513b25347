"""The ``coursekit`` command. Heavy imports wait until a command needs them."""

from __future__ import annotations

import argparse
import os
import sys

from coursekit.check import add_check, print_anything
from coursekit.classroom.doctor import add_doctor
from coursekit.cli import authoring, classroom, fence, insight, lms, marking, proving
from coursekit.sources.layout import CourseError


def main(arguments: list[str] | None = None) -> int:
    """Run the command and return its exit code: 0 only when all is well."""
    print_anything()
    options = _parser().parse_args(arguments)
    try:
        return int(options.run(options))
    except CourseError as error:
        print(f"coursekit: {error}", file=sys.stderr)
        return 1
    except BrokenPipeError:  # whoever read along has seen enough, such as `head`
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        return 1
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        todo = "is it there, may you read and write it, is the disk full?"
        print(f"coursekit: {where}{error.strerror or error}: {todo}", file=sys.stderr)
        return 1
    except KeyboardInterrupt as stop:
        print(f"coursekit: stopped. {stop}".rstrip(), file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="coursekit", description="Build course notebooks, and show that their grading works."
    )
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    authoring.add_commands(commands)
    proving.add_commands(commands)
    add_check(commands)
    add_doctor(commands)
    lms.add_commands(commands)
    classroom.add_commands(commands)
    marking.add_commands(commands)
    insight.add_commands(commands)
    fence.add_commands(commands)
    return parser
