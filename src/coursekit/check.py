"""The command ``coursekit check FILE.ipynb``: a student's self-check in a shell."""

import argparse
import json
import sys
import textwrap
from pathlib import Path
from typing import Any

from coursekit.handin import NOT_RUN, NOT_YET, PASS, Cell, flags, outcome_of, report


class CheckError(Exception):
    """A notebook cannot be checked; one sentence that says what to do."""


def main(arguments: list[str] | None = None) -> int:
    """Run ``coursekit`` where only the students' part is installed; 0 only if all is there."""
    parser = argparse.ArgumentParser(prog="coursekit", description="Check a challenge yourself.")
    add_check(parser.add_subparsers(required=True, metavar="COMMAND"))
    options = parser.parse_args(arguments)
    return int(options.run(options))


def add_check(commands: Any) -> None:
    """Add the command ``check`` to a parser's commands."""
    check = commands.add_parser("check", help="run a challenge, say what passes and is missing")
    check.add_argument("file", type=Path, metavar="FILE.ipynb")
    check.set_defaults(run=_check)


def _check(options: argparse.Namespace) -> int:
    try:
        executed = _execute(_read(options.file), options.file.resolve().parent)
    except CheckError as error:
        print(f"coursekit: {options.file}: {error}", file=sys.stderr)
        return 1
    lines, complete = report(executed["cells"], _stored)
    print(*lines, sep="\n")
    for cell in executed["cells"]:
        if flags(cell).get("grade") and _stored(cell)[1] == NOT_YET:
            print(f"\n{flags(cell)['grade_id']}\n{_message(cell)}")
    return 0 if complete else 1


def _read(file: Path) -> Any:
    """Return a notebook that has checks."""
    try:
        notebook = json.loads(file.read_text(encoding="utf-8"))
        checks = [cell for cell in notebook["cells"] if flags(cell).get("grade")]
    except OSError as error:
        raise CheckError(f"{error.strerror}: name the .ipynb that you want to hand in.") from error
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise CheckError("this is no notebook: name the .ipynb that you hand in.") from error
    if not checks:
        raise CheckError("it has no checks: name a challenge, or take a fresh copy of it.")
    return notebook


def _execute(notebook: Any, folder: Path) -> Any:
    """Run all cells in a fresh kernel, errors or not, with a progress bar."""
    try:
        import nbformat
        from jupyter_client.kernelspec import NoSuchKernel
        from nbclient import NotebookClient
        from nbclient.exceptions import CellTimeoutError, DeadKernelError
        from tqdm import tqdm
    except ModuleNotFoundError as error:
        todo = "run `python -m pip install jupyterlab`, then this again."
        raise CheckError(f"{error.name} is not installed here: {todo}") from None
    client = NotebookClient(
        nbformat.reads(json.dumps(notebook), as_version=4),
        allow_errors=True,
        timeout=600,
        kernel_name="python3",
        extra_arguments=["--log-level=ERROR"],
        resources={"metadata": {"path": str(folder)}},
    )
    try:
        with client.setup_kernel():
            for index, cell in enumerate(tqdm(client.nb.cells, desc="cells", unit="cell")):
                client.execute_cell(cell, index)
    except NoSuchKernel:
        raise CheckError("no kernel: run `python -m pip install ipykernel`.") from None
    except CellTimeoutError:
        raise CheckError("a cell ran for over 10 minutes: make its training shorter.") from None
    except DeadKernelError:
        raise CheckError("the kernel died: look for a cell that ends Python.") from None
    return client.nb


def _stored(cell: Cell) -> tuple[int, str]:
    """Return when and how a cell ran, by what its notebook stores."""
    number = cell.get("execution_count") or 0
    for output in cell.get("outputs", []):
        if output["output_type"] == "error":
            return number, outcome_of(output["ename"], output["evalue"])
    return number, PASS if number else NOT_RUN


def _message(cell: Cell) -> str:
    """Return what a check that does not pass says, indented."""
    said = next(o["evalue"] for o in cell["outputs"] if o["output_type"] == "error")
    return textwrap.indent(said, "    ")


if __name__ == "__main__":
    sys.exit(main())
