"""What stands in Markdown: no typed results, alt texts, and links that work where students are."""

from __future__ import annotations

import re
from collections.abc import Iterator

from coursekit.lint.page import Cell, Page
from coursekit.sources.findings import Finding
from coursekit.sources.links import COLAB

NEAR = 7  # words around a number, among which a measure makes it a result
MEASURE = re.compile(
    r"\b(?:accuracy|loss|losses|errors?|mse|rmse|mae|auc|auroc|scores?|precision|recall|f1)\b",
    re.IGNORECASE,
)
# A decimal number or a percentage, unless it is part of a worked sum or a version.
RESULT = re.compile(
    r"(?<![\w.,/=+×*^→<>≤≥≈])(?<![=+×*/^→<>≤≥≈] )"
    r"\d+(?:\.\d+(?!\.?\d)|(?:\.\d+)?\s*(?:%|percent\b))(?!\s*[=+×*/^→])",
    re.IGNORECASE,
)
# Settings and facts that may stand beside the word loss, and what is only imagined.
SETTING = re.compile(
    r"\b(?:rate|dropout|penalty|l1|l2|momentum|noise|deviation|patience|delta|factor|weight|alpha"
    r"|threshold|cut-?off|at|version|keras|tensorflow|python|numpy)(?:\s+of)?\s*$",
    re.IGNORECASE,
)
IMAGINED = re.compile(
    r"\b(?:suppose|imagine|if|would|could|for (?:example|instance)|such as|e\.g\.)(?!\w)",
    re.IGNORECASE,
)
BREAK = re.compile(r"(?<=[.!?:;])\s+|\n\s*\n|\n(?=\s*(?:[-*|#]|\d+\.))|\|")  # between sentences

NO_ALT = re.compile(r"!\[\s*\S{0,2}\s*\]|<img(?![^>]*\balt=[\"'][^\"']{3})[^>]*>", re.IGNORECASE)
RELATIVE = re.compile(
    r"(?:\]\(\s*<?|\b(?:src|href)\s*=\s*[\"']?)(?![a-z][a-z0-9+.-]*:|#|\{\{)([^\s<)>\"']+)",
    re.IGNORECASE,
)
ADDRESS = re.compile(r"https?://[^\s<>()\"'`\]]+(?<![.,;:])")
AUTHORS_ONLY = ("course", "solutions", "tests")


def prose(page: Page) -> Iterator[Finding]:
    """Yield the faults in a page's Markdown."""
    for cell in page.text_cells:
        if not page.is_challenge:
            yield from _typed_results(cell)
        for match in NO_ALT.finditer(cell.words):
            message = "say in the image's alt text what a reader should see in it."
            yield cell.finding("image-alt", message, cell.line_at(match.start()))
        yield from _links(page, cell)


def _typed_results(cell: Cell) -> Iterator[Finding]:
    start, words = 0, cell.words
    for end in [*(match.end() for match in BREAK.finditer(words)), len(words)]:
        sentence = words[start:end]
        for number in RESULT.finditer(sentence):
            before, after = sentence[: number.start()], sentence[number.end() :]
            near = " ".join([*before.split()[-NEAR:], "|", *after.split()[:NEAR]])
            exempt = SETTING.search(before) or IMAGINED.search(sentence)
            if MEASURE.search(near) and not exempt:
                said = number[0].strip()
                message = f"{said} is a typed result: print it from code, or say it relatively."
                line = cell.line_at(start + number.start())
                yield cell.finding("typed-result", message, line, said)
        start = end


def _links(page: Page, cell: Cell) -> Iterator[Finding]:
    for match in RELATIVE.finditer(cell.words):
        message = "relative links break on Colab: use {{lecture}}, {{challenge}} or https://."
        yield cell.finding("relative-link", message, cell.line_at(match.start(1)), match[1])
    for match in ADDRESS.finditer(cell.words):
        if fault := _fault(page, match[0]):
            yield cell.finding(*fault, cell.line_at(match.start()), match[0])


def _fault(page: Page, address: str) -> tuple[str, str] | None:
    """Return rule and message for a link into the student repository, if it is bad."""
    repository = page.unit.course.student_repository
    if address.startswith("/".join([COLAB, "github", *repository.split("/")[-2:], ""])):
        return "colab-link", "write {{badge}}, which opens the page itself wherever it is built."
    place = re.match(rf"{re.escape(repository)}/(?:blob|tree|raw)/main/([^#?]+)", address)
    authors = place and place[1].split("/")[0] in AUTHORS_ONLY
    if place and (authors or not (page.unit.course.root / place[1]).exists()):
        return "dead-link", f"students have no {place[1]}: correct the link, or build the notebook."
    return None
