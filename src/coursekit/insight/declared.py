"""What each declared wrong answer of a unit makes the checks say, so that others are known by it.

Many mistakes lose the same checks; what tells them apart is what came back. So the declared ones
are judged once, as submissions are, and what the checks said is kept for later reports.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from itertools import zip_longest
from pathlib import Path

from coursekit.classroom.grade import judge_all
from coursekit.classroom.staging import beside, put, write_file
from coursekit.grading.engine import WarmEngine, master_of, supported
from coursekit.sources.layout import CourseError, Unit
from coursekit.sources.progress import Progress
from coursekit.sources.variants import Variant, read_variants

Said = dict[str, dict[str, str]]
"""By place of a variant, ``question:line``: of each check that it lost, the message."""


def key_of(variant: Variant) -> str:
    """Return the place of a variant, which is one of its own: labels may stand twice."""
    return f"{variant.question}:{variant.line}"


def declared_mistakes(root: Path, unit: Unit, progress: Progress) -> tuple[Said, str]:
    """Return what the checks say of each declared wrong answer.

    Parameters
    ----------
    root : Path
        The class's folder, where it is kept for the next time.
    unit : Unit
    progress : callable

    Returns
    -------
    said : dict
    why_not : str
        A sentence where they could not be judged; empty otherwise.
    """
    kept = root / ".cache" / "declared" / f"{unit.id}.json"
    digest = _digest(unit)
    try:
        found = json.loads(kept.read_text(encoding="utf-8"))
        if found["digest"] == digest:
            return dict(found["said"]), ""
    except (OSError, ValueError, KeyError, TypeError):
        pass
    if why_not := supported():
        return {}, why_not
    try:
        said = _judge(unit, progress)
    except CourseError as error:  # a report without names of mistakes is better than none
        return {}, str(error)
    write_file(beside(kept, "new"), json.dumps({"digest": digest, "said": said}, indent=1))
    put(kept)
    return said, ""


def _digest(unit: Unit) -> str:
    """Return a digest of what decides: the unit's text, and the data that only the judge sees."""
    digest = hashlib.sha256()
    for path in (unit.require_challenge(), unit.folder / "variants.py"):
        digest.update(path.read_bytes())
    for path in sorted(unit.folder.glob("held_out/*")):
        digest.update(path.name.encode() + path.read_bytes())
    return digest.hexdigest()


def _judge(unit: Unit, progress: Progress) -> Said:
    """Judge as few submissions as hold all wrong answers, one a question in each."""
    wrong: dict[str, list[Variant]] = {}
    for variant in read_variants(unit):
        if not variant.right:
            wrong.setdefault(variant.question, []).append(variant)
    rounds = {
        f"wrong-{number:02d}": [variant for variant in mine if variant]
        for number, mine in enumerate(zip_longest(*wrong.values()))
    }
    said: Said = {}
    with tempfile.TemporaryDirectory() as made:
        for name, variants in rounds.items():
            _write(Path(made) / "submitted" / name / unit.id, unit, variants)
        with WarmEngine(Path(made), unit, notes=False) as engine:
            for record in judge_all(engine, list(rounds), progress):
                for variant in rounds[record.student]:
                    mine = [o for o in record.outcomes if o.question == variant.question]
                    said[key_of(variant)] = {o.check: o.text for o in mine if o.points == 0}
    return said


def _write(folder: Path, unit: Unit, variants: list[Variant]) -> None:
    released = unit.course.root / "notebooks" / unit.id / unit.challenge_notebook
    answers = master_of(unit).solutions | {each.question: each.code for each in variants}
    notebook = json.loads(released.read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        cell["source"] = answers.get(cell.get("id", ""), cell["source"])
    folder.mkdir(parents=True)
    (folder / unit.challenge_notebook).write_text(json.dumps(notebook), encoding="utf-8")
