"""The autograded notebook: what nbgrader would have left, written from master and record."""

from __future__ import annotations

import copy
import re
from typing import Any

from nbformat.v4 import new_code_cell, new_markdown_cell, new_output

from coursekit.classroom.feedback import NOTE, told_to_student
from coursekit.classroom.sanitise import Sanitiser, harmless_error
from coursekit.grading.record import Outcome, Record, Verdict
from coursekit.intake.sheet import Cell
from coursekit.sources.notebook import Notebook

CELL_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
LANGUAGE = {  # as a kernel says it
    "codemirror_mode": {"name": "ipython", "version": 3},
    "file_extension": ".py",
    "mimetype": "text/x-python",
    "name": "python",
    "nbconvert_exporter": "python",
    "pygments_lexer": "ipython3",
}
PRINTED = 100_000  # characters


def make_autograded(master: Notebook, record: Record) -> Notebook:
    """Return the notebook of a graded submission, in nbgrader's own shape.

    Parameters
    ----------
    master : nbformat.NotebookNode
        What `CourseFolder.master` returned; it is not changed.
    record : Record
        With cells. Their sources and outputs come from the student and are made harmless; checks,
        questions and given cells come from the master.
    """
    notebook = copy.deepcopy({key: value for key, value in master.items() if key != "cells"})
    notebook["metadata"]["language_info"] = LANGUAGE | {
        "version": record.versions.get("python", "")
    }
    writer = _Writer(master, record)
    cells = [writer.cell(at, cell) for at, cell in enumerate(record.cells)]
    return type(master)(notebook, cells=cells)


class _Writer:
    """Writes cells one after the other."""

    def __init__(self, master: Notebook, record: Record) -> None:
        self.record, self.sanitiser = record, Sanitiser()
        self.known = {_id(cell): cell for cell in master.cells}
        self.outcomes = {outcome.check: outcome for outcome in record.outcomes}
        self.own = [c.source for c in record.cells if c.kind in ("answer", "own")]
        self.count = 0

    def cell(self, at: int, cell: Cell) -> Notebook:
        """Return one cell with its outputs."""
        known = self.known.get(cell.id)
        if known is None and cell.kind not in ("own", "text"):
            raise ValueError(f"{cell.id} is not in the built challenge: build it, grade again.")
        node = copy.deepcopy(known) if known is not None else _new(at, cell)
        if cell.kind in ("answer", "own"):
            node.source = _text(cell.source)
        elif cell.kind in ("written", "text") and not (known and known.source == cell.source):
            node.source = self.sanitiser.markdown(cell.source)
        if cell.is_code:
            self._run(node, cell)
        return node

    def _run(self, node: Notebook, cell: Cell) -> None:
        node.outputs, node.execution_count = [], None
        if node.source.strip():
            self.count += 1
            node.execution_count = self.count
        if cell.kind != "check":
            outputs = self.record.outputs.get(cell.id, [])
            node.outputs = self.sanitiser.outputs(outputs, node.execution_count)
        elif outcome := self.outcomes.get(cell.id):
            node.outputs = _said(outcome)
            node.metadata[NOTE] = told_to_student(outcome, cell.source, self.own)


def _said(outcome: Outcome) -> list[Notebook]:
    """Return the outputs of a check: what it printed, and its error."""
    made = []
    if printed := _text(outcome.printed)[:PRINTED]:
        made.append(new_output("stream", name="stdout", text=printed))
    if outcome.verdict is not Verdict.PASS:
        name = outcome.error or outcome.verdict.value
        steps = outcome.trace or (outcome.text,)
        made.append(harmless_error(name, outcome.text, steps))
    return made


def _new(at: int, cell: Cell) -> Notebook:
    """Return an empty cell for one that the student added."""
    make = new_code_cell if cell.is_code else new_markdown_cell
    return make("", id=cell.id if CELL_ID.fullmatch(cell.id) else f"own-cell-{at}")


def _id(cell: Any) -> str:
    return str(cell.metadata.get("nbgrader", {}).get("grade_id") or cell.id)


def _text(text: str) -> str:
    return text.encode("utf-8", "replace").decode()
