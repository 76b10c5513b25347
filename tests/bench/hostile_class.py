"""Grade a class of which a fifth is broken or hostile, at 1, 2 and 8 jobs; write what came of it.

Run as ``PYTHONPATH=tests python -m bench.hostile_class [--students N] [--write]``.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from datetime import date
from pathlib import Path

from attacks.cases import Case, read_corpus
from attacks.stage import Result, Stage
from attacks.units import unit_of
from bench.report import put_between

ROOT = Path(__file__).resolve().parents[2]
JOBS = (1, 2, 8)
SEED = 16


def choose(number: int) -> list[Case]:
    """Return some cases of the small challenge, each of a student alone, the same each time."""
    cases = [
        case
        for case in read_corpus().values()
        if unit_of(case.family) == "small"
        and not case.allowed
        and not any(part.accomplice for part in case.parts)
    ]
    return random.Random(SEED).sample(cases, number)


def main() -> int:
    """Grade, compare, print a table; 1 if a status or mark is not as expected."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--students", type=int, default=200)
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks.md")
    options = parser.parse_args()
    cases = choose(options.students // 5)
    expected = {case.name: Result.expected(case) for case in cases}
    rows, wrong, marks = [], 0, []
    with tempfile.TemporaryDirectory() as folder, Stage(Path(folder), "small") as stage:
        students = stage.hand_in_all(cases, options.students - len(cases))
        for jobs in JOBS:
            began = time.perf_counter()
            records = stage.grade_all(students, jobs)
            seconds = time.perf_counter() - began
            found = {name: Result.of(record) for name, record in records.items()}
            bad = [
                name
                for name, result in found.items()
                if result != expected.get(name, Result("graded", 10.0, {}, frozenset()))
            ]
            harmed = [name for name, record in records.items() if stage.harm(record)]
            for name in bad:
                print(f"{jobs} jobs, {name}: {found[name]}", file=sys.stderr)
            wrong += len(bad) + len(harmed) + (len(records) != len(students))
            marks.append({name: (r.status, r.points, r.lost) for name, r in found.items()})
            rows.append(f"| {jobs} | {len(records)} | {len(bad)} | {len(harmed)} | {seconds:.0f} |")
            print(rows[-1], flush=True)
    same = all(each == marks[0] for each in marks)
    text = [
        f"Measured on {date.today():%d %B %Y} by `PYTHONPATH=tests python -m bench.hostile_class`: "
        f"{options.students} submissions, {len(cases)} of them broken or hostile (drawn from the "
        "corpus by a fixed seed), the others right.",
        "",
        "| jobs | ended with a status | not the expected one | bait harmed | s |",
        "|--:|--:|--:|--:|--:|",
        *rows,
        "",
        f"Marks and statuses at {', '.join(map(str, JOBS))} jobs: "
        + ("equal." if same else "**not equal**."),
    ]
    print("\n".join(text))
    if options.write:
        put_between(ROOT / "docs" / "benchmarks.md", "class", "\n".join(text))
    return 1 if wrong or not same else 0


if __name__ == "__main__":
    sys.exit(main())
