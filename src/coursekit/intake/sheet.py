"""What is run and judged: the instructor's cells, with a student's sources in their places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["given", "answer", "check", "task", "written", "own", "text"]
"""``written`` is the Markdown cell that answers a ``task``; ``own`` a code cell that no student
was asked for; ``text`` any other Markdown."""

How = Literal["grade id", "cell id", "name", "similarity", "stub"]
"""By what an answer was found; ``stub``: it was not, and the released stub stands in its place."""


@dataclass(frozen=True)
class Cell:
    """One cell of a sheet.

    Attributes
    ----------
    id : str
        Its grade id where it has one, else its cell id; unique in a sheet.
    kind : str
    source : str
        Of a check or task with its hidden regions, of an answer the student's.
    question : str
        Of an answer, check, task or written cell: the question's name.
    points : float
        Of a check or task.
    stub : str
        Of an answer or written cell: its source as it was given out.
    """

    id: str
    kind: Kind
    source: str
    question: str = ""
    points: float = 0.0
    stub: str = ""

    @property
    def is_code(self) -> bool:
        """Whether it is a code cell; the others are Markdown."""
        return self.kind in ("given", "answer", "check", "own")


@dataclass(frozen=True)
class Match:
    """Where an answer's source comes from.

    Attributes
    ----------
    cell : str
        Id of the answer or written cell.
    how : str
    confidence : float
        Between 0 and 1; 1 for ids.
    note : str
        What a person should know of it, one sentence; empty when there is nothing to know.
    """

    cell: str
    how: How
    confidence: float = 1.0
    note: str = ""


@dataclass(frozen=True)
class Sheet:
    """A notebook to run: order, kinds and all but the students' sources come from the master.

    Attributes
    ----------
    unit, notebook : str
        The unit's id, and the challenge's file name.
    cells : tuple of Cell
    matches : tuple of Match
        One for each answer and written cell of the master, in order.
    flags : tuple of str
        What a person should look at, a sentence each: copies, cells that were not placed, ...
    """

    unit: str
    notebook: str
    cells: tuple[Cell, ...]
    matches: tuple[Match, ...] = ()
    flags: tuple[str, ...] = ()
