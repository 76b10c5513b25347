"""Which names a piece of code binds, and which it needs from elsewhere."""

from __future__ import annotations

import symtable
from collections.abc import Iterator
from dataclasses import dataclass

COMPREHENSIONS = ("listcomp", "setcomp", "dictcomp", "genexpr")


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
        top = symtable.symtable(code, "cell", "exec")
        tables = list(_tables(top))
        imported = {s.get_name() for s in top.get_symbols() if s.is_imported()}
        assigned = {s.get_name() for s in top.get_symbols() if s.is_assigned()} - imported
        read = {
            symbol.get_name()
            for table in tables
            for symbol in table.get_symbols()
            if symbol.is_referenced() and (table is top or symbol.is_global())
        }
        # Since Python 3.12 the cell's own table lists the variables of comprehensions, too.
        comprehensions = [table for table in tables if table.get_name() in COMPREHENSIONS]
        inner = {s.get_name() for table in comprehensions for s in table.get_symbols()}
        return cls(assigned - inner, imported, read - assigned - imported)


def _tables(table: symtable.SymbolTable) -> Iterator[symtable.SymbolTable]:
    yield table
    for child in table.get_children():
        yield from _tables(child)
