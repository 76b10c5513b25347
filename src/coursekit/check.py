"""The command ``coursekit check FILE.ipynb``: a student's self-check in a shell."""

import argparse
import io
import sys
import textwrap
import warnings
from pathlib import Path
from typing import Any

from coursekit.reader import UnreadableError, read_file
from coursekit.standing import (
    NOT_RUN,
    NOT_TRIED,
    PASS,
    Cell,
    flags,
    given_in,
    looks_like,
    outcome_of,
    put_right,
    question,
    report,
    wanted_name,
)

LIMIT = 600  # seconds for one cell


class CheckError(Exception):
    """A notebook cannot be checked; one sentence that says what to do."""


def main(arguments: list[str] | None = None) -> int:
    """Run ``coursekit`` where only the students' part is installed; 0 only if all is there."""
    parser = argparse.ArgumentParser(prog="coursekit", description="Check a challenge yourself.")
    add_check(parser.add_subparsers(required=True, metavar="COMMAND"))
    print_anything()
    options = parser.parse_args(arguments)
    return int(options.run(options))


def print_anything() -> None:
    """Let what is printed have any character: into a file, Windows knows few."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def add_check(commands: Any) -> None:
    """Add the command ``check`` to a parser's commands."""
    check = commands.add_parser("check", help="run a challenge, say what passes and is missing")
    check.add_argument(
        "file", type=Path, metavar="FILE.ipynb", help="in quotes if it has blanks or brackets"
    )
    check.add_argument("--quiet", action="store_true", help="no progress bar")
    check.set_defaults(run=_check)


def _check(options: argparse.Namespace) -> int:
    try:
        notebook, notes = _read(options.file)
        trouble = _execute(notebook, options.file.resolve().parent, options.quiet)
    except CheckError as error:
        print(f"coursekit: {options.file}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("coursekit: stopped; the file is as it was.", file=sys.stderr)
        return 130
    print(*_stops(notebook.cells), *trouble, sep="\n", end="\n" * bool(trouble))
    lines, complete = report(notebook.cells, _stored, given_in(notebook.cells), fresh=True)
    print(*notes, *lines, sep="\n")
    return 0 if complete and not trouble else 1


def _read(file: Path) -> tuple[Any, list[str]]:
    """Return a challenge without outputs, in the format of today, and what is odd about it."""
    try:
        read = read_file(file)
    except UnreadableError as error:
        raise CheckError(str(error)) from None
    cells = read.to_dicts()
    given, wanted = given_in(cells), wanted_name(cells)
    notes = [*read.notes, *put_right(cells, given)]
    if wanted and file.name != wanted:
        notes.append(f"To hand it in, call it {wanted}: the file is called {file.name}.")
    if not any(flags(cell).get("grade") for cell in cells):
        if given:
            todo = "the grader looks for your answers by their names; to check them, copy them"
            raise CheckError(f"its cells have lost their names: {todo} into a fresh notebook.")
        what = f"it has no checks, it looks like {looks_like(cells)}"
        raise CheckError(f"{what}: name a challenge, or take a fresh copy of it.")
    if not given:
        todo = "rename this file, fetch a fresh one, copy your answers into it."
        raise CheckError(f"its last cell, which knows what was given out, is gone: {todo}")
    try:
        import nbformat
    except ModuleNotFoundError as error:
        raise _missing(error) from None
    metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3"}}
    notebook = {"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5}
    return nbformat.from_dict(notebook), notes


def _execute(notebook: Any, folder: Path, quiet: bool) -> list[str]:
    """Run all cells in a fresh kernel, errors or not; return why it ended before the last cell."""
    try:
        from jupyter_client.kernelspec import NoSuchKernel
        from nbclient import NotebookClient
        from nbclient.exceptions import CellTimeoutError, DeadKernelError
        from tqdm import tqdm
    except ModuleNotFoundError as error:
        raise _missing(error) from None
    client = NotebookClient(
        notebook,
        kernel_name="python3",
        kernel_manager_class=own_kernel_manager(),
        allow_errors=True,
        timeout=LIMIT,
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(folder)}},
    )
    # On Windows pyzmq tells how it gets along with asyncio there: no business of a student.
    warnings.filterwarnings("ignore", "Proactor event loop", RuntimeWarning)
    where = "the first cell"
    try:
        with client.setup_kernel():
            for index, cell in enumerate(tqdm(notebook.cells, unit="cell", disable=quiet)):
                where = _place(cell)
                client.execute_cell(cell, index)
    except NoSuchKernel:
        raise CheckError("no kernel: run `python -m pip install ipykernel`.") from None
    except CellTimeoutError:
        todo = "does its loop end? If it trains, make the training shorter."
        return [f"{where} ran for over {LIMIT} s: {todo} Nothing below it was run."]
    except DeadKernelError:
        todo = "does it call exit(), or need too much memory?"
        return [f"{where} ended Python: {todo} Nothing below it was run."]
    except (OSError, RuntimeError) as error:
        why = str(error) or type(error).__name__
        todo = "is the disk full, or a firewall in the way of 127.0.0.1?"
        raise CheckError(f"the kernel cannot be started ({why}): {todo}") from None
    return []


def own_kernel_manager() -> Any:
    """Return the class that starts this Python's kernel, whatever else is called python3 here."""
    from jupyter_client.kernelspec import KernelSpecManager
    from jupyter_client.manager import AsyncKernelManager
    from traitlets import default

    class OwnKernelManager(AsyncKernelManager):
        @default("kernel_spec_manager")  # type: ignore[untyped-decorator]
        def _only_ours(self) -> KernelSpecManager:
            return KernelSpecManager(kernel_dirs=[])

    return OwnKernelManager


def _missing(error: ModuleNotFoundError) -> CheckError:
    todo = "run `python -m pip install jupyterlab`, then this again."
    return CheckError(f"{error.name} is not installed here: {todo}")


def _stored(cell: Cell) -> tuple[int, str]:
    """Return when and how a cell ran, by what its notebook stores."""
    number = cell.get("execution_count") or 0
    if error := _error(cell):
        return number, outcome_of(error["ename"], error["evalue"])
    return number, PASS if number else NOT_RUN


def _stops(cells: list[Cell]) -> list[str]:
    """Say what each cell says that ended in an error, unless it was not tried."""
    said = []
    for cell in cells:
        error = _error(cell)
        if error and _stored(cell)[1] != NOT_TRIED:
            text = error["evalue"]
            if error["ename"] == "StdinNotImplementedError":
                text = "input() has nobody to type in the grader: use the function's arguments."
            elif error["ename"] not in ("ExpectationError", "NotInstalled"):
                text = f"{error['ename']}: {text}"
            said.append(f"{_place(cell)} stopped:\n{textwrap.indent(text, '    ')}\n")
            if error["ename"] == "NotInstalled":
                break  # whatever follows fails for the same reason
    return said


def _error(cell: Cell) -> Any:
    errors = (o for o in cell.get("outputs", []) if o["output_type"] == "error")
    return next(errors, None)


def _place(cell: Cell) -> str:
    """Return what people call a cell."""
    name = str(flags(cell).get("grade_id", ""))
    if flags(cell).get("solution"):
        return f"{question(name)}, your answer"
    if name.startswith("install"):
        return "the first cell"
    if name.endswith("-given"):
        return "a given cell"
    return question(name) if name else "a cell of your own"


if __name__ == "__main__":
    sys.exit(main())
