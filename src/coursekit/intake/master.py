"""The instructor's notebook: what is run, what was given out, and where answers go."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from coursekit.intake.pieces import defined, statements
from coursekit.intake.sheet import Cell, Kind
from coursekit.standing import SUMMARY


@dataclass(frozen=True)
class Master:
    """A challenge as the instructor has it.

    Attributes
    ----------
    unit, notebook : str
        The unit's id, and the challenge's file name.
    cells : tuple of Cell
        Answers and written answers as stubs, all else with its hidden regions.
    released : dict of str to str
        Each cell's source as it was given out, by id.
    solutions : dict of str to str
        The reference answers, by id.
    """

    unit: str
    notebook: str
    cells: tuple[Cell, ...]
    released: dict[str, str]
    solutions: dict[str, str]

    @cached_property
    def by_id(self) -> dict[str, Cell]:
        """The cells by their ids, in order."""
        return {cell.id: cell for cell in self.cells}

    @cached_property
    def names(self) -> dict[str, str]:
        """The function or class that each answer is to define, by the answer's id, in order."""
        found = {cell.id: defined(cell.stub) for cell in self.cells if cell.kind == "answer"}
        return {answer: list(names)[-1] for answer, names in found.items() if names}

    @cached_property
    def graded(self) -> frozenset[str]:
        """Ids of the cells that only this unit has: answers, checks, tasks, written answers."""
        kinds = ("answer", "check", "task", "written")
        return frozenset(cell.id for cell in self.cells if cell.kind in kinds)

    @cached_property
    def stub_keys(self) -> frozenset[str]:
        """Keys of the statements that stubs consist of."""
        return _keys(cell.stub for cell in self.cells if cell.kind == "answer")

    @cached_property
    def statement_keys(self) -> frozenset[str]:
        """Keys of all statements that were given out, imports apart: no answer is made of them."""
        return _keys(self.released[cell.id] for cell in self.cells if cell.is_code)


def read_master(solution: bytes, release: bytes, *, unit: str = "", notebook: str = "") -> Master:
    """Read a unit's built challenge.

    Parameters
    ----------
    solution : bytes
        The file in ``solutions/``: metadata, solutions, hidden regions.
    release : bytes
        The file in ``notebooks/``, which has the stubs.
    unit, notebook : str, optional
        What they are called; the notebook's name stands in its last cell too.

    Raises
    ------
    ValueError
        If the two are not built from one source.
    """
    cells, given = (json.loads(file)["cells"] for file in (solution, release))
    stubs = {_id(cell): _source(cell) for cell in given}
    if list(stubs) != [_id(cell) for cell in cells]:
        raise ValueError("solutions/ and notebooks/ differ in their cells: run `coursekit build`.")
    kinds = {_id(cell): _kind(cell, cells[at - 1] if at else {}) for at, cell in enumerate(cells)}
    answers = {_id(cell): _source(cell) for cell in cells if kinds[_id(cell)] == "answer"}
    named = SUMMARY.search("\n".join(stubs.values()))
    return Master(
        unit,
        notebook or (named[1] if named else ""),
        tuple(_cell(cell, kinds[_id(cell)], stubs[_id(cell)]) for cell in cells),
        stubs,
        answers,
    )


def plain(source: str) -> str:
    """Return a source without what nobody sees: blanks at the ends of lines and of the cell."""
    return "\n".join(line.rstrip() for line in source.strip().split("\n"))


def _cell(cell: dict[str, Any], kind: Kind, released: str) -> Cell:
    id_ = _id(cell)
    if kind in ("answer", "written"):
        return Cell(id_, kind, released, id_.removesuffix("-answer"), stub=released)
    if kind in ("check", "task"):
        points = float(_flags(cell).get("points", 0))
        return Cell(id_, kind, _source(cell), id_.split("-")[0], points)
    return Cell(id_, kind, _source(cell))


def _kind(cell: dict[str, Any], before: dict[str, Any]) -> Kind:
    flags = _flags(cell)
    if cell["cell_type"] == "code":
        if flags.get("grade"):
            return "check"
        if flags.get("solution"):
            return "answer"
        return "given" if flags else "own"
    if flags.get("task"):
        return "task"
    return "written" if before and _id(cell) == f"{_id(before)}-answer" else "text"


def _id(cell: dict[str, Any]) -> str:
    return str(_flags(cell).get("grade_id") or cell["id"])


def _flags(cell: dict[str, Any]) -> dict[str, Any]:
    return cell["metadata"].get("nbgrader") or {}


def _source(cell: dict[str, Any]) -> str:
    return "".join(cell["source"])


def _keys(sources: Iterable[str]) -> frozenset[str]:
    keys = (one.key for source in sources for one in statements(source) or ())
    return frozenset(key for key in keys if not key.startswith("Import"))
