"""Execute lectures, once for each text: what was executed is kept under `.cache/executed/`."""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Iterable
from importlib.metadata import version
from pathlib import Path
from typing import Any

import nbformat
from nbclient.exceptions import CellExecutionError
from nbconvert.preprocessors import CoalesceStreamsPreprocessor

from coursekit.authoring.environment import notebook_client
from coursekit.sources.layout import Course, CourseError
from coursekit.sources.progress import Progress

LIMIT = 600  # seconds a cell may take; a lecture's budget is 240 in all


def execute(course: Course, names: Iterable[str], progress: Progress) -> dict[str, Any]:
    """Return executed notebooks by name; only what changed since the last time is executed.

    Parameters
    ----------
    course : Course
    names : iterable of str
        Notebooks, from the repository's root.
    progress : callable
        Told how many code cells are done, so that the time left can be shown.

    Raises
    ------
    CourseError
        If a cell fails.
    """
    kept = {name: _kept_at(course, name) for name in names}
    todo = {
        name: nbformat.read(course.root / name, as_version=4)
        for name, path in kept.items()
        if not path.exists()
    }
    total = sum(cell.cell_type == "code" for notebook in todo.values() for cell in notebook.cells)
    done = 0
    for name, notebook in todo.items():
        for former in kept[name].parent.glob(f"{Path(name).stem}.*"):
            former.unlink()
        progress("execute", done, total)

        def step(cell_index: int, notebook: Any = notebook, **_: Any) -> None:
            nonlocal done
            done += notebook.cells[cell_index].cell_type == "code"
            progress("execute", done, total)

        _execute(name, notebook, step)
        kept[name].parent.mkdir(parents=True, exist_ok=True)
        whole = kept[name].with_suffix(".new")
        nbformat.write(notebook, whole)
        whole.replace(kept[name])  # at once: a run that is stopped leaves no half notebook
    return {name: join_prints(nbformat.read(path, as_version=4)) for name, path in kept.items()}


def join_prints(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """Join what was printed in pieces, as JupyterLab does: a row of dots is one line, not many."""
    join: Any = CoalesceStreamsPreprocessor  # it has no types
    joined: nbformat.NotebookNode = join().preprocess(notebook, {})[0]
    return joined


def _execute(name: str, notebook: Any, step: Any) -> None:
    with tempfile.TemporaryDirectory() as sockets:
        client = notebook_client(notebook, Path(sockets), timeout=LIMIT, on_cell_complete=step)
        try:
            client.execute()
        except CellExecutionError as error:
            last = str(error).strip().splitlines()[-1]
            raise CourseError(f"{name}: a cell fails ({last}): mend the lecture.") from error


def _kept_at(course: Course, name: str) -> Path:
    """Return where the executed notebook is kept: its name says what it was made from."""
    digest = hashlib.sha256((course.root / name).read_bytes())
    package = course.root / "src/coursekit"
    for path in sorted(package.glob("*.*")):  # quiz.js and datasets.json count, too
        if path.name != "cli.py":
            digest.update(path.read_bytes())
    for library in ("keras", "tensorflow"):
        digest.update(version(library).encode())
    digest.update(str(bool(os.environ.get("COURSEKIT_DATA"))).encode())  # are the full sets there?
    folder = course.root / ".cache/executed"
    return folder / f"{Path(name).stem}.{digest.hexdigest()[:16]}.ipynb"
