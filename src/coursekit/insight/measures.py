"""Figures of a class: how points are spread, who is stuck, what each question is worth.

Difficulty is the mean share of a question's points ("facility" elsewhere); discrimination the
correlation between a question and the rest of the total without it, which is point-biserial where a
question is all or nothing (Guilford, Psychometric Methods, 1954). Ebel's rule of thumb calls a
question under 0.2 poor (Ebel and Frisbie, Essentials of Educational Measurement, 1991).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import StatisticsError, correlation, fmean, median

from coursekit.grading.record import Status, Verdict
from coursekit.insight.gather import Class, Pupil, Question

POOR = 0.2
ENOUGH = 10  # students, for a correlation to say anything
HALF = 0.5
BINS = 24  # of the histogram, at most


@dataclass(frozen=True)
class Figures:
    """What a question's answers say of it.

    Attributes
    ----------
    question : Question
    share : float or None
        Mean share of its points, among those whose points are known; None if nobody's are.
    discrimination : float or None
        None where too few students, or no spread, say nothing.
    seconds : float
        The checks' own time in the middle, the students' cells apart.
    untried : int
        Submissions without an answer to it.
    waiting : int
        Those that a person has still to mark.
    """

    question: Question
    share: float | None
    discrimination: float | None
    seconds: float
    untried: int
    waiting: int

    @property
    def odd(self) -> bool:
        """Whether who does well elsewhere does no better here: the question may be at fault."""
        return self.discrimination is not None and self.discrimination < POOR


@dataclass(frozen=True)
class Spread:
    """How totals are spread.

    Attributes
    ----------
    most : float
        Of the questions that are marked for somebody.
    middle, low, high : float
        The median, and between which the middle half of the class lies.
    bars : list of tuple
        From, to (not included), and how many students.
    """

    most: float
    middle: float
    low: float
    high: float
    bars: list[tuple[float, float, int]]


def figures(group: Class) -> list[Figures]:
    """Return the figures of each question, in order."""
    return [_figures(group.graded, question, group.questions) for question in group.questions]


def _figures(pupils: list[Pupil], question: Question, asked: list[Question]) -> Figures:
    known = [pupil for pupil in pupils if pupil.points[question.id] is not None]
    mine = [pupil.points[question.id] or 0.0 for pupil in known]
    rest = [pupil.total - points for pupil, points in zip(known, mine, strict=True)]
    share = fmean(mine) / question.most if known and question.most else None
    spent = [
        sum(outcome.seconds for outcome in pupil.record.outcomes if outcome.question == question.id)
        for pupil in pupils
        if pupil.record
    ]
    return Figures(
        question,
        share,
        _correlation(mine, rest) if len(asked) > 1 else None,
        median(spent) if spent else 0.0,
        0 if question.written else sum(not pupil.tried(question) for pupil in pupils),
        len(pupils) - len(known),
    )


def _correlation(mine: list[float], rest: list[float]) -> float | None:
    if len(mine) < ENOUGH:
        return None
    try:
        return correlation(mine, rest)
    except StatisticsError:  # all have the same
        return None


def spread(group: Class) -> Spread | None:
    """Return how totals are spread; None if nobody has points."""
    totals = sorted(pupil.total for pupil in group.graded)
    if not totals:
        return None
    known = (
        question.most
        for question in group.questions
        if any(pupil.points[question.id] is not None for pupil in group.graded)
    )
    most = sum(known)
    width = max(1, math.ceil(most / BINS))
    bars = []
    for start in range(0, math.floor(most) + 1, width):
        inside = sum(start <= total < start + width for total in totals)
        bars.append((float(start), float(min(start + width, math.floor(most) + 1)), inside))
    quarter = len(totals) // 4
    return Spread(most, median(totals), totals[quarter], totals[-1 - quarter], bars)


def most_known(pupil: Pupil, asked: list[Question]) -> float:
    """Return how many points a student could have, of the questions that are marked."""
    return sum(each.most for each in asked if pupil.points[each.id] is not None)


@dataclass(frozen=True)
class Stuck:
    """A student who gets no further alone.

    Attributes
    ----------
    pupil : Pupil
    tried, untried : list of Question
        Code questions that were answered in vain, and those without an answer.
    """

    pupil: Pupil
    tried: list[Question]
    untried: list[Question]


def stuck(group: Class) -> list[Stuck]:
    """Return who has less than half of the points that are marked, whoever tried most first."""
    found = []
    for pupil in group.graded:
        most = most_known(pupil, group.questions)
        if most and pupil.total < HALF * most:
            lost = [each for each in group.questions if pupil.lost(each)]
            tried = [each for each in lost if pupil.tried(each)]
            found.append(Stuck(pupil, tried, [each for each in lost if each not in tried]))
    return sorted(found, key=_turn)


def _turn(found: Stuck) -> tuple[int, int, float, str]:
    """Return whose turn it is: most attempts first, then most tried, then least got."""
    pupil = found.pupil
    return -pupil.attempts, -len(found.tried), pupil.total, pupil.id


@dataclass(frozen=True)
class Improved:
    """A student whose last attempt does what the first did not.

    Attributes
    ----------
    pupil : Pupil
    begun, mended : list of Question
        With full points now: not answered in the first attempt, or answered otherwise.
    """

    pupil: Pupil
    begun: list[Question]
    mended: list[Question]


def improved(group: Class) -> list[Improved]:
    """Return who handed in again and holds answers that the first attempt did not have.

    First attempts are not graded: what can be said is which answers came or changed since, and that
    they hold now.
    """
    found = []
    for pupil in group.graded:
        if pupil.earlier is None or pupil.record is None:
            continue
        stubs = {cell.id: cell.stub for cell in pupil.record.cells}
        holds = [each for each in group.questions if not each.written and not pupil.lost(each)]
        changed = [
            each
            for each in holds
            if _words(pupil.earlier.get(each.id, "")) != _words(pupil.answer(each))
        ]
        before = pupil.earlier
        blank = {_words(""), *(_words(stub) for stub in stubs.values())}
        begun = [each for each in changed if _words(before.get(each.id, "")) in blank]
        mended = [each for each in changed if each not in begun]
        if changed:
            found.append(Improved(pupil, begun, mended))
    return sorted(found, key=lambda each: (-len(each.begun) - len(each.mended), each.pupil.id))


def _words(code: str) -> str:
    return " ".join(code.split())


def ungraded(group: Class) -> dict[str, list[Pupil]]:
    """Return those without points by status."""
    found: dict[str, list[Pupil]] = {}
    for pupil in group.pupils:
        if not pupil.graded:
            found.setdefault(pupil.status, []).append(pupil)
    return found


def is_ours(pupil: Pupil) -> bool:
    """Whether something went wrong that is no student's fault."""
    record = pupil.record
    if record is None:
        return False
    ours = (Verdict.COURSE, Verdict.ENGINE)
    return record.status in (Status.COURSE, Status.ENGINE, Status.STOCK) or any(
        outcome.verdict in ours for outcome in record.outcomes
    )
