"""The command ``coursekit check FILE.ipynb``: a student's self-check in a shell."""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from coursekit.handin import NOT_RUN, PASS, Cell, flags, outcome_of, report


def main(arguments: list[str] | None = None) -> int:
    """Run the command ``coursekit check FILE.ipynb``; 0 only if nothing is missing."""
    parser = argparse.ArgumentParser(prog="coursekit")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    add_check(commands)
    options = parser.parse_args(arguments)
    return int(options.run(options))


def add_check(commands: Any) -> None:
    """Add the command ``check`` to a parser's."""
    check = commands.add_parser("check", help="run a challenge, say what passes and is missing")
    check.add_argument("file", type=Path, metavar="FILE.ipynb")
    check.set_defaults(run=_check)


def _check(options: argparse.Namespace) -> int:
    try:
        notebook = json.loads(options.file.read_text(encoding="utf-8"))
        cells = [cell for cell in notebook["cells"] if cell["cell_type"] in ("code", "markdown")]
    except (OSError, ValueError, KeyError, TypeError) as error:
        reason = f"{options.file} is no notebook that can be read ({type(error).__name__})"
        print(f"coursekit: {reason}: name the .ipynb that you want to hand in.", file=sys.stderr)
        return 1
    if not any(flags(cell).get("grade") for cell in cells):
        print(f"coursekit: {options.file} has no checks: name a challenge.", file=sys.stderr)
        return 1
    executed = _execute(notebook, options.file.resolve().parent)
    lines, complete = report(executed["cells"], _stored)
    print("\n".join(lines))
    return 0 if complete else 1


def _execute(notebook: Any, folder: Path) -> Any:
    """Run all cells in a fresh kernel, errors or not, with a progress bar."""
    import nbformat
    from nbclient import NotebookClient
    from tqdm import tqdm

    client = NotebookClient(
        nbformat.from_dict(notebook),
        allow_errors=True,
        timeout=600,
        kernel_name="python3",
        resources={"metadata": {"path": str(folder)}},
    )
    with client.setup_kernel():
        for index, cell in enumerate(tqdm(client.nb.cells, desc="cells", unit="cell")):
            client.execute_cell(cell, index)
    return client.nb


def _stored(cell: Cell) -> tuple[int, str]:
    """Return when and how a cell ran, by what its notebook stores."""
    errors = [output for output in cell["outputs"] if output["output_type"] == "error"]
    number = cell["execution_count"] or 0
    if errors:
        return number, outcome_of(errors[0]["ename"], errors[0]["evalue"])
    return number, PASS if number else NOT_RUN
