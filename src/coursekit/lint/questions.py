"""The parts that every challenge has: questions, points, tiers, and how to hand in."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from coursekit.lint.page import Cell, Page, calls, dotted, keyword
from coursekit.lint.spine import between, opening
from coursekit.sources.findings import Finding

CELLS, QUESTIONS = (25, 40), (5, 8)
POINTS = re.compile(r"\b(\d+(?:\.\d+)?) points?\b")
MINUTES = re.compile(r"\b\d+ minutes\b")
TIERS = re.compile(r"^\|.*\btiers?\b.*\|", re.IGNORECASE | re.MULTILINE)

WORDS = {
    "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8,
    "nine": 9, "ten": 10, "twice": 2, "double": 2, "half": 0.5, "third": 1 / 3, "quarter": 0.25,
}  # fmt: skip
# A number in figures or words, maybe in percent; and one that a prompt states as a limit.
_NUMBER = rf"\b(\d[\d,]*(?:\.\d+)?|{'|'.join(WORDS)})\b(\s*(?:%|percent\b))?"
_BOUND = r"at (?:most|least)|(?:more|less) than|below|above|under|over|within"
NUMBER = re.compile(_NUMBER, re.IGNORECASE)
LIMIT = re.compile(
    rf"\b(?:{_BOUND})(?: an?)?\s+{_NUMBER}(?!\s*(?:seconds|minutes|words|lines|epochs|rows)\b)",
    re.IGNORECASE,
)


def challenge(page: Page) -> Iterator[Finding]:
    """Yield what a challenge lacks."""
    yield from opening(page)
    yield from between(page, "cells", len(page.cells), CELLS)
    asked = {cell.source.name for cell in page.cells if cell.kind in ("answer", "task")}
    yield from between(page, "questions", len(asked), QUESTIONS)
    yield from _points(page)
    yield from _parts(page)
    yield from _reads(page)
    for cell in page.cells:
        if cell.kind == "prompt":
            yield from _thresholds(page, cell)


def _reads(page: Page) -> Iterator[Finding]:
    """Look for what a question is to be read again for, and no lecture has."""
    lectures = page.unit.lectures
    for cell in page.cells:
        reads = str(cell.source.keys.get("reads", ""))
        number, _, heading = reads.partition(":")
        if not reads:
            continue
        if not number.isdecimal() or not 0 < int(number) <= len(lectures):
            message = f'name a lecture and a heading: reads="1: ...", up to {len(lectures)}.'
            yield cell.finding("reads", message)
            continue
        lecture = lectures[int(number) - 1]
        if heading.strip() not in [h.title for h in Page.read(page.unit, lecture).headings]:
            message = f"{lecture.name} has no heading `{heading.strip()}`."
            yield cell.finding("reads", message, text=heading.strip())


def _points(page: Page) -> Iterator[Finding]:
    first = page.cells[0]
    total = sum(cell.source.points for cell in page.cells)
    stated = POINTS.search(first.text)
    if not (stated and float(stated[1]) == total and MINUTES.search(first.text)):
        message = f"say in the first cell how long and how much: `75 minutes · {total:g} points`."
        yield first.finding("points", message, first.line_at(stated.start()) if stated else None)
    for cell in page.cells:
        if cell.kind not in ("prompt", "task"):
            continue
        points = sum(c.source.points for c in page.cells if c.source.name == cell.source.name)
        heading = next((h for h in page.headings if h.cell is cell), None)
        said = POINTS.search(heading.title) if heading else None
        if said is None or float(said[1]) != points:
            message = f"say in the question's heading what its checks give: ({points:g} points)."
            yield cell.finding("points", message, heading.line if heading else None)


def _parts(page: Page) -> Iterator[Finding]:
    last = page.cells[-1]
    if not any(cell.kind == "task" for cell in page.cells):
        message = "ask one question in words: a Markdown cell with the key `task`."
        yield last.finding("written-question", message)
    for cell in [cell for cell in page.cells if cell.kind == "prompt"][-1:]:
        if not TIERS.search(cell.text):
            message = "the last question in code is open: give it a table of tiers."
            yield cell.finding("tiers", message)
    for said in ("## Hand in", "Download", page.unit.challenge_notebook):
        if said not in last.text:
            yield last.finding("hand-in", f"say last how to hand in: name `{said}`.", text=said)


def _thresholds(page: Page, prompt: Cell) -> Iterator[Finding]:
    """Compare the limits that a prompt states with those that its checks apply."""
    checks = [c for c in page.code if c.kind == "check" and c.source.name == prompt.source.name]
    factors = [(cell, node, number) for cell in checks for node, number in _factors(cell)]
    stated = [value for match in NUMBER.finditer(prompt.words) for value in _values(match)]
    for cell, node, factor in factors:
        if not _among(factor, [1, *stated]):
            message = f"the prompt does not say that the limit is {factor:g} times the baseline."
            yield cell.finding("threshold", message, node.lineno, f"{factor:g}")
    limits = [factor for *_, factor in factors] + [n for cell in checks for n in _bounds(cell)]
    applied = set(limits) - {0, 1}  # the ends of a share are in many checks
    for match in LIMIT.finditer(prompt.words) if applied else ():
        if not any(_among(value, limits) for value in _values(match)):
            message = f"no check has the limit `{match[0]}`: correct the prompt or the check."
            yield prompt.finding("threshold", message, prompt.line_at(match.start()), match[0])


def _factors(cell: Cell) -> Iterator[tuple[ast.expr, float]]:
    """Yield the typed factors over a baseline that a check demands."""
    for call in calls(cell.tree):
        factor = keyword(call, "factor")
        if dotted(call.func) == "expect.better" and factor:
            yield from ((factor, number) for number in _numbers(factor))


def _bounds(cell: Cell) -> Iterator[float]:
    """Yield the typed numbers that a check holds something against."""
    for node in ast.walk(cell.tree):
        if isinstance(node, ast.Compare) and not isinstance(node.ops[0], ast.Eq):
            yield from _numbers(node)


def _numbers(tree: ast.AST) -> list[float]:
    constants = [node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)]
    return [float(value) for value in constants if isinstance(value, int | float)]


def _values(number: re.Match[str]) -> list[float]:
    """Return the factors that a stated number may stand for: `30 %` less is a factor of 0.7."""
    word, percent = number[1].lower(), number[2]
    value = WORDS.get(word) or float(word.replace(",", ""))
    if percent:
        return [value, value / 100, 1 - value / 100, 1 + value / 100]
    return [value, 1 / value] if value else [value]


def _among(value: float, others: list[float]) -> bool:
    return any(abs(value - other) < 0.005 * max(abs(value), 0.1) for other in others)
