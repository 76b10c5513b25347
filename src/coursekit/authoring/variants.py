"""Read ``variants.py``: the right and wrong answers that prove a unit's questions."""

from __future__ import annotations

from dataclasses import dataclass

from coursekit.authoring.layout import CourseError, Unit
from coursekit.authoring.source import SourceCell, SourceError, read_cells, read_source


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


def read_variants(unit: Unit) -> list[Variant]:
    """Return the declared variants of a unit's challenge, in order.

    Raises
    ------
    CourseError
        If the unit has no challenge or no ``variants.py``.
    SourceError
        Naming file and line of a variant that names no known question or check.
    """
    path = unit.folder / "variants.py"
    if unit.challenge is None or not path.exists():
        raise CourseError(f"{unit.folder}: a graded unit needs challenge.py and variants.py.")
    checks = _checks(read_source(unit.challenge))
    variants = []
    for keys, type_, text, line in read_cells(path):
        if type_ == "markdown" or not keys:
            continue  # prose, and imports that only make the file pleasant to edit
        fault = _fault(keys, checks)
        if fault:
            raise SourceError(path, line, fault)
        loses = tuple(str(keys.get("loses", "")).replace(",", " ").split())
        label = str(keys.get("right") or keys.get("wrong"))
        variants.append(Variant(str(keys["title"]), label, loses, text, line))
    return variants


def _checks(cells: list[SourceCell]) -> dict[str, set[str]]:
    checks: dict[str, set[str]] = {cell.name: set() for cell in cells if cell.kind == "answer"}
    for cell in cells:
        if cell.kind == "check":
            checks[cell.name].add(cell.grade_id)
    return checks


def _fault(keys: dict[str, object], checks: dict[str, set[str]]) -> str:
    question = str(keys.get("title", ""))
    if question not in checks:
        return f"no question called `{question}`: known are {', '.join(checks)}."
    if unknown := set(keys) - {"title", "right", "wrong", "loses"}:
        return f"a variant has no key `{min(unknown)}`: use right=, or wrong= with loses=."
    if ("right" in keys) == ("wrong" in keys):
        return 'say either right="..." or wrong="...".'
    lost = set(str(keys.get("loses", "")).replace(",", " ").split())
    if ("wrong" in keys) != bool(lost):
        return 'a wrong variant, and no other, names the checks it loses: loses="...".'
    if strange := lost - checks[question]:
        return f"`{min(strange)}` is no check of {question}."
    return ""
