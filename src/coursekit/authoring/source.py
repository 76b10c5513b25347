"""Read a percent script and say, with file and line, what is wrong with it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import jupytext

from coursekit.authoring.layout import CourseError

CELL_MARKER = re.compile(r"^# ?%%(\s|$)")
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
COMPARED = "# NBVAL_CHECK_OUTPUT"

# kind of cell -> (keys it must have, keys it may have, cell type)
KINDS: dict[str, tuple[set[str], set[str], str]] = {
    "prompt": ({"prompt"}, set(), "markdown"),
    "answer": ({"answer"}, set(), "code"),
    "check": ({"check", "points"}, {"part"}, "code"),
    "task": ({"task", "points"}, set(), "markdown"),
    "given": ({"given"}, set(), "code"),
}
# region -> the kind of cell it belongs in
REGIONS = {"SOLUTION": "answer", "HIDDEN TESTS": "check", "MARK SCHEME": "task"}


class SourceError(CourseError):
    """A fault in a percent script, with the place where it stands."""

    def __init__(self, path: Path, line: int, message: str) -> None:
        super().__init__(f"{path}:{line}: {message}")
        self.path, self.line = path, line


@dataclass(frozen=True)
class SourceCell:
    """One cell of a percent script.

    Attributes
    ----------
    kind : str
        ``prompt``, ``answer``, ``check``, ``task``, ``given`` or ``plain``.
    name : str
        The question's name (for ``given``, the cell's own); empty for ``plain``.
    type : str
        ``code`` or ``markdown``.
    text : str
        The cell's source.
    line : int
        Line of its ``# %%`` marker, from 1.
    points : float
        Points of a ``check`` or ``task``.
    part : str
        Which of the question's checks this is.
    """

    kind: str
    name: str
    type: str
    text: str
    line: int
    points: float = 0
    part: str = "check"
    keys: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def grade_id(self) -> str:
        """Nbgrader's name for the cell, which is also its cell id; empty for ``plain``."""
        suffix = {"prompt": "-prompt", "check": f"-{self.part}", "given": "-given"}
        return self.name + suffix.get(self.kind, "")

    @property
    def compared(self) -> bool:
        """Whether nbval compares the cell's output with the stored one."""
        return self.type == "code" and COMPARED in self.text.splitlines()


def read_cells(path: Path) -> list[tuple[dict[str, Any], str, str, int]]:
    """Split a percent script into (metadata, type, text, line), one entry a cell.

    Raises
    ------
    SourceError
        If text stands before the first marker or a key has no quoted value or bare number.
    """
    text = path.read_text(encoding="utf-8")
    lines = [n for n, line in enumerate(text.splitlines(), 1) if CELL_MARKER.match(line)]
    cells = jupytext.reads(text, fmt="py:percent").cells
    if not lines or len(cells) != len(lines):
        line = min(lines, default=1)
        raise SourceError(path, line, "text before the first `# %%`: begin the file with a cell.")
    found = []
    for cell, line in zip(cells, lines, strict=True):
        keys = {k: v for k, v in cell.metadata.items() if k != "lines_to_next_cell"}
        if bad := keys.get("incorrectly_encoded_metadata"):
            raise SourceError(
                path, line, f'cannot read `{bad}`: quote values (key="text"), leave numbers bare.'
            )
        found.append((keys, cell.cell_type, cell.source, line))
    return found


def read_source(path: Path) -> list[SourceCell]:
    """Read and check a lecture or challenge source.

    Parameters
    ----------
    path : Path
        A percent script.

    Returns
    -------
    list of SourceCell
        In order.

    Raises
    ------
    SourceError
        Naming file and line of the first fault.
    """
    cells = [_interpret(path, *cell) for cell in read_cells(path)]
    for cell in cells:
        _check_regions(path, cell)
    _check_questions(path, cells)
    _check_tasks(path, cells)
    return cells


def _interpret(path: Path, keys: dict[str, Any], type_: str, text: str, line: int) -> SourceCell:
    kinds = [kind for kind in KINDS if kind in keys]
    if len(kinds) > 1:
        raise SourceError(path, line, f"a cell cannot be both {kinds[0]} and {kinds[1]}.")
    if not kinds:
        if keys:
            known = ", ".join(sorted({*KINDS, "part", "points"}))
            raise SourceError(path, line, f"unknown key `{next(iter(keys))}`: known are {known}.")
        return SourceCell("plain", "", type_, text, line)
    kind = kinds[0]
    needed, allowed, cell_type = KINDS[kind]
    for key in keys:
        if key not in needed | allowed:
            raise SourceError(path, line, f"a {kind} cell has no key `{key}`.")
    if missing := sorted(needed - set(keys)):
        raise SourceError(path, line, f"{missing[0]} missing: write `{missing[0]}=...`.")
    if type_ != cell_type:
        raise SourceError(path, line, f"a {kind} cell must be a {cell_type} cell.")
    for key in (kind, "part"):
        if key in keys and not (isinstance(keys[key], str) and NAME.fullmatch(keys[key])):
            raise SourceError(path, line, f'`{key}` takes a quoted name such as {key}="q1_slope".')
    points = keys.get("points", 0)
    if isinstance(points, bool) or not isinstance(points, (int, float)) or points < 0:
        raise SourceError(path, line, "points takes a bare number such as points=2.")
    return SourceCell(
        kind, keys[kind], type_, text, line, points, keys.get("part", "check"), dict(keys)
    )


def _check_regions(path: Path, cell: SourceCell) -> None:
    """Refuse what nbgrader would drop in silence: stray, nested, open or misplaced regions."""
    open_region, opened_at = "", 0
    for number, text in enumerate(cell.text.splitlines(), cell.line + 1):
        for region, kind in REGIONS.items():
            if f"BEGIN {region}" in text:
                if open_region:
                    raise SourceError(path, number, f"BEGIN {region} inside BEGIN {open_region}.")
                if cell.kind != kind:
                    raise SourceError(path, number, f"BEGIN {region} belongs in a {kind} cell.")
                open_region, opened_at = region, number
            elif f"END {region}" in text:
                if open_region != region:
                    raise SourceError(path, number, f"END {region} without its BEGIN {region}.")
                open_region = ""
    if open_region:
        raise SourceError(
            path, opened_at, f"BEGIN {open_region} is left open: add END {open_region}."
        )
    for region, kind in (("SOLUTION", "answer"), ("MARK SCHEME", "task")):
        if cell.kind == kind and f"BEGIN {region}" not in cell.text:
            raise SourceError(path, cell.line, f"a {kind} cell needs a BEGIN {region} region.")


def _check_questions(path: Path, cells: list[SourceCell]) -> None:
    seen: dict[str, int] = {}
    for cell in cells:
        if cell.grade_id in seen:
            raise SourceError(
                path, cell.line, f"`{cell.grade_id}` stands already at line {seen[cell.grade_id]}."
            )
        if cell.grade_id:
            seen[cell.grade_id] = cell.line
    answered: set[str] = set()
    checked = {cell.name for cell in cells if cell.kind == "check"}
    for before, cell in zip([None, *cells], cells, strict=False):
        if cell.kind == "answer":
            answered.add(cell.name)
            if before is None or (before.kind, before.name) != ("prompt", cell.name):
                raise SourceError(
                    path, cell.line, f'answer `{cell.name}` needs prompt="{cell.name}" right above.'
                )
            if cell.name not in checked:
                raise SourceError(path, cell.line, f"answer `{cell.name}` has no check.")
        if cell.kind == "check" and cell.name not in answered:
            raise SourceError(path, cell.line, f"check `{cell.name}` has no answer above it.")


def _check_tasks(path: Path, cells: list[SourceCell]) -> None:
    for cell, after in zip(cells, [*cells[1:], None], strict=True):
        if cell.kind == "task" and (after is None or (after.kind, after.type) != _PLAIN_TEXT):
            raise SourceError(
                path,
                cell.line,
                f"task `{cell.name}` needs a plain Markdown cell to answer in below.",
            )


_PLAIN_TEXT = ("plain", "markdown")
