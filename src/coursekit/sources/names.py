"""Which names a piece of code binds, and which it needs from elsewhere."""

from __future__ import annotations

import ast
import symtable
from collections.abc import Iterator
from dataclasses import dataclass

NAMED = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.ExceptHandler)
SCOPES = (*NAMED[:3], ast.Lambda, ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)


@dataclass(frozen=True)
class Names:
    """The names of one cell, whatever the order inside it.

    Attributes
    ----------
    bound : set of str
        What the cell binds at its top level, imports apart.
    imported : set of str
        What its top-level imports bind.
    needed : set of str
        What it reads, in functions too, but does not bind.
    """

    bound: set[str]
    imported: set[str]
    needed: set[str]

    @classmethod
    def of(cls, code: str) -> Names:
        """Sort the names of some code.

        Raises
        ------
        SyntaxError
            If Python would not compile it.
        """
        own = list(_own(ast.parse(code)))
        stored = {n.id for n in own if isinstance(n, ast.Name) and not isinstance(n.ctx, ast.Load)}
        named = {n.name for n in own if isinstance(n, NAMED) and n.name}
        imported = {n.asname or n.name.split(".")[0] for n in own if isinstance(n, ast.alias)}
        return cls(stored | named, imported, _needed(symtable.symtable(code, "cell", "exec")))


def _own(node: ast.AST) -> Iterator[ast.AST]:
    """Yield what runs in the same scope as `node`."""
    for child in ast.iter_child_nodes(node):
        yield child
        if not isinstance(child, SCOPES):
            yield from _own(child)


def _needed(top: symtable.SymbolTable) -> set[str]:
    # Since Python 3.12 variables of comprehensions count as assigned in the table around them.
    assigned = {s.get_name() for s in top.get_symbols() if s.is_assigned() or s.is_imported()}
    read = {s.get_name() for s in top.get_symbols() if s.is_referenced()}
    for table in _inside(top):
        read |= {s.get_name() for s in table.get_symbols() if s.is_referenced() and s.is_global()}
    return read - assigned


def _inside(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    for child in table.get_children():
        yield child
        yield from _inside(child)
