"""A small unit as cells, and what grades answers to it in a child of a warm parent."""

from __future__ import annotations

from dataclasses import dataclass

from coursekit.grading.fence.inner import LAYERS
from coursekit.grading.forks import WALL, WarmParent
from coursekit.grading.judge import Judge
from coursekit.grading.limits import Limits
from coursekit.grading.record import Outcome, Verdict
from coursekit.grading.session import Session
from coursekit.intake.sheet import Cell, Sheet

ALL_LAYERS = ("judge", WALL, *LAYERS)
LIMITS = Limits(cpu_call=0.8, cpu_cell=1.2, cpu_notebook=30.0, wall=20.0)
BAIT = "secret-7310942"  # stands in hidden regions alone

SETUP = """import functools
import numpy as np
data = np.arange(6.0)
settings = {"rates": [0.1, 0.2]}
@functools.cache
def table():
    return np.arange(4.0)
@functools.cache
def tried(function):
    return [function(3)]
def twice(function, x):
    return function(function(x))
"""
DOUBLE = """assert double(1) == 2, "double(1) is not 2"
assert tried(double) == tried(double)
### BEGIN HIDDEN TESTS
_bait = "secret-7310942"
_x = np.random.default_rng(7310942).normal(size=3)
assert np.allclose(double(_x), 2 * _x), f"double is wrong {_bait}"
assert double(1310942) == 2621884
### END HIDDEN TESTS
"""
TOTAL = """_values = [1, 2, 3]
assert total(_values) == 6
assert _values == [1, 2, 3], "total changed its argument"
"""
FILL = """_array = np.zeros(3)
fill(_array)
assert _array.tolist() == [1, 1, 1], f"fill left {_array.tolist()}"
fill(data)
fill(table())
fill(settings["rates"])
assert (data[5], table()[3], settings["rates"][1]) == (5, 3, 0.2), "what was given has changed"
"""
LAST = """assert last(data) == 5.0
assert last(table()) == 3.0
### BEGIN HIDDEN TESTS
assert last(np.array([4.0, 7310942.0])) == 7310942.0
assert last([1, 2]) == 2
### END HIDDEN TESTS
"""
SOLUTIONS = {
    "q1_double": "def double(x):\n    return 2 * x",
    "q2_total": "def total(values):\n    return sum(values)",
    "q3_fill": "def fill(array):\n    array[:] = [1] * len(array)",
    "q4_last": "def last(values):\n    return values[-1]",
}
CHECKS = {"q1_double": DOUBLE, "q2_total": TOTAL, "q3_fill": FILL, "q4_last": LAST}
POINTS = {"q1_double": 2.0, "q2_total": 1.0, "q3_fill": 3.0, "q4_last": 4.0}
MOST = sum(POINTS.values())


def stub(solution: str) -> str:
    """Return what students are given instead of a solution."""
    return solution.splitlines()[0] + '\n    raise NotImplementedError("not tried yet")'


def cells_of(
    setup: str, solutions: dict[str, str], checks: dict[str, str], points: dict[str, float]
) -> tuple[Cell, ...]:
    """Return a unit: its given cell, and each answer with its check below it, as stubs."""
    found = [Cell("setup", "given", setup)]
    for name, solution in solutions.items():
        empty = stub(solution)
        found.append(Cell(name, "answer", empty, name, stub=empty))
        found.append(Cell(f"{name}-check", "check", checks[name], name, points[name]))
    return tuple(found)


UNIT = cells_of(SETUP, SOLUTIONS, CHECKS, POINTS)


@dataclass(frozen=True)
class Graded:
    """What became of answers."""

    outcomes: dict[str, Outcome]
    session: Session

    @property
    def points(self) -> float:
        return sum(outcome.points or 0 for outcome in self.outcomes.values())

    @property
    def verdicts(self) -> list[str]:
        return [outcome.verdict.value for outcome in self.outcomes.values()]

    @property
    def lost(self) -> dict[str, str]:
        """Verdicts of questions that did not pass."""
        return {
            name: outcome.verdict.value
            for name, outcome in self.outcomes.items()
            if outcome.verdict is not Verdict.PASS
        }

    @property
    def shown(self) -> str:
        """All that a student may see: outputs of cells, messages of visible parts."""
        seen = [str(ran.outputs) for ran in self.session.ran.values()]
        for outcome in self.outcomes.values():
            seen.append(outcome.shown)
            if not outcome.hidden:
                seen += [outcome.text, str(outcome.trace)]
        return "\n".join(seen)


def sheet(
    answers: dict[str, str], own: dict[str, list[str]] | None = None, unit: tuple[Cell, ...] = UNIT
) -> Sheet:
    """Return the sheet of a student with these answers, and own cells below some others."""
    found: list[Cell] = []
    for cell in unit:
        if cell.kind == "answer":
            cell = Cell(cell.id, "answer", answers.get(cell.id, cell.stub), cell.id, stub=cell.stub)
        found.append(cell)
        for at, source in enumerate((own or {}).get(cell.id, [])):
            found.append(Cell(f"own-{cell.id}-{at}", "own", source))
    return Sheet("01_small", "small.ipynb", tuple(found))


def grade(
    judge: Judge,
    parent: WarmParent,
    answers: dict[str, str],
    own: dict[str, list[str]] | None = None,
    *,
    limits: Limits = LIMITS,
    unit: tuple[Cell, ...] = UNIT,
) -> Graded:
    """Grade answers, and let the judge forget them."""
    session = Session(judge, parent, sheet(answers, own, unit), limits)
    try:
        return Graded({outcome.question: outcome for outcome in session.grade()}, session)
    finally:
        judge.forget()
