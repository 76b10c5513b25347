"""Time an instructor's evening: a Moodle download of a class, collected, graded, marked, sent out.

Run as ``PYTHONPATH=tests python -m bench.evening [--students N] [--unit UNIT] [--write]``. Every
command is run as a process of its own, in a folder of its own, as an instructor runs it.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from bench.report import put_between, table
from coursekit.demo.sample_class import sample_class, write_submission
from coursekit.sources.layout import Course, Unit
from coursekit.sources.source import read_source
from downloads import archive

ROOT = Path(__file__).resolve().parents[2]
HEAD = "Identifier,Full name,Email address,Status,Grade,Maximum Grade,Feedback comments"


def download(unit: Unit, size: int, folder: Path) -> tuple[Path, Path]:
    """Write what Moodle gives for a class that handed in: the zip, and the grading worksheet."""
    points = sum(cell.points for cell in read_source(unit.require_challenge()))
    files, rows = {}, [HEAD]
    for number, student in enumerate(sample_class(unit, size), 1):
        path = write_submission(unit, student, folder / "made")
        name, key = f"Student {number:04d}", 70_000 + number
        files[f"{name}_{key}_assignsubmission_file/{path.name}"] = path.read_bytes()
        status = "Submitted for grading - Not graded"
        rows.append(f"Participant {key},{name},s{number}@example.org,{status},,{points:.2f},")
    worksheet = folder / "worksheet.csv"
    worksheet.write_text("\n".join(rows) + "\n", encoding="utf-8")
    return archive(folder / "download.zip", files), worksheet


def steps(unit: Unit, size: int, folder: Path) -> list[tuple[str, list[str], str, set[int]]]:
    """Return name, arguments, what is typed, and the exit codes that are right, of each command.

    One file of the class is broken, so grading and exporting say so by their exit codes.
    """
    zipped, worksheet = download(unit, size, folder)
    written = sum(cell.kind == "task" for cell in read_source(unit.require_challenge()))
    there = ["--folder", str(folder / "class")]
    (folder / "class").mkdir()
    return [
        ("collect", [str(zipped), unit.id, "--roster", str(worksheet), *there], "", {0}),
        ("grade --jobs 2", [unit.id, "--jobs", "2", *there], "", {1}),
        ("mark", [unit.id, *there], "1\n\n" * written * size, {0}),
        ("feedback", [unit.id, *there], "", {0}),
        ("export", [unit.id, "--out", str(folder / "marks.csv"), *there], "", {0}),
        ("export --to moodle", [unit.id, "--into", str(worksheet), *there], "", {0}),
    ]


def main() -> int:
    """Run the evening, print a table; 1 if a command does not end as it should."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--students", type=int, default=500)
    parser.add_argument("--unit", default="00_foundations")
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks.md")
    options = parser.parse_args()
    (unit,) = Course(ROOT).select([options.unit])
    rows, total = [], 0.0
    with tempfile.TemporaryDirectory() as made:
        for name, arguments, typed, right in steps(unit, options.students, Path(made)):
            command = [sys.executable, "-m", "coursekit.cli", *name.split(), *arguments]
            began = time.perf_counter()
            done = subprocess.run(command, cwd=ROOT, input=typed, capture_output=True, text=True)
            seconds = time.perf_counter() - began
            said = (done.stdout or done.stderr).strip().splitlines()[-1:] or [""]
            print(f"{name}: {seconds:.1f} s. {said[0][:150]}", flush=True)
            if done.returncode not in right:
                print(done.stderr[-2000:], file=sys.stderr)
                return 1
            rows.append([f"`{name}`", f"{seconds:.1f}", f"{1000 * seconds / options.students:.0f}"])
            total += seconds
    rows.append(["all", f"{total:.0f}", f"{1000 * total / options.students:.0f}"])
    text = (
        f"Measured on {date.today():%d %B %Y} by `PYTHONPATH=tests python -m bench.evening`: "
        f"{options.students} students of `{unit.id}`, one of them with a broken file, from "
        "Moodle's zip to its worksheet with the marks filled in.\n\n"
    ) + table(["command", "s", "ms a student"], rows)
    print(text)
    if options.write:
        put_between(ROOT / "docs" / "benchmarks.md", "evening", text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
