"""Measure `import coursekit` over fresh processes; the budget is 0.15 s beyond bare Python.

Run as ``python tests/bench/import_time.py``; exits 1 when the median is over the budget.
"""

import statistics
import subprocess
import sys

BUDGET_S = 0.15
PROBE = "import time; t = time.perf_counter(); import coursekit; print(time.perf_counter() - t)"


def main(runs: int = 11) -> int:
    """Print the median and the worst of `runs` imports."""
    command = [sys.executable, "-c", PROBE]
    times = [float(subprocess.check_output(command)) for _ in range(runs)]
    median = statistics.median(times)
    print(f"import coursekit: median {median:.3f} s, worst {max(times):.3f} s, budget {BUDGET_S} s")
    return int(median > BUDGET_S)


if __name__ == "__main__":
    sys.exit(main())
