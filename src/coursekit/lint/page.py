"""A percent script as the rules see it: cells with exact lines, syntax trees and plain words."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from coursekit.sources.findings import Finding
from coursekit.sources.layout import Unit
from coursekit.sources.names import Names
from coursekit.sources.source import SourceCell, read_source

MAGIC = re.compile(r"^(?=[ \t]*[%!][A-Za-z])", re.MULTILINE)  # a blank follows where % divides
HEADING = re.compile(r"^(#{1,6}) +(.+?)(?: +\*\((\d+) min\)\*)? *$", re.MULTILINE)
# What a Markdown reader does not see as words: code, formulas, comments.
NOT_WORDS = re.compile(
    r"^(```|~~~).*?^\1|<!--.*?-->|`[^`\n]+`|\$\$.*?\$\$|(?<!\$)\$[^$\n]+\$",
    re.MULTILINE | re.DOTALL,
)


@dataclass(frozen=True)
class Cell:
    """One cell of a page.

    Attributes
    ----------
    path : str
        The page's file, relative to the course's root.
    source : SourceCell
        The cell as the build sees it.
    number : int
        Which cell of the page it is, from 1.
    tree : ast.Module
        Its code, with the line numbers of the file; empty for text, and for code with a syntax
        error, which ruff reports.
    names : Names
        Those of its code.
    """

    path: str
    source: SourceCell
    number: int
    tree: ast.Module
    names: Names

    @property
    def kind(self) -> str:
        """What the cell's keys make of it: ``check``, ``given``, ... or ``plain``."""
        return self.source.kind

    @property
    def text(self) -> str:
        """The cell's source text."""
        return self.source.text

    @property
    def words(self) -> str:
        """Its text, with blanks in place of code, formulas and comments."""
        return NOT_WORDS.sub(lambda m: re.sub(r"[^\n]", " ", m[0]), self.text)

    @property
    def lines(self) -> list[tuple[int, str]]:
        """Pairs of line number in the file and text."""
        return list(enumerate(self.text.splitlines(), self.source.line + 1))

    def line_at(self, position: int) -> int:
        """Return the line, in the file, of a position in ``text`` or ``words``."""
        return self.source.line + 1 + self.text.count("\n", 0, position)

    def hides(self, line: int) -> bool:
        """Whether a line of the file lies in a check's hidden region."""
        above = "\n".join(text for number, text in self.lines if number <= line)
        return above.rfind("BEGIN HIDDEN TESTS") > above.rfind("END HIDDEN TESTS")

    def finding(self, rule: str, message: str, line: int | None = None, text: str = "") -> Finding:
        """Return a finding in this cell; the line is the cell's first by default."""
        where = self.source.grade_id or f"cell {self.number}"
        return Finding(self.path, line or self.source.line, where, rule, message, text)


@dataclass(frozen=True)
class Heading:
    """A Markdown heading; ``minutes`` is what it states as ``*(7 min)*``, or None."""

    level: int
    title: str
    minutes: int | None
    cell: Cell
    line: int


@dataclass(frozen=True)
class Page:
    """A lecture or challenge source."""

    unit: Unit
    path: Path
    cells: list[Cell]

    @classmethod
    def read(cls, unit: Unit, path: Path) -> Page:
        """Read a percent script.

        Raises
        ------
        SourceError
            If the build could not read it either.
        """
        name = path.relative_to(unit.course.root).as_posix()
        sources = enumerate(read_source(path), 1)
        return cls(unit, path, [Cell(name, cell, n, *_parse(cell)) for n, cell in sources])

    @property
    def is_challenge(self) -> bool:
        """Whether it is the unit's challenge; else it is a lecture."""
        return self.path == self.unit.challenge

    @property
    def text_cells(self) -> list[Cell]:
        """The Markdown cells."""
        return [cell for cell in self.cells if cell.source.type == "markdown"]

    @property
    def code(self) -> list[Cell]:
        """The cells with code that parses."""
        return [cell for cell in self.cells if cell.tree.body]

    @property
    def headings(self) -> list[Heading]:
        """All headings, in order."""
        found = []
        for cell in self.text_cells:
            for match in HEADING.finditer(cell.words):
                title = cell.text[match.start(2) : match.end(2)]
                minutes = int(match[3]) if match[3] else None
                line = cell.line_at(match.start())
                found.append(Heading(len(match[1]), title, minutes, cell, line))
        return found


def without_magics(text: str) -> str:
    """Return code with IPython's ``%`` and ``!`` lines as comments."""
    return MAGIC.sub("# ", text)


def calls(tree: ast.AST) -> list[ast.Call]:
    """Return every call below `tree`, in the order of the source."""
    found = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return sorted(found, key=lambda node: (node.lineno, node.col_offset))


def imports(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield the line and the full name of what each import below `tree` takes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            module = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
            yield from ((node.lineno, module + alias.name) for alias in node.names)


def dotted(node: ast.AST) -> str:
    """Return ``a.b.c`` for such an expression, ``.c`` where it begins with something else."""
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return node.id if isinstance(node, ast.Name) else ""


def root(node: ast.AST) -> str:
    """Return the name of the object that ``a.b[0].c`` is part of; nothing for what a call gave."""
    while isinstance(node, ast.Attribute | ast.Subscript):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def keyword(call: ast.Call, name: str) -> ast.expr | None:
    """Return the value that a call gives to a keyword, or None."""
    return next((key.value for key in call.keywords if key.arg == name), None)


def _parse(source: SourceCell) -> tuple[ast.Module, Names]:
    code = without_magics(source.text) if source.type == "code" else ""
    try:
        return ast.parse("\n" * source.line + code), Names.of(code)
    except SyntaxError:
        return ast.parse(""), Names.of("")
