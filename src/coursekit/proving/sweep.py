"""Try a unit's quality checks under many random seeds, and keep the margins for reviewers."""

from __future__ import annotations

import hashlib
import json
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
    """Return a digest of what the margins depend on: code, right variants, held-out data."""
    right = [(v.question, v.label, v.code) for v in read_variants(unit) if v.right]
    # A word mended in a prompt changes no margin.
    cells = [
        c for c in read_source(unit.require_challenge()) if c.type == "code" and c.kind != "plain"
    ]
    code = [(cell.kind, cell.name, cell.part, cell.text) for cell in cells]
    digest = hashlib.sha256(json.dumps([right, code]).encode())
    for path in sorted(unit.folder.glob("held_out/*.npz")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _margins_file(unit: Unit) -> Path:
    return unit.folder / "margins.md"
