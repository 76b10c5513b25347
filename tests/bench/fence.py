"""Measure what the fence adds to a submission: a child with it and one without, in turn.

Run as ``PYTHONPATH=tests python -m bench.fence [--rounds N] [--write]``.
"""

from __future__ import annotations

import argparse
import itertools
import sys
import time
from datetime import date
from pathlib import Path
from statistics import median

from bench.report import put_between
from coursekit.grading.fence.inner import LAYERS
from coursekit.grading.forks import WALL, WarmParent
from coursekit.grading.limits import Limits
from coursekit.grading.student import StudentSide

ROOT = Path(__file__).resolve().parents[2]
PARTS = ("until it is forked", "until a first cell has run", "until it has ended", "together")


def once(parent: WarmParent) -> list[float]:
    """Return the milliseconds of a child's life that runs one empty cell, step by step."""
    times = [time.perf_counter()]
    side = StudentSide(parent.fork(), Limits())
    times.append(time.perf_counter())
    side.run("c", "pass")
    times.append(time.perf_counter())
    side.end()
    times.append(time.perf_counter())
    steps = [1000 * (after - before) for before, after in itertools.pairwise(times)]
    return [*steps, sum(steps)]


def main() -> int:
    """Measure, print a table; 1 if the fence adds more than it may."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--rounds", type=int, default=60)
    parser.add_argument("--write", action="store_true", help="into docs/benchmarks.md")
    options = parser.parse_args()
    fenced, plain = [], []
    with WarmParent() as with_fence, WarmParent(without=(WALL, *LAYERS)) as without:
        once(with_fence), once(without)
        for _ in range(options.rounds):
            fenced.append(once(with_fence))
            plain.append(once(without))
    rows = []
    for part, name in enumerate(PARTS):
        a, b = (median(each[part] for each in found) for found in (fenced, plain))
        added = median(x[part] - y[part] for x, y in zip(fenced, plain, strict=True))
        rows.append(f"| {name} | {a:.1f} | {b:.1f} | {added:+.1f} |")
    text = [
        f"Measured on {date.today():%d %B %Y} by `PYTHONPATH=tests python -m bench.fence`, "
        f"{options.rounds} pairs, in turn; milliseconds, medians. At most 30 may be added.",
        "",
        "| a child | with the fence | without | added, in pairs |",
        "|---|--:|--:|--:|",
        *rows,
    ]
    print("\n".join(text))
    if options.write:
        put_between(ROOT / "docs" / "benchmarks.md", "fence", "\n".join(text))
    return 1 if added > 30 else 0


if __name__ == "__main__":
    sys.exit(main())
