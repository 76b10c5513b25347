"""Read a percent script and say, with file and line, what is wrong with it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeAlias

from jupytext.cell_reader import DoublePercentScriptCellReader

from coursekit.sources.layout import CourseError

# Code is taken as it stands: by default jupytext reads the comment `# Why?` as IPython's `Why?`.
FORMAT = {"extension": ".py", "format_name": "percent", "comment_magics": False}
CELL_MARKER = re.compile(r"^# ?%%(\s|$)")
LOOKALIKE = re.compile(r"^#+[ \t]*%%(?!\s|$)|^##+[ \t]*%%")  # to some editors it begins a cell
HEADER = "# ---"
LOST = re.compile(r"[\x00-\x08\x0b-\x1f\x7f\x85\u2028\u2029]")  # jupytext breaks lines at some
NAME = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,30}")  # a cell id of name and part has at most 64
COMPARED = "# NBVAL_CHECK_OUTPUT"

# kind of cell -> (keys it must have, keys it may have, cell type)
KINDS: dict[str, tuple[set[str], set[str], str]] = {
    "prompt": ({"prompt"}, {"reads"}, "markdown"),
    "answer": ({"answer"}, set(), "code"),
    "check": ({"check", "points"}, {"part"}, "code"),
    "task": ({"task", "points"}, {"reads"}, "markdown"),
    "given": ({"given"}, set(), "code"),
}
TITLE = {"title", "region_name", "cell_depth"}  # what jupytext makes of a marker's other words
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
    added : bool
        Whether the build put it there.
    """

    kind: str
    name: str
    type: str
    text: str
    line: int
    points: float = 0
    part: str = "check"
    keys: dict[str, Any] = field(default_factory=dict, repr=False)
    added: bool = False

    @property
    def grade_id(self) -> str:
        """Nbgrader's name for the cell, which is also its cell id; empty for ``plain``."""
        suffix = {"prompt": "-prompt", "check": f"-{self.part}", "given": "-given"}
        return self.name + suffix.get(self.kind, "")

    @property
    def compared(self) -> bool:
        """Whether nbval compares the cell's output with the stored one."""
        return self.type == "code" and COMPARED in self.text.splitlines()


RawCell: TypeAlias = tuple[dict[str, Any], str, str, int]
"""Metadata, type, text and line of a cell; shared by all who read the file, so to be left alone."""


def read_cells(path: Path) -> list[RawCell]:
    """Split a percent script into its cells. A text that was read before is not parsed again.

    Raises
    ------
    SourceError
        If the text would not come back the same from a notebook, or a key has no quoted value or
        bare number.
    """
    return list(_split(path, _read_text(path)))


@lru_cache(maxsize=256)  # by the text itself: a file that was edited is another entry
def _split(path: Path, text: str) -> tuple[RawCell, ...]:
    lines = _lines(path, text)
    start = _after_header(lines)
    found: list[RawCell] = []
    while start < len(lines):
        cell, length = DoublePercentScriptCellReader(FORMAT).read(lines[start:])
        body = lines[start + 1 : start + length]
        _check_markers(path, start + 1, lines[start], body, first=not found)
        keys = {k: v for k, v in cell.metadata.items() if k != "lines_to_next_cell"}
        if bad := keys.get("incorrectly_encoded_metadata"):
            raise SourceError(
                path,
                start + 1,
                f'cannot read `{bad}`: quote values (key="text"), leave numbers bare.',
            )
        _check_body(path, start + 1, cell.cell_type, body)
        found.append((keys, cell.cell_type, cell.source.rstrip(), start + 1))
        start += length
    if not found:
        raise SourceError(path, 1, "no cell: begin the file with `# %%`.")
    return tuple(found)


def _read_text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        before = path.read_bytes()[: error.start]
        raise SourceError(path, before.count(b"\n") + 1, "save the file as UTF-8.") from error


def _lines(path: Path, text: str) -> list[str]:
    for number, line in enumerate(text.split("\n"), 1):
        if lost := LOST.search(line):
            what = f"U+{ord(lost[0]):04X}"
            raise SourceError(path, number, f"take out the control character {what}.")
    return text.split("\n")[: -1 if text.endswith("\n") else None]


def _after_header(lines: list[str]) -> int:
    """Return where the cells begin: JupyterLab puts a block of settings above them."""
    start = 0
    if lines[:1] == [HEADER] and HEADER in lines[1:]:
        start = lines.index(HEADER, 1) + 1
    while start < len(lines) and not lines[start].strip():
        start += 1
    return start


def _check_markers(path: Path, line: int, marker: str, body: list[str], *, first: bool) -> None:
    """Refuse what editors do not agree on: whether a line begins a cell."""
    for number, text in enumerate((marker, *body), line):
        if LOOKALIKE.match(text):
            todo = "write `# %%` or `# %% [markdown]`, or indent the line"
            raise SourceError(path, number, f"`{text.strip()}` begins a cell for some: {todo}.")
    if not CELL_MARKER.match(marker):
        wrong = "text before the first `# %%`: begin the file with a cell."
        if not first:
            wrong = f"`{marker.strip()}` begins a cell: write `# %%` at the start of the line."
        raise SourceError(path, line, wrong)
    for number, text in enumerate(body, line + 1):
        if CELL_MARKER.match(text):
            raise SourceError(
                path, number, "`# %%` in a string or fenced block: close that, or indent the line."
            )


def _check_body(path: Path, line: int, type_: str, body: list[str]) -> None:
    """Refuse what jupytext would not bring back as it was."""
    if type_ not in ("code", "markdown"):
        raise SourceError(path, line, f"no {type_} cells: a cell is code or `[markdown]`.")
    written = [(number, text) for number, text in enumerate(body, line + 1) if text.strip()]
    for number, text in written if type_ == "markdown" else []:
        if not text.startswith("#"):
            raise SourceError(path, number, "every line of a Markdown cell begins with `# `.")
    for number, text in written[:1] if type_ == "code" else []:
        if text[0].isspace():
            raise SourceError(path, number, "a cell's first line is not indented.")
        if text.startswith("%%"):
            raise SourceError(path, number, "no cell magics: write Python or `%` lines.")


def unmarked(text: str) -> str:
    """Return a cell's text without the line that asks for a comparison: students compare none."""
    return "\n".join(line for line in text.splitlines() if line != COMPARED)


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
    return list(_understand(path, _read_text(path)))


@lru_cache(maxsize=256)
def _understand(path: Path, text: str) -> tuple[SourceCell, ...]:
    cells = [_interpret(path, *cell) for cell in _split(path, text)]
    for cell in cells:
        _check_regions(path, cell)
    _check_questions(path, cells)
    _check_tasks(path, cells)
    return tuple(cells)


def _interpret(path: Path, keys: dict[str, Any], type_: str, text: str, line: int) -> SourceCell:
    kinds = [kind for kind in KINDS if kind in keys]
    if len(kinds) > 1:
        raise SourceError(path, line, f"a cell cannot be both {kinds[0]} and {kinds[1]}.")
    if TITLE & keys.keys():
        todo = 'write `# %%` or `# %% [markdown]`, then only keys such as given="setup"'
        raise SourceError(path, line, f"a cell has no title or other type: {todo}.")
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
            named = f'`{key}` takes a quoted name such as {key}="q1_slope"'
            raise SourceError(path, line, f"{named}, of at most 31 letters, digits and `_`.")
    points = keys.get("points", 0)
    if isinstance(points, bool) or not (
        isinstance(points, (int, float)) and 0 <= points < float("inf")
    ):
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
