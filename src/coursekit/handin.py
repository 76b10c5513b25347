"""Sum up a challenge before it is handed in: what passes, what is missing, what to do next.

Nothing here is graded, and nothing needs nbgrader: outcomes come from IPython, the list of checks
from the notebook itself.
"""

import itertools
import json
import os
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

PASS, NOT_YET, NOT_TRIED, NOT_RUN = "pass", "not yet", "not tried", "not run"
HIDDEN = "# The grader also asks this with other values."
BLANK = "*Replace this line with your answer.*"

_runs: dict[str, tuple[int, str]] = {}  # source of a cell -> number and outcome of its last run
_count = itertools.count(1)

Cell = dict[str, Any]
Run = Callable[[Cell], tuple[int, str]]


def remember(result: Any) -> None:
    """Note how a cell went; `setup.start` makes IPython call it after each.

    Parameters
    ----------
    result : IPython.core.interactiveshell.ExecutionResult
    """
    error = result.error_before_exec or result.error_in_exec
    outcome = outcome_of(type(error).__name__, str(error)) if error else PASS
    _runs[(result.info.raw_cell or "").strip()] = next(_count), outcome


def summary(*, checks: int) -> None:
    """Print which checks pass, what is missing, and how to hand the notebook in.

    Parameters
    ----------
    checks : int
        How many check cells the notebook had when it was given out.
    """
    notebook = _this_notebook()
    if notebook is None:
        todo = "save, and run `coursekit check FILE.ipynb` with its name in a terminal."
        print(f"This program does not say where its notebook is: {todo}")
        return
    lines, _ = report(notebook["cells"], lambda cell: _runs.get(_source(cell), (0, NOT_RUN)))
    missing = checks - sum(bool(flags(cell).get("grade")) for cell in notebook["cells"])
    if missing > 0:
        lines.append(f"{missing} check(s) of {checks} are gone: copy your answers to a fresh copy.")
    colab = "google.colab" in sys.modules
    menu = "File → Download → Download .ipynb" if colab else "save, then File → Download"
    lines.append(f"To hand in: restart, run all, {menu}. That one file; keep its name.")
    print("\n".join(lines))


def report(cells: list[Cell], run: Run) -> tuple[list[str], bool]:
    """Say in lines how a challenge stands.

    Parameters
    ----------
    cells : list of dict
        The cells of a notebook file.
    run : callable
        Tells for a cell when it ran last (0: never) and how it went.

    Returns
    -------
    list of str
    bool
        Whether every check passes and every written answer has words.
    """
    checks = [cell for cell in cells if flags(cell).get("grade")]
    found = {outcome: [c for c in checks if run(c)[1] == outcome] for outcome in
             (PASS, NOT_YET, NOT_TRIED, NOT_RUN)}  # fmt: skip
    hidden = sum(HIDDEN in _source(cell) for cell in checks)
    lines = [f"{len(found[PASS])} of {len(checks)} checks pass; {hidden} have hidden parts."]
    for outcome in (NOT_YET, NOT_TRIED, NOT_RUN):
        if found[outcome]:
            lines.append(f"{outcome}: " + ", ".join(map(_name, found[outcome])))
    words = {
        _name(task): len(_source(answer).replace(BLANK, "").split())
        for task, answer in itertools.pairwise(cells)
        if flags(task).get("task")
    }
    lines += [f"written answer, {name}: {n} words" for name, n in words.items()]
    order = [run(cell)[0] for cell in cells if cell["cell_type"] == "code"]
    ran = [number for number in order if number]
    if ran != sorted(ran):
        lines.append("Cells ran out of order: restart the kernel and run all cells, top to bottom.")
    return lines, len(found[PASS]) == len(checks) and all(words.values())


def outcome_of(error: str, message: str) -> str:
    """Return what an error says of a check: not tried, or not yet."""
    untried = error == "NotImplementedError" and "not tried yet" in message
    return NOT_TRIED if untried else NOT_YET


def _this_notebook() -> Any:
    """Return the notebook that runs here, or None: as Colab shows it, or as it was last saved."""
    if "google.colab" in sys.modules:
        from google.colab import _message  # type: ignore[import-not-found]

        return _message.blocking_request("get_ipynb", request="", timeout_sec=20)["ipynb"]
    names = (
        sys.modules["__main__"].__dict__.get("__vsc_ipynb_file__"),
        os.getenv("JPY_SESSION_NAME"),
    )
    for name in filter(None, names):
        if Path(name).suffix == ".ipynb" and Path(name).is_file():
            return json.loads(Path(name).read_text(encoding="utf-8"))
    return None


def flags(cell: Cell) -> dict[str, Any]:
    """Return nbgrader's metadata of a cell, or nothing."""
    found: dict[str, Any] = cell["metadata"].get("nbgrader", {})
    return found


def _source(cell: Cell) -> str:
    return "".join(cell["source"]).strip()


def _name(cell: Cell) -> str:
    """Return "question 3 (shape)" for the grade id q3_build_model-shape."""
    grade_id = str(flags(cell)["grade_id"])
    parts = re.fullmatch(r"q(\d+)_\w+?(?:-(\w+))?", grade_id)
    if not parts:
        return grade_id
    return f"question {parts[1]}" + (f" ({parts[2]})" if parts[2] else "")
