"""Why a question got its points: a verdict replayed from its record, nothing is run."""

from __future__ import annotations

from collections.abc import Iterator

from coursekit.grading.record import Fault, Outcome, Record
from coursekit.sources.layout import CourseError


def explain(record: Record, question: str) -> Iterator[str]:
    """Yield, line by line, what was asked of an answer, what came back, and the verdict.

    Parameters
    ----------
    record : Record
    question : str
        Its name such as ``q2_build_model``, or what stands before the first underscore.

    Raises
    ------
    CourseError
        If the record has no such question.
    """
    name = _find(record, question)
    yield f"{record.student}, {record.unit}, {name}: the submission is {record.status.value}."
    for match in record.matches:
        if match.cell.removesuffix("-answer") == name:
            note = f" {match.note}" if match.note else ""
            yield f"The answer was found by {match.how}, confidence {match.confidence:.0%}.{note}"
    if name in record.manual:
        yield f"A person marks it in formgrader: {record.manual[name]:g} points at most."
    for outcome in record.outcomes:
        if outcome.question == name:
            yield ""
            yield from _explain(outcome)
    if record.flags:
        yield ""
        yield from (f"flag: {flag}" for flag in record.flags)
    if record.versions:
        yield ""
        yield "graded with " + ", ".join(f"{name} {v}" for name, v in record.versions.items())
    if record.fence:
        yield f"fenced: {record.fence}"


def _find(record: Record, question: str) -> str:
    known = dict.fromkeys([o.question for o in record.outcomes] + list(record.manual))
    if not known:
        raise CourseError(f"{record.student}: {record.status.value}: {record.detail}")
    for name in known:
        if question in (name, name.partition("_")[0]):
            return name
    raise CourseError(f"No question {question!r} in {record.unit}: choose from {', '.join(known)}.")


def _explain(outcome: Outcome) -> Iterator[str]:
    points = "a person decides" if outcome.points is None else f"{outcome.points:g}"
    fault = outcome.verdict.fault
    blame = f" ({fault.value} fault)" if fault in (Fault.COURSE, Fault.ENGINE) else ""
    of = f" of {outcome.max_points:g} points"
    yield f"{outcome.check}: {outcome.verdict.value}{blame}, {points}{of}, {outcome.seconds:g} s"
    for call in outcome.calls:
        yield f"  asked: {call}"
    if outcome.trace or outcome.text:
        yield f"  stopped in its {'hidden' if outcome.hidden else 'visible'} part:"
    for step in outcome.trace or filter(None, [outcome.text]):
        yield from (f"    {line}" for line in step.splitlines())
    for name, ratio in outcome.margins.items():
        yield f"  {name}: {ratio:.2f} of what is allowed"
    yield from (f"  flag: {flag}" for flag in outcome.flags)
