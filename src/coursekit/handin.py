"""Sum up a challenge before it is handed in: what passes, what is missing, what to do next.

Nothing here is graded, and nothing needs nbgrader: outcomes come from IPython, the list of checks
from the notebook itself.
"""

import itertools
import json
import os
import re
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

PASS, NOT_YET, NOT_TRIED, NOT_RUN = "pass", "not yet", "not tried", "not run"
HIDDEN = "# The grader also runs a hidden part of this check."
BLANK = "*Replace this line with your answer.*"

Cell = dict[str, Any]
Run = Callable[[Cell], tuple[int, str]]

_runs: dict[str, tuple[int, str]] = {}  # source of a cell -> number and outcome of its last run
_count = itertools.count(1)


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
    colab = "google.colab" in sys.modules
    cells, saved = _on_colab() if colab else _as_saved()
    if cells:
        print(saved)
        print(*report(cells, lambda cell: _runs.get(source_of(cell), (0, NOT_RUN)))[0], sep="\n")
        if (gone := checks - sum(bool(flags(cell).get("grade")) for cell in cells)) > 0:
            print(f"{gone} of {checks} checks are gone: copy your answers into a fresh notebook.")
    else:
        print("This program does not tell where the notebook is. In a terminal, run")
        print("    coursekit check NAME.ipynb")
    menu = "File → Download → Download .ipynb" if colab else "save, and take the .ipynb file"
    print(f"To hand in: restart the kernel, run all cells, {menu}. Keep its name.")


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
    by = {what: [c for c in checks if run(c)[1] == what] for what in (NOT_YET, NOT_TRIED, NOT_RUN)}
    passed = len(checks) - sum(map(len, by.values()))
    hidden = sum(HIDDEN in source_of(cell) for cell in checks)
    lines = [f"{passed} of {len(checks)} checks pass; {hidden} have a hidden part."]
    lines += [f"{what}: " + ", ".join(map(_name, found)) for what, found in by.items() if found]
    words = {
        _name(task): len(source_of(answer).replace(BLANK, "").split())
        for task, answer in itertools.pairwise(cells)
        if flags(task).get("task")
    }
    lines += [f"written answer, {name}: {n} words" for name, n in words.items()]
    order = [run(cell)[0] for cell in cells if cell["cell_type"] == "code"]
    ran = [number for number in order if number]
    if ran != sorted(ran):
        lines.append("Cells ran out of order: restart the kernel and run all, top to bottom.")
    return lines, passed == len(checks) and all(words.values())


def outcome_of(error: str, message: str) -> str:
    """Return what an error says of a check: not tried, or not yet."""
    untried = error == "NotImplementedError" and "not tried yet" in message
    return NOT_TRIED if untried else NOT_YET


def flags(cell: Cell) -> dict[str, Any]:
    """Return nbgrader's metadata of a cell, or nothing."""
    return cell.get("metadata", {}).get("nbgrader", {})  # type: ignore[no-any-return]


def source_of(cell: Cell) -> str:
    """Return a cell's text, which files keep in lines or whole."""
    return "".join(cell["source"]).strip()


def _on_colab() -> tuple[list[Cell], str]:
    from google.colab import _message

    found = _message.blocking_request("get_ipynb", request="", timeout_sec=20)
    return (found or {}).get("ipynb", {}).get("cells", []), "This notebook, as it stands:"


def _as_saved() -> tuple[list[Cell], str]:
    name = vars(sys.modules["__main__"]).get("__vsc_ipynb_file__") or os.getenv("JPY_SESSION_NAME")
    path = Path(name or "")
    if path.suffix != ".ipynb" or not path.is_file():
        return [], ""
    clock = time.strftime("%H:%M:%S", time.localtime(path.stat().st_mtime))
    cells = json.loads(path.read_text(encoding="utf-8"))["cells"]
    return cells, f"{path.name}, as saved at {clock} (changed since? Save, and run this again):"


def _name(cell: Cell) -> str:
    """Return "question 3 (shape)" for the grade id q3_build_model-shape."""
    grade_id = str(flags(cell)["grade_id"])
    parts = re.fullmatch(r"q(\d+)_\w+?(?:-(\w+))?", grade_id)
    if not parts:
        return grade_id
    return f"question {parts[1]}" + (f" ({parts[2]})" if parts[2] else "")
