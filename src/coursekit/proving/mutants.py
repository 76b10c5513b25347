"""Derive wrong answers from a solution: the library's operators, and this course's own.

Cosmic Ray exchanges operators, numbers and keywords; `coursekit.proving.operators` knows what
people get wrong in this course. Only what stands in a SOLUTION region is changed.
"""

from __future__ import annotations

import ast
import copy
import difflib
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass

from coursekit.proving.operators import OPERATORS, Function, Place, trains

# Name of the operators -> those of Cosmic Ray; of the many replacements for one symbol, the two
# that people make: one off at the boundary, and the opposite.
BASIC = {
    "comparison": ["Lt_LtE", "LtE_Lt", "Gt_GtE", "GtE_Gt", "Eq_NotEq", "NotEq_Eq"],
    "condition": ["AddNot", "ReplaceUnaryOperator_Delete_Not"],
    "choice": ["ReplaceAndWithOr", "ReplaceOrWithAnd"],
    "leap": ["ReplaceBreakWithContinue", "ReplaceContinueWithBreak"],
    "loop": ["ZeroIterationForLoop"],
}
IN_CLOSED_CODE = {
    "arithmetic": ["Add_Sub", "Sub_Add", "Mul_Div", "Div_Mul", "FloorDiv_Div", "Mod_Div"],
    "power": ["ReplaceBinaryOperator_Pow_Mul"],
    "sign": ["ReplaceUnaryOperator_Delete_USub"],
    "number": ["NumberReplacer"],
    "truth": ["ReplaceTrueWithFalse", "ReplaceFalseWithTrue"],
}
TOKEN = re.compile(r"[\w.]+|[<>=!]=|\*\*|//|\s+|[^\w\s]")
# What changes no answer: zip's guard against a caller's slip, and which negative reshape is given.
NEUTRAL = re.compile(r",\s*strict=\w+|(?<=reshape\()-\s*\d+")
PREFIX = {"comparison": "ReplaceComparisonOperator_", "arithmetic": "ReplaceBinaryOperator_"}


@dataclass(frozen=True)
class Mutant:
    """A wrong answer that was derived from a solution.

    Attributes
    ----------
    operator : str
        What kind of change it is.
    change : str
        What was changed, as ``> becomes >= at line 4``; lines count within the answer cell.
    code : str
        The whole answer cell, in the form of `normalise`.
    """

    operator: str
    change: str
    code: str


def derive(solution: str, *, fixed: bool = False) -> list[Mutant]:
    """Return the mutants of an answer cell, no two of them alike, none like the solution.

    Parameters
    ----------
    solution : str
        The answer cell, with its SOLUTION regions.
    fixed : bool
        Whether the question prescribes the architecture, so that another one is wrong.
    """
    found: dict[str, Mutant | None] = {normalise(solution): None}
    for mutant in [*_own(solution, fixed), *_basic(solution, fixed)]:
        found.setdefault(mutant.code, mutant)
    return [mutant for mutant in found.values() if mutant]


def normalise(code: str) -> str:
    """Return `code` without comments, docstrings and the author's layout.

    Raises
    ------
    SyntaxError
        If it is no Python.
    """
    return ast.unparse(_parse(code))


def show_change(solution: str, mutant: str) -> str:
    """Return the difference of two answers, a line or two around it."""
    before, after = normalise(solution).splitlines(), normalise(mutant).splitlines()
    return "\n".join(list(difflib.unified_diff(before, after, n=1, lineterm=""))[3:])


def _own(solution: str, fixed: bool) -> Iterator[Mutant]:
    tree, lines = _parse(solution), _solution_lines(solution)
    places = list(_places(tree, Place(fixed=fixed)))
    for name, operator in OPERATORS.items():
        for node, place in places:
            if lines.isdisjoint(range(getattr(node, "lineno", 0), _end(node) + 1)):
                continue
            for new, text in operator(node, place):
                change = text or _becomes(ast.unparse(node), ast.unparse(new))
                code = _with(tree, node, new)
                yield Mutant(name, f"{change} at line {node.lineno}", code)  # type: ignore[attr-defined]


def _with(tree: ast.Module, old: ast.AST, new: ast.AST) -> str:
    """Return the code of the tree with one node in place of another."""
    placed = ast.fix_missing_locations(ast.copy_location(copy.deepcopy(new), old))
    # A copy takes from its memo what stands there for an object, whatever that is.
    return ast.unparse(copy.deepcopy(tree, {id(old): placed}))


def _places(node: ast.AST, place: Place) -> Iterator[tuple[ast.AST, Place]]:
    yield node, place
    inner = place.enter(node)
    for child in ast.iter_child_nodes(node):
        yield from _places(child, inner)


def _basic(solution: str, fixed: bool) -> Iterator[Mutant]:
    from cosmic_ray.plugins import get_operator

    everywhere = _solution_lines(solution)
    allowed = dict.fromkeys(IN_CLOSED_CODE, everywhere - _open_lines(solution))
    allowed["loop"] = everywhere - (set() if fixed else _layer_loops(solution))
    for name, operators in (BASIC | IN_CLOSED_CODE).items():
        for operator in operators:
            change = get_operator(f"core/{PREFIX.get(name, '')}{operator}")()
            for code in _each_occurrence(solution, change):
                line, text = _difference(solution, code)
                if line in allowed.get(name, everywhere):
                    yield Mutant(name, f"{text} at line {line}", normalise(code))


def _each_occurrence(solution: str, change: object) -> Iterator[str]:
    """Yield what the library makes of the solution: one change each, Python, and not neutral."""
    from cosmic_ray.mutating import mutate_code

    for occurrence in itertools.count():
        code = mutate_code(solution, change, occurrence)
        if code is None:
            return
        if NEUTRAL.sub("", code) != NEUTRAL.sub("", solution):
            try:
                ast.parse(code)
            except SyntaxError:
                continue
            yield code


def _solution_lines(solution: str) -> set[int]:
    inside, lines = False, set()
    for number, line in enumerate(solution.splitlines(), 1):
        inside = "BEGIN SOLUTION" in line or (inside and "END SOLUTION" not in line)
        if inside:
            lines.add(number)
    return lines


def _open_lines(solution: str) -> set[int]:
    places = _places(ast.parse(solution), Place())
    return {getattr(node, "lineno", 0) for node, place in places if place.open}


def _layer_loops(solution: str) -> set[int]:
    """Return the lines of loops that add layers: how many there are is the student's choice."""
    nodes = ast.walk(ast.parse(solution))
    return {node.lineno for node in nodes if isinstance(node, ast.For) and trains(node)}


def _difference(before: str, after: str) -> tuple[int, str]:
    """Return the first line that differs, and what became of what in it."""
    pairs = itertools.zip_longest(before.splitlines(), after.splitlines(), fillvalue="")
    line, (old, new) = next((n, pair) for n, pair in enumerate(pairs, 1) if pair[0] != pair[1])
    return line, _becomes(old, new)


def _becomes(before: str, after: str) -> str:
    old, new = TOKEN.findall(before), TOKEN.findall(after)
    codes = difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes()
    changed = [code for code in codes if code[0] != "equal"] or codes
    gone = _brief(old[changed[0][1] : changed[-1][2]])
    come = _brief(new[changed[0][3] : changed[-1][4]])
    if not gone:
        return f"{come} comes in"
    return f"{gone} becomes {come}" if come else f"{gone} is dropped"


def _brief(tokens: list[str]) -> str:
    text = "".join(tokens).strip(" ,")
    return text if len(text) <= 60 else f"{text[:57]}..."


def _parse(code: str) -> ast.Module:
    """Return the syntax tree without docstrings."""
    tree = ast.parse(code)
    for node in ast.walk(tree):
        if isinstance(node, (*Function, ast.ClassDef)) and ast.get_docstring(node):
            node.body = node.body[1:] or [ast.Pass()]
    return tree


def _end(node: ast.AST) -> int:
    return getattr(node, "end_lineno", None) or 0
