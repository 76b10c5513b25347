"""Read ``variants.py``: the right and wrong answers that prove a unit's questions.

``# %% q1_x right="a loop"`` passes all checks, ``# %% q1_x wrong="..." loses="q1_x-check"`` loses
those, ``# %% q1_x equivalent="why"`` is a derived wrong answer that is none, and
``# %% q1_x architecture="fixed"`` above an empty cell says that the prompt prescribes the layers.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from coursekit.sources.layout import CourseError, Unit
from coursekit.sources.source import SourceCell, SourceError, read_cells, read_source

KINDS = {"right", "wrong", "equivalent", "architecture"}


@dataclass(frozen=True)
class Variant:
    """One answer to one question, and what it must score.

    Attributes
    ----------
    question : str
        The question's name.
    label : str
        What is particular about the answer.
    loses : tuple of str
        Grade ids of the checks it must lose; empty for a right answer.
    code : str
        The whole answer cell.
    line : int
        Where it stands in ``variants.py``.
    """

    question: str
    label: str
    loses: tuple[str, ...]
    code: str
    line: int

    @property
    def right(self) -> bool:
        """Whether every check must pass."""
        return not self.loses


@dataclass(frozen=True)
class Equivalent:
    """An answer that looks wrong and is not, and so cannot be told from the solution.

    Attributes
    ----------
    question : str
    reason : str
        Why no check could lose it.
    code : str
        The whole answer cell.
    line : int
        Where it stands in ``variants.py``.
    """

    question: str
    reason: str
    code: str
    line: int


def read_variants(unit: Unit) -> list[Variant]:
    """Return the declared right and wrong variants of a unit's challenge, in order.

    Raises
    ------
    CourseError
        If the unit has no challenge or no ``variants.py``.
    SourceError
        Naming file and line of a variant that names no known question or check.
    """
    return [
        Variant(question, str(keys.get("right") or keys.get("wrong")), _lost(keys), text, line)
        for question, keys, text, line in _read(unit)
        if "right" in keys or "wrong" in keys
    ]


def read_equivalent(unit: Unit) -> list[Equivalent]:
    """Return the answers that are declared equivalent to the solution, in order.

    Raises
    ------
    CourseError
        As `read_variants` does.
    """
    return [
        Equivalent(question, str(keys["equivalent"]), text, line)
        for question, keys, text, line in _read(unit)
        if "equivalent" in keys
    ]


def fixed_architecture(unit: Unit) -> set[str]:
    """Return the questions whose prompt prescribes the model's layers.

    Raises
    ------
    CourseError
        As `read_variants` does.
    """
    return {question for question, keys, _, _ in _read(unit) if "architecture" in keys}


def _read(unit: Unit) -> Iterator[tuple[str, dict[str, object], str, int]]:
    """Yield (question, keys, code, line) of the cells that declare something."""
    path = unit.folder / "variants.py"
    if unit.challenge is None or not path.exists():
        raise CourseError(f"{unit.folder}: a graded unit needs challenge.py and variants.py.")
    checks = _checks(read_source(unit.challenge))
    for keys, type_, text, line in read_cells(path):
        if type_ == "markdown" or not keys:
            continue  # prose, and imports that only make the file pleasant to edit
        if fault := _fault(keys, text, checks):
            raise SourceError(path, line, fault)
        yield str(keys["title"]), keys, text, line


def _checks(cells: list[SourceCell]) -> dict[str, set[str]]:
    checks: dict[str, set[str]] = {cell.name: set() for cell in cells if cell.kind == "answer"}
    for cell in cells:
        if cell.kind == "check":
            checks[cell.name].add(cell.grade_id)
    return checks


def _lost(keys: dict[str, object]) -> tuple[str, ...]:
    return tuple(str(keys.get("loses", "")).replace(",", " ").split())


def _fault(keys: dict[str, object], text: str, checks: dict[str, set[str]]) -> str:
    question = str(keys.get("title", ""))
    if question not in checks:
        return f"no question called `{question}`: known are {', '.join(checks)}."
    if unknown := set(keys) - {"title", "loses", *KINDS}:
        known = "right=, wrong= with loses=, equivalent= or architecture="
        return f"a variant has no key `{min(unknown)}`: use {known}."
    if len(KINDS & set(keys)) != 1:
        return 'say one of right="...", wrong="..." and equivalent="...".'
    if ("wrong" in keys) != bool(lost := set(_lost(keys))):
        return 'a wrong variant, and no other, names the checks it loses: loses="...".'
    if strange := lost - checks[question]:
        return f"`{min(strange)}` is no check of {question}."
    if "architecture" in keys:
        fixed = keys["architecture"] == "fixed" and not text.strip()
        return "" if fixed else 'architecture="fixed" stands alone, above an empty cell.'
    return _syntax_fault(text) if "equivalent" in keys else ""


def _syntax_fault(text: str) -> str:
    try:
        ast.parse(text)
    except SyntaxError as error:
        return f"this is no Python: {error.msg}, line {error.lineno} of the cell."
    return ""
