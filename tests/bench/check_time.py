"""Measure what a check adds to its own computation, in a real kernel; the budget is 0.1 s.

Run as ``python tests/bench/check_time.py``. Each kind of check is timed against a cell that does
nothing, in turn, with `setup.start` and its hook at work; the figure is the median difference.
"""

import statistics
import sys
import tempfile
import time
from pathlib import Path

import nbformat

from coursekit.authoring.environment import notebook_client

BUDGET_S = 0.1
START = """\
from coursekit import expect, handin, setup
setup.start()
def stub():
    raise NotImplementedError("not tried yet")"""
NOTHING = "pass"
CHECKS = {
    "passes": "expect.close([0.1 + 0.2] * 1000, [0.3] * 1000)",
    "not yet": "expect.close([0.1] * 1000, [0.3] * 1000, hint=('first', 'second'))",
    "not tried": "expect.equal(stub(), 1)",
}


def measure(runs: int = 41) -> dict[str, float]:
    """Return the median seconds that each kind of check adds to an empty cell."""
    sources = [START, *([NOTHING, *CHECKS.values()] * runs)]
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(s) for s in sources])
    times: dict[str, list[float]] = {source: [] for source in sources}
    with tempfile.TemporaryDirectory() as sockets:
        client = notebook_client(notebook, Path(sockets), allow_errors=True)
        with client.setup_kernel():
            for index, cell in enumerate(notebook.cells):
                began = time.perf_counter()
                client.execute_cell(cell, index)
                times[cell.source].append(time.perf_counter() - began)
    base = statistics.median(times[NOTHING])
    return {name: statistics.median(times[source]) - base for name, source in CHECKS.items()}


def main() -> int:
    """Print what each kind of check adds; 1 if one is over the budget."""
    added = measure()
    for name, seconds in added.items():
        print(f"a check, {name}: {1000 * seconds:.1f} ms added, budget {1000 * BUDGET_S:.0f} ms")
    return int(max(added.values()) > BUDGET_S)


if __name__ == "__main__":
    sys.exit(main())
