"""Say what `verify` found: a table, a score, and what to do about every fault."""

from __future__ import annotations

from rich.table import Table

from coursekit.proving.verify import Verdict
from coursekit.sources.layout import Unit

COLUMNS = {
    "solution": "solution",
    "stub": "stub",
    "right": "right passed",
    "wrong": "wrong caught",
    "mutant": "mutants killed",
}
CURE = 'kill it with a check, or declare in variants.py: `# %% {} equivalent="why"` and its code'


def make_table(unit: Unit, verdicts: list[Verdict]) -> Table:
    """Return the verdicts as a table for the terminal, one row a question."""
    table = Table(title=f"{unit.id}: {sum(v.kind != 'untried' for v in verdicts)} answers verified")
    table.add_column("question")
    for title in (*COLUMNS.values(), "time"):
        table.add_column(title, justify="right")
    for question in dict.fromkeys(v.question for v in verdicts):
        mine = [v for v in verdicts if v.question == question]
        row = [share(mine, kind) for kind in COLUMNS]
        table.add_row(question, *row, f"{sum(v.seconds for v in mine):.1f} s")
    return table


def summarise(verdicts: list[Verdict]) -> list[str]:
    """Return the mutation score, and which mutants were not tried, in sentences."""
    lines = [
        f"Mutation score: {share(verdicts, 'mutant')} derived wrong answers killed, "
        f"{share(verdicts, 'wrong')} declared ones caught."
    ]
    if equivalent := share(verdicts, "equivalent", empty=""):
        lines.append(f"Declared equivalent, and passing every check: {equivalent}.")
    untried = [v.question for v in verdicts if v.kind == "untried"]
    for question in dict.fromkeys(untried):
        tried = sum((v.question, v.kind) == (question, "mutant") for v in verdicts)
        lines.append(
            f"{question} takes long: {tried} of its {tried + untried.count(question)} derived "
            "wrong answers were tried, of every kind the first ones."
        )
    return lines


def explain(unit: Unit, verdicts: list[Verdict]) -> list[str]:
    """Return each fault, and for each mutant that survives what it changed and what to do."""
    lines = []
    for v in verdicts:
        if v.fault:
            lines.append(f"{unit.id} {v.question} ({v.kind}: {v.label}): {v.fault}")
        if v.change:
            lines += [f"    {line}" for line in v.change.splitlines()]
            lines.append(f"    {CURE.format(v.question)}")
    return lines


def share(verdicts: list[Verdict], kind: str, empty: str = "0/0") -> str:
    """Return how many verdicts of a kind have no fault, of how many."""
    mine = [v for v in verdicts if v.kind == kind]
    return f"{sum(not v.fault for v in mine)}/{len(mine)}" if mine else empty
