"""Prove that a unit's checks tell right from wrong: solutions, stubs, variants and mutants."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import nbformat

from coursekit.proving.mutants import derive, normalise, show_change
from coursekit.proving.trial import Trial
from coursekit.proving.warm import ProcessDiedError, WarmProcess
from coursekit.sources.layout import CourseError, Unit
from coursekit.sources.progress import Progress
from coursekit.sources.source import read_source
from coursekit.sources.variants import fixed_architecture, read_equivalent, read_variants

Attempt = Callable[..., Trial]
SLOW = (
    1.0  # seconds of computing; where a solution takes more, each mutant trains a network too ...
)
MOST = 12  # ... and so many of them are tried, every operator once before any comes twice
FEW = 6  # declared and derived answers each in a sample
LIMIT = 5.0  # seconds of computing that a mutant may take at least; five times the solution's if
# that is more


@dataclass(frozen=True)
class Answer:
    """One answer to verify.

    Attributes
    ----------
    question, label, code : str
    kind : str
        ``solution``, ``stub``, ``right``, ``wrong``, ``equivalent`` or ``mutant``.
    loses : frozenset of str
        Checks that it must lose; for a stub, all. A mutant must lose any.
    operator : str
        Which operator made a mutant.
    """

    question: str
    label: str
    code: str
    kind: str
    loses: frozenset[str] = frozenset()
    operator: str = ""


@dataclass(frozen=True)
class Verdict:
    """Whether an answer scored as declared.

    Attributes
    ----------
    question, label, kind : str
        As of the answer; a mutant that there was no time for is of the kind ``untried``.
    seconds : float
        How long its checks took.
    fault : str
        What is wrong; empty if nothing is.
    change : str
        Of a mutant that survives: how it differs from the solution.
    """

    question: str
    label: str
    kind: str
    seconds: float = 0.0
    fault: str = ""
    change: str = ""


def read_answers(unit: Unit) -> list[Answer]:
    """Return all that is declared of a unit: solution, stub and variants, by question.

    Raises
    ------
    CourseError
        If the unit is not built, or has no variants.
    """
    variants, equivalent = read_variants(unit), read_equivalent(unit)
    cells = read_source(unit.require_challenge())
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
        answers += [
            Answer(e.question, e.reason, e.code, "equivalent")
            for e in equivalent
            if e.question == cell.name
        ]
    return answers


def read_mutants(unit: Unit) -> list[Answer]:
    """Return the wrong answers that are derived from a unit's solutions, in order.

    Raises
    ------
    CourseError
        If the unit has no variants.
    """
    fixed = fixed_architecture(unit)
    return [
        Answer(cell.name, mutant.change, mutant.code, "mutant", operator=mutant.operator)
        for cell in read_source(unit.require_challenge())
        if cell.kind == "answer"
        for mutant in derive(cell.text, fixed=cell.name in fixed)
    ]


def verify(
    unit: Unit,
    *,
    progress: Progress,
    sample: str = "",
    limit: float = LIMIT,
    attempt: Attempt | None = None,
) -> list[Verdict]:
    """Try every answer of a unit and return whether each scored as it must.

    Parameters
    ----------
    unit : Unit
    progress : callable
        Told (label, done, total) as work goes on.
    sample : str, optional
        Try solutions, stubs, and a few of the rest only: which ones, this text decides.
    limit : float
        Seconds that a mutant may take at least; one that needs more counts as caught.
    attempt : callable, optional
        Tries an answer, as `Bench.try_answer` does; by default, in a process of its own.

    Raises
    ------
    CourseError
        If the unit cannot be verified at all: not built, no variants, or a given cell fails.
    """
    if attempt is None:
        with WarmProcess(unit) as process:
            return verify(
                unit, progress=progress, sample=sample, limit=limit, attempt=process.try_answer
            )
    answers, mutants = read_answers(unit), read_mutants(unit)
    if sample:
        answers, mutants = _draw(answers, mutants, sample)
    verdicts: list[Verdict] = []
    total = len(answers) + len(mutants)
    for question in dict.fromkeys(answer.question for answer in answers):
        mine = [answer for answer in answers if answer.question == question]
        derived = [mutant for mutant in mutants if mutant.question == question]
        for verdict in _verify_question(attempt, mine, derived, limit):
            verdicts.append(verdict)
            progress(f"verify {unit.id}", len(verdicts), total)
    progress(f"verify {unit.id}", total, total)
    return verdicts


def _draw(
    answers: list[Answer], mutants: list[Answer], sample: str
) -> tuple[list[Answer], list[Answer]]:
    """Return the solutions and stubs with a few declared answers, and a few mutants."""

    def few(among: list[Answer]) -> list[Answer]:
        def rank(answer: Answer) -> bytes:
            return hashlib.sha256(f"{sample} {answer.question} {answer.code}".encode()).digest()

        return sorted(among, key=rank)[:FEW]

    declared = {normalise(answer.code) for answer in answers if answer.kind == "equivalent"}
    by_question = [
        [m for m in mutants if m.question == name and m.code not in declared]
        for name in dict.fromkeys(mutant.question for mutant in mutants)
    ]
    # Of those that are tried however long the question takes.
    derived = few([m for mine in by_question for m in _representative(mine, MOST)])
    kept = few([answer for answer in answers if answer.kind in ("right", "wrong")])
    always = ("solution", "stub")
    return [a for a in answers if a.kind in always or a in kept], derived


def _verify_question(
    attempt: Attempt, answers: list[Answer], mutants: list[Answer], limit: float
) -> Iterator[Verdict]:
    known = {mutant.code for mutant in mutants}
    solution = None
    for answer in answers:
        try:
            trial = attempt(answer.question, answer.code)
        except ProcessDiedError as error:
            raise CourseError(f"{str(error)[:-1]} ({answer.label}).") from None
        solution = solution or trial
        fault = _fault(answer, trial)
        if answer.kind == "equivalent" and normalise(answer.code) not in known:
            fault = "is none of the derived wrong answers: take it out"
        yield Verdict(answer.question, answer.label, answer.kind, trial.seconds, fault)
    assert solution  # the first of every question
    if solution.lost:
        return  # whatever fails with the solution too says nothing of a mutant
    declared = {normalise(answer.code) for answer in answers if answer.kind == "equivalent"}
    yield from _verify_mutants(
        attempt, answers[0], [m for m in mutants if m.code not in declared], solution, limit
    )


def _verify_mutants(
    attempt: Attempt, solution: Answer, mutants: list[Answer], measured: Trial, limit: float
) -> Iterator[Verdict]:
    cheapest = sorted(measured.outcomes, key=lambda outcome: outcome.seconds)
    order = [outcome.check for outcome in cheapest]
    # Not by the clock: how busy the machine is must not decide how many are tried.
    tried = _representative(mutants, MOST) if measured.computing > SLOW else mutants
    limit = max(limit, 5 * measured.computing)
    for mutant in mutants:
        verdict = Verdict(mutant.question, mutant.label, "mutant")
        if mutant not in tried:
            yield replace(verdict, kind="untried")
            continue
        try:
            trial = attempt(mutant.question, mutant.code, order=order, limit=limit)
        except ProcessDiedError:  # a crash loses points too
            yield replace(verdict, seconds=limit)
            continue
        if trial.lost:
            yield replace(verdict, seconds=trial.seconds)
        else:
            fault, change = "passes every check", show_change(solution.code, mutant.code)
            yield replace(verdict, seconds=trial.seconds, fault=fault, change=change)


def _representative(mutants: list[Answer], most: int) -> list[Answer]:
    """Return at most so many mutants: the first of each operator, then the second, ..."""
    turns: dict[str, int] = {}
    ranked = []
    for mutant in mutants:
        turns[mutant.operator] = turns.get(mutant.operator, 0) + 1
        ranked.append((turns[mutant.operator], mutant))
    return [mutant for _, mutant in sorted(ranked, key=lambda pair: pair[0])[:most]]


def _fault(answer: Answer, trial: Trial) -> str:
    said = {o.check: f"{o.error}: " + " | ".join(o.text.splitlines()) for o in trial.outcomes}
    wrongly_lost = sorted(trial.lost - answer.loses)
    wrongly_kept = sorted(answer.loses - trial.lost)
    faults = [f"loses {check} ({said[check]})" for check in wrongly_lost]
    return "; ".join(faults + [f"does not lose {check}" for check in wrongly_kept])
