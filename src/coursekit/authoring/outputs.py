"""Stored outputs: only cells marked for comparison keep theirs, and only printed text.

A notebook is executed when its code changed. ``metadata.coursekit`` holds a digest of the code that
made the outputs, and one of the outputs, so that a stale or hand-edited one shows.
"""

from __future__ import annotations

import hashlib
import json
import textwrap
from pathlib import Path

from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from coursekit.authoring.environment import environment, notebook_client, socket_folder
from coursekit.sources.layout import CourseError
from coursekit.sources.notebook import Notebook
from coursekit.sources.progress import Progress, no_progress
from coursekit.sources.source import SourceCell

CELL_TIMEOUT = 600  # seconds; a lecture's budget is 240 in all


def restore_outputs(
    notebook: Notebook, built: Notebook | None, cells: list[SourceCell], *, always: bool = False
) -> bool:
    """Put a built notebook's stored outputs into a fresh one.

    Parameters
    ----------
    notebook : NotebookNode
        Fresh, without outputs; changed in place.
    built : NotebookNode or None
        What is on disk now.
    cells : list of SourceCell
        The cells that `notebook` was made from.
    always : bool, optional
        Whether it has to have run even if it keeps no outputs: nothing else tries a lecture's code.

    Returns
    -------
    bool
        False when the outputs are missing, stale or edited: `notebook` must be executed.
    """
    marked = _marked(notebook, cells)
    if not marked and not always:
        return True
    stored = dict(built.metadata.get("coursekit", {})) if built else {}
    if built is None or stored.get("code") != _code_digest(cells):
        return False
    by_id = {cell.id: cell for cell in built.cells if cell.cell_type == "code"}
    if any(cell.id not in by_id for cell in marked):
        return False
    kept = [by_id[cell.id] for cell in marked]
    if stored.get("outputs") != _outputs_digest(kept):
        return False
    for cell, before in zip(marked, kept, strict=True):
        cell.outputs = before.outputs
    _sign(notebook, cells, marked)
    return True


def execute(
    notebook: Notebook,
    cells: list[SourceCell],
    source: Path,
    *,
    held_out: Path,
    progress: Progress = no_progress,
) -> None:
    """Execute a notebook in place and keep the marked cells' printed text alone.

    Raises
    ------
    CourseError
        If a cell fails or writes to stderr, or a marked cell does anything but print; names file
        and line.
    """
    with socket_folder() as sockets, environment(COURSEKIT_HELD_OUT=str(held_out)):
        client = notebook_client(notebook, Path(sockets), timeout=CELL_TIMEOUT)
        with client.setup_kernel():
            _run_cells(client, cells, source, progress)
    for cell, made_from in zip(notebook.cells, cells, strict=True):
        if made_from.compared:
            _check_printed(cell, f"{source}:{made_from.line}")
    marked = _marked(notebook, cells)
    _clear_others(notebook, marked)
    _sign(notebook, cells, marked)


def _run_cells(
    client: NotebookClient, cells: list[SourceCell], source: Path, progress: Progress
) -> None:
    code = [index for index, cell in enumerate(cells) if cell.type == "code"]
    for done, index in enumerate(code):
        progress(source.name, done, len(code))
        where, cell = f"{source}:{cells[index].line}", client.nb.cells[index]
        try:
            client.execute_cell(cell, index)
        except CellExecutionError as error:
            raise CourseError(f"{where}: {error.ename}: {error.evalue}") from error
        _check_quiet(cell, where)
    progress(source.name, len(code), len(code))


def _marked(notebook: Notebook, cells: list[SourceCell]) -> list[Notebook]:
    return [cell for cell, source in zip(notebook.cells, cells, strict=True) if source.compared]


def _check_quiet(cell: Notebook, where: str) -> None:
    # Stock nbgrader takes points for it, and a warning that nobody explains unsettles a beginner.
    for output in cell.outputs:
        if output.get("name") == "stderr":
            said = textwrap.shorten(output.text, 200)
            raise CourseError(f"{where}: the cell writes to stderr, mend what warns: {said}")


def _check_printed(cell: Notebook, where: str) -> None:
    # A rich output (a frame's HTML, a picture) differs from one library version to the next.
    if not cell.outputs:
        raise CourseError(f"{where}: a cell marked NBVAL_CHECK_OUTPUT prints nothing to compare.")
    if any((o.output_type, o.get("name")) != ("stream", "stdout") for o in cell.outputs):
        raise CourseError(
            f"{where}: a cell marked NBVAL_CHECK_OUTPUT may only print text: use print()."
        )


def _clear_others(notebook: Notebook, marked: list[Notebook]) -> None:
    kept = {cell.id for cell in marked}
    for cell in notebook.cells:
        cell.metadata.pop("execution", None)  # nbclient's time stamps
        if cell.cell_type == "code" and cell.id not in kept:
            cell.outputs, cell.execution_count = [], None
    notebook.metadata["language_info"] = {"name": "python"}


def _sign(notebook: Notebook, cells: list[SourceCell], marked: list[Notebook]) -> None:
    # A count is a cell's place: all run once, from first to last.
    code = [cell.id for cell in notebook.cells if cell.cell_type == "code"]
    for cell in marked:
        cell.execution_count = code.index(cell.id) + 1
    notebook.metadata["coursekit"] = {
        "code": _code_digest(cells),
        "outputs": _outputs_digest(marked),
    }


def _outputs_digest(marked: list[Notebook]) -> str:
    return _digest([[cell.id, cell.execution_count, cell.outputs] for cell in marked])


def _code_digest(cells: list[SourceCell]) -> str:
    """Return a digest of what an author wrote: what the build adds makes no output."""
    return _digest([cell.text for cell in cells if cell.type == "code" and not cell.added])


def _digest(value: object) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:16]
