"""The parts that every lecture has, in one order."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from coursekit.lint.page import Cell, Heading, Page, calls, dotted
from coursekit.sources.findings import Finding
from coursekit.sources.notebook import QUIZ

SPINES = (
    ["Problem", "Look at the data", "Baseline", "Build", "Train", "Judge", "Improve", "Take away"],
    ["Problem", "Picture", "By hand", "In Keras", "Take away"],
)
"""Second-level headings of a unit about data, and of a lecture about a concept."""

CELLS = (30, 45)
SPARE_MINUTES = 5  # by which the parts may miss the total
QUIZ_STATEMENTS = 2  # answers, quiz.ask
COPY_FIRST = "Save a copy in Drive"
TOTAL = re.compile(r"\*\*(\d+) minutes\.\*\*")
IDEA = re.compile(r"Idea \d+:")
# rule, words that the lectures of a unit have somewhere, what to do
SOMEWHERE = (
    ("bug", r"^#+ .*find the bug", "plant a bug in one lecture, under `### Find the bug`."),
    ("one-thing", r"change\s+\**one\s+thing", "let learners change one thing, in a table."),
)


def lecture(page: Page) -> Iterator[Finding]:
    """Yield what a lecture lacks of its spine."""
    parts = [heading for heading in page.headings if heading.level == 2]
    yield from opening(page)
    yield from between(page, "cells", len(page.cells), CELLS)
    yield from _objectives(page, parts)
    yield from _minutes(page, parts)
    yield from _order(page, parts)
    yield from _questions(page)
    yield from _predictions(page)


def opening(page: Page) -> Iterator[Finding]:
    """Yield what the first cells of any page lack: its title, its badge, the word about copies."""
    first = page.cells[0]
    if [heading.cell.number for heading in page.headings if heading.level == 1] != [1]:
        yield first.finding("title", "a page has one title, `# ...`, in its first cell.")
    if "{{badge}}" not in first.text:
        message = "put {{badge}}, the link that opens the page in Colab, into the first cell."
        yield first.finding("badge", message)
    if not any(COPY_FIRST in " ".join(cell.text.split()) for cell in page.text_cells):
        message = f"tell Colab's users to save first: *File → {COPY_FIRST}*."
        yield first.finding("copy-first", message)


def between(page: Page, what: str, count: int, limits: tuple[int, int]) -> Iterator[Finding]:
    """Yield a finding if a page has too few or too many of something."""
    if not limits[0] <= count <= limits[1]:
        message = f"such a page has {limits[0]} to {limits[1]} {what}, this one {count}."
        yield page.cells[-1].finding(what, message)


def across(pages: list[Page]) -> Iterator[Finding]:
    """Yield what the lectures of a unit lack as a whole: a planted bug, a change, the challenge."""
    texts = ["\n".join(cell.words for cell in page.text_cells) for page in pages]
    last = pages[-1].cells[-1]
    for rule, words, todo in SOMEWHERE:
        if not re.search(words, "\n".join(texts), re.IGNORECASE | re.MULTILINE):
            yield last.finding(rule, todo)
    if pages[-1].unit.challenge and "{{challenge}}" not in texts[-1]:
        message = "end the unit's last lecture with a link to the challenge: {{challenge}}."
        yield last.finding("challenge-link", message)


def _objectives(page: Page, parts: list[Heading]) -> Iterator[Finding]:
    cell = parts[0].cell if parts else page.cells[0]
    stated = re.findall(r"^\d+\. ", cell.text, re.MULTILINE)
    if [part.title for part in parts[:1]] != ["Objectives"] or len(stated) not in (3, 4):
        message = "begin with `## Objectives`: 3 or 4 numbered things that learners can do then."
        yield cell.finding("objectives", message, parts[0].line if parts else None)


def _minutes(page: Page, parts: list[Heading]) -> Iterator[Finding]:
    for part in parts:
        if part.minutes is None:
            message = f"say how long `{part.title}` takes: `## {part.title} *(5 min)*`."
            yield part.cell.finding("minutes", message, part.line, part.title)
    total = sum(part.minutes or 0 for part in parts)
    stated = [(match, cell) for cell in page.text_cells for match in TOTAL.finditer(cell.text)]
    if not stated:
        message = f"say in the objectives how long the lecture takes: `**{total} minutes.**`."
        yield page.cells[0].finding("minutes", message)
        return
    match, cell = stated[0]
    if abs(total - int(match[1])) > SPARE_MINUTES:
        message = f"the parts take {total} minutes, not {match[1]}: correct one or the other."
        yield cell.finding("minutes", message, cell.line_at(match.start()))


def _order(page: Page, parts: list[Heading]) -> Iterator[Finding]:
    parts = [part for part in parts if part.title != "Objectives"]
    titles = {part.title for part in parts}
    spine = max(SPINES, key=lambda spine: len(titles.intersection(spine)))
    order = f"the order is {', '.join(spine)}."
    reached = -1
    for part in parts:
        place = spine.index(part.title) if part.title in spine else -1
        if place <= reached:
            message = f"`{part.title}` has no place here, make it `###` or move it: {order}"
            yield part.cell.finding("spine", message, part.line, part.title)
        reached = max(place, reached)
    for title in spine:
        if title not in titles:
            message = f"the part `## {title}` is missing: {order}"
            yield page.cells[-1].finding("spine", message, text=title)


def _questions(page: Page) -> Iterator[Finding]:
    headings = page.headings
    ideas = [number for number, heading in enumerate(headings) if IDEA.match(heading.title)]
    if not ideas:
        message = "name the concepts: a heading `### Idea 1: ...` for each."
        yield page.cells[0].finding("concept", message)
    for number in ideas:
        idea = headings[number]
        after = [h for h in headings[number + 1 :] if h.level < idea.level or IDEA.match(h.title)]
        end = after[0].cell.number if after else len(page.cells) + 1
        if not _calls(page.cells[idea.cell.number : end - 1], "quiz.ask"):
            message = "ask a closed question (`quiz.ask`) before the next idea."
            yield idea.cell.finding("closed-question", message, idea.line, idea.title)
    for _, line, cell in _calls(page.cells, "quiz.ask"):
        if not cell.text.startswith(QUIZ) or len(cell.tree.body) > QUIZ_STATEMENTS:
            message = "let a quiz stand alone, from `answers = {` on: the build folds such a cell."
            yield cell.finding("quiz-alone", message, line)


def _predictions(page: Page) -> Iterator[Finding]:
    guesses = _calls(page.cells, "predict.record")
    results = _calls(page.cells, "predict.compare")
    if not guesses:
        message = "let learners guess a result: `predict.record`, and later `predict.compare`."
        yield page.cells[0].finding("prediction", message)
    for key, line, cell in guesses:
        if not any(key == other and line < after for other, after, _ in results):
            message = f"the guess {key} is compared with nothing: add `predict.compare` below."
            yield cell.finding("prediction", message, line, key)
    for key, line, cell in results:
        if not any(key == other and before < line for other, before, _ in guesses):
            message = f"nobody has guessed {key}: add `predict.record` above."
            yield cell.finding("prediction", message, line, key)


def _calls(cells: list[Cell], name: str) -> list[tuple[str, int, Cell]]:
    """Return first argument, line and cell of every call of a function."""
    return [
        (ast.unparse(call.args[0]), call.lineno, cell)
        for cell in cells
        for call in calls(cell.tree)
        if dotted(call.func) == name and call.args
    ]
