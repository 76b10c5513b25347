"""Prove that a unit's checks tell right from wrong: solutions, stubs and variants."""

from __future__ import annotations

import hashlib
import json
import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

import nbformat

from coursekit.authoring.layout import CourseError, Unit
from coursekit.authoring.progress import Progress
from coursekit.authoring.source import read_source
from coursekit.authoring.variants import read_variants
from coursekit.grading.trial import Trial, run_trial, start_worker

Try = Callable[[int, "Answer"], Trial]
LIBRARIES = ("keras", "tensorflow", "numpy", "scikit-learn")


@dataclass(frozen=True)
class Answer:
    """One answer to verify.

    Attributes
    ----------
    question, label, code : str
    kind : str
        ``solution``, ``stub``, ``right`` or ``wrong``.
    loses : frozenset of str
        Checks that it must lose; for a stub, all.
    """

    question: str
    label: str
    code: str
    kind: str
    loses: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Verdict:
    """Whether an answer scored as declared, in how many seconds, and what is wrong if not."""

    question: str
    label: str
    kind: str
    seconds: float
    fault: str = ""


def read_answers(unit: Unit) -> list[Answer]:
    """Return everything there is to verify of a unit: solution, stub and variants by question.

    Raises
    ------
    CourseError
        If the unit is not built, or has no variants.
    """
    variants = read_variants(unit)
    assert unit.challenge  # read_variants has said so otherwise
    cells = read_source(unit.challenge)
    released = unit.course.root / "notebooks" / unit.id / unit.challenge_notebook
    if not released.exists():
        raise CourseError(f"{unit.id} is not built: run `coursekit build {unit.id}`.")
    stubs = {cell.id: cell.source for cell in nbformat.read(released, as_version=4).cells}
    answers = []
    for cell in cells:
        if cell.kind != "answer":
            continue
        checks = frozenset(c.grade_id for c in cells if (c.kind, c.name) == ("check", cell.name))
        answers.append(Answer(cell.name, "the solution", cell.text, "solution"))
        answers.append(Answer(cell.name, "the stub", stubs[cell.name], "stub", checks))
        answers += [
            Answer(v.question, v.label, v.code, "right" if v.right else "wrong", frozenset(v.loses))
            for v in variants
            if v.question == cell.name
        ]
    return answers


def verify(unit: Unit, *, progress: Progress) -> list[Verdict]:
    """Try every answer of a unit and return whether each scored as declared.

    Raises
    ------
    CourseError
        If the unit cannot be verified at all: not built, no variants, or a given cell fails.
    """
    answers = read_answers(unit)
    verdicts: list[Verdict] = []
    with worker(unit) as attempt:
        for answer in answers:
            progress(f"verify {unit.id}", len(verdicts), len(answers))
            trial = attempt(0, answer)
            name = (answer.question, answer.label, answer.kind)
            verdicts.append(Verdict(*name, trial.seconds, _fault(answer, trial)))
    progress(f"verify {unit.id}", len(answers), len(answers))
    return verdicts


def _fault(answer: Answer, trial: Trial) -> str:
    said = {outcome.check: outcome.text for outcome in trial.outcomes}
    wrongly_lost = sorted(trial.lost - answer.loses)
    wrongly_kept = sorted(answer.loses - trial.lost)
    faults = [f"loses {check} ({said[check]})" for check in wrongly_lost]
    return "; ".join(faults + [f"does not lose {check}" for check in wrongly_kept])


@contextmanager
def worker(unit: Unit) -> Iterator[Try]:
    """Give a function that tries an answer in a warm process, under a shift of the seeds.

    Raises
    ------
    CourseError
        From the function: a given cell fails, or an answer kills the process.
    """
    context = multiprocessing.get_context("spawn")  # a fork after TensorFlow's start can hang
    held_out = str(unit.course.root / "course")
    with ProcessPoolExecutor(1, context, start_worker, (held_out,)) as pool:

        def attempt(shift: int, answer: Answer) -> Trial:
            assert unit.challenge
            job = pool.submit(run_trial, unit.challenge, shift, answer.question, answer.code)
            try:
                return job.result()
            except BrokenProcessPool as error:
                where = f"{answer.question} ({answer.label})"
                raise CourseError(f"{unit.id}: the process died at {where}.") from error
            except Exception as error:
                raise CourseError(f"{unit.challenge}: a given cell fails: {error}") from error

        yield attempt


def content_hash(unit: Unit) -> str:
    """Return a digest of all that a verdict on the unit depends on."""
    package = Path(__file__).resolve().parents[1]
    texts = [unit.folder / "challenge.py", unit.folder / "variants.py", *package.glob("*.py")]
    texts += [package / "grading" / "trial.py", Path(__file__)]
    files = sorted(texts) + sorted(unit.folder.glob("held_out/*"))
    digest = hashlib.sha256(json.dumps([version(name) for name in LIBRARIES]).encode())
    for path in files:
        digest.update(path.name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()


def is_verified(unit: Unit) -> bool:
    """Whether the unit, exactly as it is now, has passed before."""
    kept = _kept_verdict(unit)
    return kept.exists() and kept.read_text(encoding="utf-8") == content_hash(unit)


def keep_verdict(unit: Unit) -> None:
    """Remember that the unit, as it is now, has passed."""
    kept = _kept_verdict(unit)
    kept.parent.mkdir(parents=True, exist_ok=True)
    kept.write_text(content_hash(unit), encoding="utf-8")


def _kept_verdict(unit: Unit) -> Path:
    return unit.course.root / ".cache" / "verify" / unit.id
