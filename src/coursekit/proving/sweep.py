"""Try a unit's quality checks under many random seeds, and keep the margins for reviewers."""

from __future__ import annotations

import ast
import hashlib
import io
import itertools
import json
import re
import tokenize
from dataclasses import dataclass, field
from pathlib import Path

from coursekit.grading.record import Verdict
from coursekit.proving.verify import Answer, read_answers
from coursekit.proving.warm import WarmProcess
from coursekit.sources.layout import Unit
from coursekit.sources.progress import Progress
from coursekit.sources.source import read_source
from coursekit.sources.variants import read_variants

VARIANT_SEEDS = 5


@dataclass
class Margin:
    """How one answer fared in one check, over the seeds.

    Attributes
    ----------
    answer : Answer
    check : str
    ratios : list of float
        By seed, the worst score / limit of the check; at most 1 is within the limit.
    passed : int
        In how many seeds the check passed.
    seconds : float
        Of the slowest trial of the answer, all its checks together.
    """

    answer: Answer
    check: str
    ratios: list[float] = field(default_factory=list)
    passed: int = 0
    seconds: float = 0.0

    @property
    def holds(self) -> bool:
        """Whether the check passed under every seed."""
        return self.passed == len(self.ratios)


def sweep(unit: Unit, seeds: int, *, progress: Progress) -> list[Margin]:
    """Try solutions under `seeds` random seeds, and right variants under up to five of them.

    Only questions that measure a quality are tried: the others use no random numbers.

    Raises
    ------
    CourseError
        If the unit cannot be verified at all.
    """
    answers = [a for a in read_answers(unit) if a.kind in ("solution", "right")]
    margins: dict[tuple[Answer, str], Margin] = {}
    dull: set[str] = set()  # questions without a measured quality, known after the first seed
    with WarmProcess(unit) as process:
        for shift in range(seeds):
            progress(f"sweep {unit.id}", shift, seeds)
            for answer in answers:
                if answer.question in dull or (answer.kind == "right" and shift >= VARIANT_SEEDS):
                    continue
                trial = process.try_answer(answer.question, answer.code, shift=shift)
                measured = [o for o in trial.outcomes if o.margins or (answer, o.check) in margins]
                if not measured and shift == 0 and answer.kind == "solution":
                    dull.add(answer.question)
                for outcome in measured:
                    row = margins.setdefault((answer, outcome.check), Margin(answer, outcome.check))
                    row.ratios.append(max(outcome.margins.values(), default=float("inf")))
                    row.passed += outcome.verdict == Verdict.PASS
                    row.seconds = max(row.seconds, trial.seconds)
    progress(f"sweep {unit.id}", seeds, seeds)
    return list(margins.values())


def write_margins(unit: Unit, seeds: int, margins: list[Margin]) -> Path:
    """Write the margins into the unit's folder, as Markdown, and return the path."""
    lines = [
        f"# Margins of `{unit.id}`",
        "",
        f"Made by `coursekit verify {unit.id} --seeds {seeds}`; not edited by hand. A margin is",
        "the score divided by the check's limit: at most 1 passes. Thresholds are chosen so that",
        "the worst of all seeds stays below 1 with room to spare.",
        "",
        "| check | answer | passed | median margin | worst margin | slowest [s] |",
        "|---|---|---|---|---|---|",
    ]
    for row in margins:
        ranked = sorted(row.ratios)
        lines.append(
            f"| `{row.check}` | {row.answer.label} | {row.passed}/{len(ranked)} "
            f"| {ranked[len(ranked) // 2]:.2f} | {ranked[-1]:.2f} | {row.seconds:.1f} |"
        )
    path = _margins_file(unit)
    text = "\n".join([*lines, "", f"Source: `{source_hash(unit)}`", ""])
    path.write_text(text, encoding="utf-8")
    return path


def margins_are_current(unit: Unit) -> bool:
    """Whether the unit's table of margins belongs to its present source."""
    path = _margins_file(unit)
    return path.exists() and source_hash(unit) in path.read_text(encoding="utf-8")


def source_hash(unit: Unit) -> str:
    """Return a digest of what the margins depend on: code, right variants, held-out data.

    Of checks and given cells it leaves out what changes no margin: comments, layout, what
    `expect` is to say (``hint=``, ``name=``, ``expected=``), and calls of `expect.rebuilds`.
    """
    right = [(v.question, v.label, v.code) for v in read_variants(unit) if v.right]
    # A word mended in a prompt changes no margin.
    challenge = unit.require_challenge()
    cells = [c for c in read_source(challenge) if c.type == "code" and c.kind != "plain"]
    code = [
        (c.kind, c.name, c.part, _measured(c.text) if c.kind in ("check", "given") else c.text)
        for c in cells
    ]
    digest = hashlib.sha256(json.dumps([right, code]).encode())
    for path in sorted(unit.folder.glob("held_out/*.npz")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _measured(code: str) -> str:
    """Return code without blanks, comments, and what `expect` is to say.

    Cut out of the text, since what `ast.unparse` writes depends on the version of Python.
    """
    lines = code.splitlines(keepends=True)
    starts = [0, *itertools.accumulate(map(len, lines))]

    def place(line: int, column: int) -> int:  # ast counts bytes
        return starts[line - 1] + len(lines[line - 1].encode()[:column].decode())

    cuts = []
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        if token.type == tokenize.COMMENT:
            begin = starts[token.start[0] - 1] + token.start[1]
            cuts.append((begin, begin + len(token.string)))
    for node in ast.walk(ast.parse(code)):
        for part in _said(node):
            end = place(part.end_lineno or 0, part.end_col_offset or 0)
            cuts.append((place(part.lineno, part.col_offset), end))
    kept = [True] * len(code)
    for begin, end in cuts:
        kept[begin:end] = [False] * (end - begin)
    text = "".join("".join(itertools.compress(code, kept)).split())
    return re.sub(r"(?<=\(),+|,+(?=[,)])", "", text)


def _said(node: ast.AST) -> list[ast.keyword | ast.stmt]:
    """Return the parts of a node that change no margin."""
    body = node.body if isinstance(node, ast.For) else [node]
    if all(isinstance(each, ast.Expr) and _calls(each.value, "rebuilds") for each in body):
        return [node]  # type: ignore[list-item]
    if isinstance(node, ast.Call) and _calls(node):
        return [key for key in node.keywords if key.arg in ("hint", "name", "expected")]
    return []


def _calls(node: ast.expr, function: str = "") -> bool:
    """Whether an expression calls `function` of `expect`; any of them if it is empty."""
    called = node.func if isinstance(node, ast.Call) else None
    if not isinstance(called, ast.Attribute) or not isinstance(called.value, ast.Name):
        return False
    return called.value.id == "expect" and function in ("", called.attr)


def _margins_file(unit: Unit) -> Path:
    return unit.folder / "margins.md"
