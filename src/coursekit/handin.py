"""What a notebook says of itself: unfinished answers in one line, and a summary before handing in.

Source: IPython's ``post_run_cell`` event, ``set_custom_exc`` and ``_render_traceback_``.
"""

import itertools
import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from coursekit.reader import UnreadableError, read_file, read_notebook
from coursekit.standing import NOT_RUN, PASS, Cell, outcome_of, put_right, report, source_of

UNTRIED = (
    "Not tried yet: write {name} in its cell above, run that cell, then this one again. (Written? "
    "Then its cell has not run, or `raise NotImplementedError` still stands in it.)"
)
MISSING = "{error}. Run the cells above, from the first on; an answer keeps the name it was given."
RESTART = "Runtime → Restart session and run all, then File → Download → Download .ipynb"

_runs: dict[str, tuple[int, str]] = {}  # source of a cell -> number and outcome of its last run
_count = itertools.count(1)


def attach(shell: Any) -> None:
    """Let an IPython shell note how each cell goes, and say frequent errors in one line.

    Parameters
    ----------
    shell : IPython.core.interactiveshell.InteractiveShell
    """
    shell.set_custom_exc((NotImplementedError, NameError), _show)
    if remember not in shell.events.callbacks["post_run_cell"]:
        shell.events.register("post_run_cell", remember)


def remember(result: Any) -> None:
    """Note how a cell went.

    Parameters
    ----------
    result : IPython.core.interactiveshell.ExecutionResult
    """
    error = result.error_before_exec or result.error_in_exec
    outcome = outcome_of(type(error).__name__, str(error)) if error else PASS
    _runs[(result.info.raw_cell or "").strip()] = next(_count), outcome


def summary(name: str, *, given: str) -> None:
    """Print which checks pass, what is missing, and how to hand the notebook in.

    Parameters
    ----------
    name : str
        Name of the file that was given out.
    given : str
        Grade ids of the checks and written questions that were given out.
    """
    colab = "google.colab" in sys.modules
    try:
        cells, where = _on_colab() if colab else _as_saved(name)
    except (UnreadableError, OSError, ValueError, LookupError, TypeError):
        cells, where = [], f"{name} cannot be read at this moment: save, and run this again."
    print(where)
    if cells and not _runs:
        print("The set-up cell has not run: restart the kernel and run all cells, from the first.")
    elif cells:
        notes = put_right(cells, given.split())
        print(*notes, *report(cells, _last_run, given.split())[0], sep="\n")
    steps = RESTART if colab else "restart the kernel, run all cells, save"
    print(f"To hand in: {steps}. The file is to be called {name}.")


def _last_run(cell: Cell) -> tuple[int, str]:
    return _runs.get(source_of(cell), (0, NOT_RUN))


def _on_colab() -> tuple[list[Cell], str]:
    from google.colab import _message

    found = _message.blocking_request("get_ipynb", request="", timeout_sec=20)
    notebook = read_notebook(json.dumps(found["ipynb"]).encode())
    return notebook.to_dicts(), "This notebook, as it stands:"


def _as_saved(name: str) -> tuple[list[Cell], str]:
    known = vars(sys.modules["__main__"]).get("__vsc_ipynb_file__") or os.getenv("JPY_SESSION_NAME")
    path = Path(known or "")
    if path.suffix != ".ipynb" or not path.is_file():
        todo = f'Or run in a terminal, in its folder: coursekit check "{name}"'
        renamed = f"{path.name or 'The file'} is not found. Renamed or moved? Close and open it."
        return [], f"{renamed}\n{todo}"
    clock = time.strftime("%H:%M:%S", time.localtime(path.stat().st_mtime))
    cells = read_file(path).to_dicts()
    return cells, f"{path.name}, as saved at {clock} (changed since? Save, and run this again):"


def _show(shell: Any, kind: Any, error: Any, trace: Any, tb_offset: Any = None) -> None:
    """Show a frequent error in one line; it stays an error on iopub and in the reply."""
    frame = trace
    while frame.tb_next is not None:
        frame = frame.tb_next
    code, text = frame.tb_frame.f_code, str(error) or "not tried yet"
    # An error that Keras, or the student's own code on purpose, raises keeps its traceback.
    if frame.tb_frame.f_globals.get("__name__") == "__main__":
        line = ""
        if kind is NotImplementedError and "not tried yet" in text:
            name = getattr(code, "co_qualname", code.co_name).replace("<module>", "your answer")
            line = UNTRIED.format(name=name)
        elif isinstance(error, NameError) and code.co_name.startswith("<"):  # the cell itself
            line = MISSING.format(error=str(error).partition(".")[0])
        if line:
            error._render_traceback_ = lambda: [line]
    shell.showtraceback((kind, error, trace), tb_offset=tb_offset)
