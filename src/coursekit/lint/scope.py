"""Which names check cells, given cells and answer cells may make and use."""

from __future__ import annotations

import ast
import builtins
import re
from collections.abc import Iterator
from dataclasses import dataclass

from coursekit.lint.page import Cell, Page, imports
from coursekit.sources.findings import Finding

DEFINITIONS = ast.FunctionDef | ast.ClassDef
GRADERS = re.compile(r"\bcoursekit(?:\.| import )(?:grading|authoring)\b|\bheld_out\b")
# Why a name is out of reach, by the kind of the cell that makes it.
WHY = {
    "plain": "comes from a plain cell, which students may change: make that a given cell.",
    "check": "belongs to a check, which no other cell sees: make it here or in a given cell.",
    "answer": "is an answer, which may be unfinished: only the checks below it may use it.",
    "given": "is made only further down: move that cell up.",
    "": "is made nowhere: make it in a given cell above.",
}


@dataclass(frozen=True)
class Scope:
    """What stands above a cell.

    Attributes
    ----------
    given, imported : set of str
        What given cells define, and what they import.
    functions : set of str
        Functions and classes among what is given.
    answers : dict of str to str
        Name and source of each answer.
    """

    given: set[str]
    imported: set[str]
    functions: set[str]
    answers: dict[str, str]


def above(page: Page, cell: Cell) -> Scope:
    """Return what the cells above `cell` define for it."""
    before = [other for other in page.code if other.number < cell.number]
    given = [other for other in before if other.kind == "given"]
    return Scope(
        given={name for other in given for name in other.names.bound},
        imported={name for other in given for name in other.names.imported},
        functions={name for other in given for name in functions(other)},
        answers={name: c.text for c in before if c.kind == "answer" for name in c.names.bound},
    )


def functions(cell: Cell) -> set[str]:
    """Return the functions and classes that a cell defines."""
    return {node.name for node in cell.tree.body if isinstance(node, DEFINITIONS)}


def scope_rules(page: Page) -> Iterator[Finding]:
    """Yield names that the graded cells of a challenge may not make or use."""
    for cell in page.code:
        scope = above(page, cell)
        if cell.kind == "answer":
            yield from _answer(cell)
        elif cell.kind == "given":
            yield from _reads(page, cell, "given-reads", scope.given | scope.imported)
        elif cell.kind == "check":
            yield from _assigns(cell)
            yield from _imports(cell)
            allowed = scope.given | scope.imported | set(scope.answers)
            yield from _reads(page, cell, "reads", allowed)


def held_out(page: Page) -> Iterator[Finding]:
    """Yield what reads held-out data, or imports the grader, where students would see it."""
    for cell in page.code:
        for line, text in cell.lines:
            if GRADERS.search(text) and not cell.hides(line):
                message = "only a hidden region may use the grader's modules and held-out data."
                yield cell.finding("held-out", message, line)


def _answer(cell: Cell) -> Iterator[Finding]:
    defined = [node for node in cell.tree.body if isinstance(node, DEFINITIONS)]
    for node in cell.tree.body:
        if node not in defined[:1]:
            message = "an answer cell defines one function or class, and nothing beside it."
            yield cell.finding("answer", message, node.lineno)


def _assigns(cell: Cell) -> Iterator[Finding]:
    for name in sorted(cell.names.bound):
        if not name.startswith("_"):
            message = f"write `_{name}`: what a check assigns begins with `_`."
            yield cell.finding("assigns", message, _line(cell, name), name)


def _imports(cell: Cell) -> Iterator[Finding]:
    for line, module in imports(cell.tree):
        if not module.startswith("coursekit."):  # the grader's modules: see `held_out`
            message = f"import {module} in a given cell: a check imports only coursekit's own."
            yield cell.finding("imports", message, line, module)


def _reads(page: Page, cell: Cell, rule: str, allowed: set[str]) -> Iterator[Finding]:
    for name in sorted(cell.names.needed - allowed - set(dir(builtins))):
        makers = [c.kind for c in page.code if name in c.names.bound | c.names.imported]
        message = f"`{name}` {WHY[makers[0] if makers else '']}"
        yield cell.finding(rule, message, _line(cell, name), name)


def _line(cell: Cell, name: str) -> int:
    """Return the first line of a cell that has a name."""
    found = [
        node.lineno
        for node in ast.walk(cell.tree)
        if isinstance(node, ast.Name | DEFINITIONS | ast.ExceptHandler)
        and name in (getattr(node, "id", ""), getattr(node, "name", ""))
    ]
    return min(found, default=cell.source.line)
