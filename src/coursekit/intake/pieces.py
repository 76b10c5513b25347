"""What a student's code defines, and how a cell with several answers comes apart."""

from __future__ import annotations

import ast
import functools
import re
import warnings
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import compress, zip_longest

LONGEST, MOST = 100_000, 3_000  # characters and lines; a whole challenge has a quarter of that
MAGIC = re.compile(r"(?m)^([ \t]*)[%!].*$")
INDENTED_COMMENT = re.compile(r"[ \t]+#")
DEFINITION = re.compile(r"(?m)^(?:async[ \t]+def|def|class)[ \t]+(\w+)")


@dataclass(frozen=True)
class Statement:
    """One statement at the top of a cell.

    Attributes
    ----------
    text : str
        Its lines, with the comments above it.
    key : str
        The same for the same code, however it is laid out.
    names : frozenset of str
        What it binds.
    makes : frozenset of str
        Those of them that can be called: ``count = 3`` is no answer to "write `count`".
    uses : frozenset of str
        What it reads at once: empty for a definition, whose body runs later.
    """

    text: str
    key: str
    names: frozenset[str]
    makes: frozenset[str]
    uses: frozenset[str]


@functools.lru_cache(maxsize=64)  # asked for again and again while one file is looked at
def statements(source: str) -> tuple[Statement, ...] | None:
    """Return the statements of a cell, in order; None if it is no Python."""
    tree = _parse(source)
    if tree is None:
        return None
    found, lines, done = [], source.split("\n"), 0
    try:
        for node in tree.body:
            end = node.end_lineno or node.lineno
            while end < len(lines) and INDENTED_COMMENT.match(lines[end]):
                end += 1
            text = "\n".join(lines[done:end]).strip("\n")
            bound = frozenset(_bound(node))
            makes = bound if _is_callable(node) else frozenset()
            found.append(Statement(text, ast.dump(node), bound, makes, _read(node)))
            done = max(done, end)
    except (RecursionError, MemoryError):
        return None
    return tuple(found)


def defined(source: str) -> dict[str, str]:
    """Return the functions and classes that a cell makes, each with its last statement's key.

    Of code that cannot be parsed, the definitions that can be seen.
    """
    found = statements(source)
    if found is None:
        return dict.fromkeys(DEFINITION.findall(source), source)
    return {name: statement.key for statement in found for name in statement.makes}


def key_of(source: str) -> str:
    """Return a key that is the same for the same code or text, however it is laid out."""
    found = statements(source)
    if found is None:
        return " ".join(source.split())
    return "\n".join(statement.key for statement in found)


def is_whole(source: str) -> bool:
    """Whether a cell is Python by itself."""
    return _parse(source) is not None


def take_apart(source: str, wanted: dict[str, str], drop: Collection[str] = ()) -> dict[str, str]:
    """Give each answer of one cell its part.

    Run in the order of `wanted`, the parts do what the cell did: what stands above a definition
    goes with it, unless it went with an earlier part, and what is left goes with the last.

    Parameters
    ----------
    source : str
    wanted : dict of str to str
        The name that each answer defines, in the order in which the parts will run.
    drop : collection of str
        Keys of statements that are not the student's.

    Returns
    -------
    dict of str to str
        The source for each answer; the whole cell for each where it is no Python.
    """
    found = statements(source)
    if found is None:
        return dict.fromkeys(wanted, source)
    left = [statement for statement in found if statement.key not in drop]
    pending, parts = set(wanted.values()), dict[str, list[Statement]]()
    for answer, name in wanted.items():
        pending.discard(name)
        last = max((at for at, one in enumerate(left) if name in one.names), default=-1)
        early = [not (one.names | one.uses) & pending for one in left[: last + 1]]
        parts[answer] = list(compress(left, early))
        left = [one for one, now in zip_longest(left, early) if not now]
    if wanted:
        parts[list(wanted)[-1]] += left
    return {answer: "\n\n".join(one.text for one in some) for answer, some in parts.items()}


def _parse(source: str) -> ast.Module | None:
    if len(source) > LONGEST or source.count("\n") + source.count(";") > MOST:
        return None
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                return ast.parse(source)
            except SyntaxError:
                return ast.parse(MAGIC.sub(r"\1pass", source))  # IPython's own commands
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def _bound(node: ast.stmt) -> Iterator[str]:
    """Yield the names that a statement binds outside functions."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Import | ast.ImportFrom):
        for alias in node.names:
            yield alias.asname or alias.name.partition(".")[0]
    elif isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        for target in targets:
            names = ast.walk(target)
            stored = (one for one in names if isinstance(one, ast.Name))
            yield from (one.id for one in stored if isinstance(one.ctx, ast.Store))
    else:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.stmt):
                yield from _bound(child)


def _is_callable(node: ast.stmt) -> bool:
    if isinstance(node, ast.Assign | ast.AnnAssign):
        return isinstance(node.value, ast.Lambda | ast.Name | ast.Attribute)
    return True


def _read(node: ast.stmt) -> frozenset[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return frozenset()
    return frozenset(one.id for one in ast.walk(node) if isinstance(one, ast.Name))
