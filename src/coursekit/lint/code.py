"""What stands in code: short cells, today's Keras, no test data in validation."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from coursekit.lint.page import Cell, Page, calls, dotted
from coursekit.sources.findings import Finding

MOST_LINES = 20
UPGRADE = re.compile(r"\bpip3?\s+install\b[^#`\n]*?\s(-U|--upgrade)\b")
OLD_KEYWORDS = {
    "input_shape": "begin with keras.Input(shape=...)",
    "batch_input_shape": "begin with keras.Input(shape=...)",
    "input_dim": "begin with keras.Input(shape=(n,))",
    "lr": "write learning_rate=",
}
STILL_VALID = re.compile(r"\.applications\.|\.build$")  # these take an input_shape in Keras 3, too
TEST = re.compile(r"(?:\b|_)test(?:\b|_)")
VALIDATION = re.compile(r"(?:\b|_)val(?:idation)?(?:\b|_)")


def code(page: Page) -> Iterator[Finding]:
    """Yield the faults in a page's code, and upgrades in its text, too."""
    for cell in page.cells:
        yield from _upgrades(cell)
    for cell in page.code:
        count = len([text for _, text in cell.lines if re.match(r"\s*[^#\s]", text)])
        if count > MOST_LINES and not page.is_challenge:
            message = f"{count} lines of code: split the cell, {MOST_LINES} fit on a screen."
            yield cell.finding("long-cell", message)
        yield from _old_keras(cell)
        yield from _test_as_validation(cell)


def _upgrades(cell: Cell) -> Iterator[Finding]:
    for line, text in cell.lines:
        if match := UPGRADE.search(text):
            message = f"take out {match[1]}: it replaces what Colab has, and asks for a restart."
            yield cell.finding("pip-upgrade", message, line, match[1])


def _old_keras(cell: Cell) -> Iterator[Finding]:
    for call in calls(cell.tree):
        for key in call.keywords:
            if key.arg in OLD_KEYWORDS and not STILL_VALID.search(dotted(call.func)):
                message = f"Keras 3 has no `{key.arg}=` here: {OLD_KEYWORDS[key.arg]}."
                yield cell.finding("old-keras", message, key.value.lineno, key.arg)


def _test_as_validation(cell: Cell) -> Iterator[Finding]:
    for node in ast.walk(cell.tree):
        if isinstance(node, ast.keyword):
            name = node.arg or ""
        elif isinstance(node, ast.Assign) and not isinstance(node.value, ast.Call):
            name = ast.unparse(node.targets[0])
        else:
            continue
        is_validation = VALIDATION.search(name) and not TEST.search(name)
        if is_validation and TEST.search(ast.unparse(node.value)):
            message = f"`{name}` holds test data: what helps to choose is no test."
            yield cell.finding("test-as-validation", message, node.value.lineno, name)
