"""Feedback pages that give nothing away: no hidden tests, no mark schemes, no code of the grader.

nbgrader renders the autograded copy as it is. ``RedactFeedback`` comes first in its list.

Where this package's engine graded, a check carries what may be said of it (`told_to_student`, made
from the record). What stock nbgrader graded has tracebacks only: where they do not tell whether a
message comes from a hidden part, the message goes.
"""

from __future__ import annotations

import ast
import builtins
import json
import re
from collections.abc import Iterator, Sequence
from typing import Any

from nbformat.v4 import new_output
from nbgrader.preprocessors import NbGraderPreprocessor

from coursekit.expect import ExpectationError
from coursekit.grading.record import Fault, Outcome, Verdict
from coursekit.leaks.index import Index
from coursekit.leaks.secrets import KIND_OF_REGION, Public, Secret, cut_regions
from coursekit.leaks.targets import ANSI, Part, Place, pieces
from coursekit.leaks.words import parse
from coursekit.sources.notebook import Notebook
from coursekit.standing import HIDDEN

FAILED = (
    "The hidden part of this check did not pass: it asks the same of your function with other "
    "values. Try your function on examples of your own."
)
UNDECIDED = "A person will look at this check: the grader alone cannot decide it."
WITHHELD = "(This output is not shown: it may give away a hidden part of a check.)"
FRAME = re.compile(r"(?:Cell|Input) In ?\[(\d+)\](?:, line (\d+)|, in <cell line: (\d+)>)")
CODE_LINE = re.compile(r"^(?:-+> *| *)\d+ ?(.*)$", re.MULTILINE)
GRADERS = re.compile(r"held_out|COURSEKIT_HELD_OUT|coursekit[./](intake|grading|proving|classroom)")
TELLING = {"statement", "fragment", "phrase", "string"}
LONGEST = 2000  # characters of a message
NOTE = "coursekit"  # the key of a check's metadata
STUDENT_LINE = re.compile(r"the answer's line \d+: (.*)", re.DOTALL)


def told_to_student(outcome: Outcome, check: str, own: Sequence[str]) -> dict[str, str]:
    """Return what a check's feedback shows.

    Parameters
    ----------
    outcome : Outcome
    check : str
        The check's source, with its hidden regions.
    own : sequence of str
        The sources of the student's cells.

    Returns
    -------
    dict of str to str
        ``verdict``; ``shown``, what the visible part printed; ``said``, the message, empty for a
        pass. Nothing in it comes from a hidden part, so it may stand in the autograded notebook,
        and a student who forges it fools nobody but themselves.
    """
    return {
        "verdict": outcome.verdict.value,
        "shown": _encodable(outcome.shown),
        "said": _encodable("\n".join(_message(outcome, check, own))),
    }


def _message(outcome: Outcome, check: str, own: Sequence[str]) -> Iterator[str]:
    verdict = outcome.verdict
    if verdict is Verdict.PASS:
        return
    if outcome.points is None:
        yield UNDECIDED
    if verdict.fault in (Fault.COURSE, Fault.ENGINE):
        return  # the message speaks of the grader's own parts
    if not outcome.hidden:
        yield "\n".join(outcome.trace or (outcome.text,))[:LONGEST]
        return
    yield from (step for step in outcome.trace if _is_own_line(step, own))
    texts = set(_texts(cut_regions(check)[0]))
    is_ours = outcome.error == ExpectationError.__name__
    last = FAILED if outcome.points is not None else ""
    if isinstance(getattr(builtins, outcome.error, None), type):
        last += f" It stopped with {outcome.error}."
    claim = outcome.text.partition("\n")[0].removeprefix("expected: ")
    if names := [text for text in texts if is_ours and claim.startswith(f"{text} ")]:
        last += f" It is about this: {max(names, key=len)}."
    if last:
        yield last.strip()
    hint = outcome.text.rpartition("\ntry: ")[2]
    if is_ours and hint in texts:
        yield f"try: {hint}"


def _is_own_line(step: str, own: Sequence[str]) -> bool:
    """Whether a step of a trace shows a line that stands in the student's cells."""
    match = STUDENT_LINE.fullmatch(step)
    lines = {line.strip() for source in own for line in source.splitlines()}
    return match is not None and match[1].strip() in lines


def _encodable(text: str) -> str:
    return text.encode("utf-8", "replace").decode()


class RedactFeedback(NbGraderPreprocessor):  # type: ignore[misc]  # it publishes no types
    """Take hidden tests, mark schemes and tracebacks out of the page that a student will get."""

    def preprocess(self, nb: Any, resources: Any) -> tuple[Any, Any]:
        """Change the notebook in place; see nbconvert's preprocessors."""
        index = _index(nb)
        own = {
            cell.execution_count: cell.source
            for cell in nb.cells
            if cell.cell_type == "code" and not _flags(cell).get("locked")
        }
        for cell in nb.cells:
            shown, regions = cut_regions(cell.source)
            hidden = any(KIND_OF_REGION[name] == "hidden" for name, *_ in regions)
            if cell.cell_type == "code":
                if NOTE in cell.metadata:
                    cell.outputs = _noted(cell.metadata[NOTE])
                elif _flags(cell).get("grade") or hidden:
                    _redact_check(cell, own)
                cell.outputs = [_withhold(output, index) for output in cell.outputs]
            if regions:
                cell.source = shown if not hidden or HIDDEN in shown else f"{shown}\n{HIDDEN}"
        return nb, resources


def _flags(cell: Notebook) -> dict[str, Any]:
    flags: dict[str, Any] = cell.metadata.get("nbgrader", {})
    return flags


def _index(nb: Notebook) -> Index:
    """Return what looks for the hidden parts of this very notebook."""
    locked = [cell for cell in nb.cells if _flags(cell).get("locked")]
    secrets = [
        Secret(KIND_OF_REGION[name], "", "", text)
        for cell in locked
        for name, _, text in cut_regions(cell.source)[1]
    ]
    return Index(secrets, [Public("lesson", cut_regions(cell.source)[0]) for cell in locked])


def _noted(note: Any) -> list[Notebook]:
    """Return a check's outputs as its note has them; nothing of what stands there."""
    parts = note if isinstance(note, dict) else {}  # a student may have forged it
    shown, said = (str(parts.get(part) or "") for part in ("shown", "said"))
    made = [new_output("stream", name="stdout", text=shown)] if shown else []
    if said:
        made.append(new_output("error", ename="Check", evalue=said, traceback=[said]))
    return made


def _redact_check(cell: Notebook, own: dict[int, str]) -> None:
    """Keep of a check's outputs what its visible part said."""
    check = _Check(cell)
    kept = []
    for output in cell.outputs:
        if output.output_type == "error":
            kept.append(_plain_error(output, check, own))
        elif not check.hidden:
            kept.append(output)
        elif output.output_type == "stream" and output.name == "stdout":
            lines = output.text.splitlines(keepends=True)
            output.text = "".join(filter(check.said_passed, lines))
            kept += [output] if output.text else []
    cell.outputs = kept


class _Check:
    """What the visible and the hidden part of a check say."""

    def __init__(self, cell: Notebook) -> None:
        self.shown, regions = cut_regions(cell.source)
        self.count = cell.execution_count
        self.hidden = "\n".join(text for _, _, text in regions)
        self._lines = {
            line
            for _, first, text in regions
            for line in range(first - 1, first + len(text.splitlines()) + 1)
        }
        self.texts = set(_texts(self.shown))
        self._hidden_texts = set(_texts(self.hidden))

    def failed_visibly(self, output: Notebook) -> bool:
        """Whether an error surely comes from the visible part."""
        if not self.hidden:
            return True
        frames = FRAME.findall(ANSI.sub("", "\n".join(output.traceback)))
        lines = {int(a or b) for count, a, b in frames if count == str(self.count)}
        if lines:
            return not lines & self._lines
        claim = output.evalue.splitlines()[0] if output.evalue else ""
        return claim.startswith("expected: ") and self._speaks_of_shown(claim)

    def said_passed(self, line: str) -> bool:
        """Whether a printed line is a visible check's own."""
        return line.startswith("[pass] ") and self._speaks_of_shown(line)

    def _speaks_of_shown(self, line: str) -> bool:
        if _computes_texts(self.hidden) or any(text in line for text in self._hidden_texts):
            return False
        return any(text in line for text in self.texts)


def _texts(code: str) -> Iterator[str]:
    tree = parse(code)
    for node in ast.walk(tree) if tree else ():
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) > 3:
            yield " ".join(node.value.split())


def _computes_texts(code: str) -> bool:
    """Whether a check names what it asks in other words than stand in it."""
    tree = parse(code)
    return tree is None or any(
        isinstance(node, ast.keyword)
        and node.arg in ("name", "expected")
        and not isinstance(node.value, ast.Constant)
        for node in ast.walk(tree)
    )


def _plain_error(output: Notebook, check: _Check, own: dict[int, str]) -> Notebook:
    """Return an error without the grader's code: name and message, and the student's own lines."""
    message = output.evalue[:LONGEST]
    if check.failed_visibly(output):
        is_ours = message.startswith("expected: ")
        last = message if is_ours else f"{output.ename}: {message}"
    else:
        last = FAILED
        if isinstance(getattr(builtins, output.ename, None), type):
            last += f" It stopped with {output.ename}."
        hint = message.rpartition("\ntry: ")[2]
        if hint in check.texts:
            last += f"\ntry: {hint}"
        output.ename, output.evalue = "HiddenPart", FAILED
    output.traceback = [*_own_frames(output.traceback, own), last]
    return output


def _own_frames(traceback: list[str], own: dict[int, str]) -> Iterator[str]:
    """Yield the steps of a traceback that show the student's cells and nothing else."""
    for step in (ANSI.sub("", step) for step in traceback):
        head = FRAME.match(step)
        source = own.get(int(head[1])) if head else None
        lines = CODE_LINE.findall(step)
        if source and lines and all(line.strip() in source for line in lines):
            yield step


def _withhold(output: Notebook, index: Index) -> Notebook:
    """Return the output, or a sentence in its place if a hidden part shows in it."""
    notebook = {"cells": [{"cell_type": "code", "source": "", "outputs": [output]}]}
    texts = [
        piece.text
        for piece in pieces(Place("output.ipynb"), json.dumps(notebook).encode())
        if isinstance(piece, Part)
    ]
    if any(GRADERS.search(text) for text in texts) or any(
        match.rule in TELLING for text in texts for match in index.search(text)
    ):
        return type(output)(output_type="stream", name="stdout", text=WITHHELD + "\n")
    return output
