"""Turn source cells into a notebook with nbgrader's metadata and stable ids."""

from __future__ import annotations

import copy
import hashlib
from collections import Counter
from typing import Any, TypeAlias

import nbformat
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from coursekit.sources.source import SourceCell

Notebook: TypeAlias = Any  # nbformat.NotebookNode, which publishes no types

KERNEL = {
    "kernelspec": {"display_name": "Python 3 (ipykernel)", "language": "python", "name": "python3"},
    "language_info": {"name": "python"},
}
QUIZ = ("answers = {", "quiz.ask(")
# A quiz's code holds its answers, and installing teaches nothing: JupyterLab and VS Code, Colab and
# the site fold what begins with a title. Colab shows the title instead.
FOLD = "# @title "
ASK = f"{FOLD}A question: run this cell, then click on an answer.\n"
FOLDED = {"jupyter": {"source_hidden": True}, "cellView": "form", "tags": ["hide-input"]}
# nbgrader's flags (grade, solution, locked, task) for each kind of cell
FLAGS = {
    "prompt": (False, False, True, False),
    "answer": (False, True, False, False),
    "check": (True, False, True, False),
    "task": (False, False, True, True),
    "given": (False, False, True, False),
}


def make_notebook(cells: list[SourceCell], *, links: dict[str, str] | None = None) -> Notebook:
    """Return the notebook of `cells`, without outputs.

    Parameters
    ----------
    cells : list of SourceCell
        What ``read_source`` returned.
    links : dict of str to str, optional
        What to put for each ``{{word}}`` in Markdown, such as the badge.

    Returns
    -------
    nbformat.NotebookNode
        Graded cells have their grade id as cell id; the others a hash of their text and its
        occurrence number, so that an edit changes one id and not all.
    """
    seen: Counter[str] = Counter()
    notebook = new_notebook(metadata=KERNEL)
    after_task = ""
    for source in cells:
        text = _fill(source.text, links or {}) if source.type == "markdown" else source.text
        make = new_markdown_cell if source.type == "markdown" else new_code_cell
        cell = make(text, id=_cell_id(source, text, after_task, seen))
        if source.type == "code" and text.startswith(QUIZ):
            cell.source = ASK + text
        if source.kind != "plain":
            cell.metadata["nbgrader"] = _nbgrader_metadata(source)
        if source.type == "code" and cell.source.startswith(FOLD):
            cell.metadata.update(copy.deepcopy(FOLDED))
        notebook.cells.append(cell)
        after_task = source.name if source.kind == "task" else ""
    return notebook


def _fill(text: str, links: dict[str, str]) -> str:
    for word, link in links.items():
        text = text.replace("{{" + word + "}}", link)
    return text


def _cell_id(source: SourceCell, text: str, after_task: str, seen: Counter[str]) -> str:
    if after_task:
        return f"{after_task}-answer"
    if source.grade_id:
        return source.grade_id
    digest = hashlib.sha256(text.encode()).hexdigest()[:8]
    seen[digest] += 1
    return f"{digest}-{seen[digest]}"


def _nbgrader_metadata(source: SourceCell) -> dict[str, object]:
    flags = dict(zip(("grade", "solution", "locked", "task"), FLAGS[source.kind], strict=True))
    metadata: dict[str, object] = {**flags, "grade_id": source.grade_id, "schema_version": 3}
    if source.kind in ("check", "task"):
        metadata["points"] = source.points
    return metadata


def to_bytes(notebook: Notebook) -> bytes:
    """Return the file of a valid notebook: sorted keys, one space of indent, a final newline."""
    nbformat.validate(notebook)
    text: str = nbformat.writes(notebook, version=4)
    return (text.rstrip("\n") + "\n").encode()
