"""Submissions that between them hold every declared answer of a unit, one to a question each."""

import hashlib
from pathlib import Path

import nbformat

from coursekit.sources.layout import Unit
from coursekit.sources.source import read_source
from coursekit.sources.variants import read_variants

Answers = dict[str, str]


def composites(unit: Unit) -> dict[str, tuple[Answers, dict[str, float]]]:
    """Return by student: the answers, and the points of each check as declared."""
    cells = read_source(unit.require_challenge())
    checks = [cell for cell in cells if cell.kind == "check"]
    variants = read_variants(unit)
    questions = [cell.name for cell in cells if cell.kind == "answer"]
    solution = {cell.name: cell.text for cell in cells if cell.kind == "answer"}
    full = {check.grade_id: check.points for check in checks}
    made: dict[str, tuple[Answers, dict[str, float]]] = {
        "solution": (solution, full),
        "stub": ({}, dict.fromkeys(full, 0.0)),
    }
    of = {name: [v for v in variants if v.question == name] for name in questions}
    for turn in range(max(map(len, of.values()))):
        chosen = {name: mine[turn % len(mine)] for name, mine in of.items()}
        lost = {check for variant in chosen.values() for check in variant.loses}
        points = {check: 0.0 if check in lost else most for check, most in full.items()}
        made[f"mix-{turn + 1:02d}"] = ({n: v.code for n, v in chosen.items()}, points)
    return made


def write(unit: Unit, student: str, answers: Answers, submitted: Path) -> Path:
    """Write a student's notebook where a grader finds it."""
    released = unit.course.root / "notebooks" / unit.id / unit.challenge_notebook
    notebook = nbformat.read(released, as_version=4)
    for cell in notebook.cells:
        cell.source = answers.get(cell.id, cell.source)
    path = submitted / student / unit.id / unit.challenge_notebook
    path.parent.mkdir(parents=True)
    nbformat.write(notebook, path)
    return path


def digest(unit: Unit) -> str:
    """Return a digest of what stock nbgrader's points depend on."""
    package = Path(__file__).resolve().parents[1] / "src" / "coursekit"
    files = [unit.folder / "challenge.py", unit.folder / "variants.py", package / "expect.py"]
    files += sorted(unit.folder.glob("held_out/*.npz"))
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in files)).hexdigest()[:16]
