"""Which mistakes a class made: those that a unit declares by name, the others by what was said.

An answer behaves as a declared one if it loses the same checks and they say the same: to the
letter, or but for numbers. Where nothing says more, it is named if only one declared answer loses
these checks: a wrong diagnosis teaches worse than none.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from coursekit.grading.record import Outcome, Verdict
from coursekit.insight.declared import Said, key_of
from coursekit.insight.gather import Class, Pupil, Question
from coursekit.sources.variants import Variant

NUMBER = re.compile(r"[-+]?\d[\d_.]*(?:e[-+]?\d+)?", re.IGNORECASE)
MANY = re.compile(r"[\[(]*#[\])]*(?:,? *[\[(]*#[\])]*(?:,? *\.\.\.)?)+")  # an array, a shape
ADDRESS = re.compile(r"0x[0-9a-fA-F]+")
LONGEST = 2000  # characters of a message that are compared
ASIDE = (Verdict.NOT_TRIED, Verdict.WAITS, Verdict.COURSE, Verdict.ENGINE)


@dataclass
class Mistake:
    """Answers to a question that go wrong in the same way.

    Attributes
    ----------
    question : Question
    labels : list of str
        What it is called; more than one where declared mistakes behave the same, none where
        nobody has declared it.
    check, text : str
        The first check that is lost, and what it says of the example.
    pupils : list of Pupil
        Whose answers; the first one's is the example.
    """

    question: Question
    labels: list[str]
    check: str
    text: str
    pupils: list[Pupil] = field(default_factory=list)

    @property
    def example(self) -> str:
        """One answer of this kind; `text` is what a check says of this very one."""
        return self.pupils[0].answer(self.question)


def mistakes(group: Class, variants: Sequence[Variant], said: Said) -> list[Mistake]:
    """Return all mistakes of a class, question by question, the commonest first."""
    found: list[Mistake] = []
    for question in group.questions:
        if question.written:
            continue
        known = _Known([v for v in variants if v.question == question.id and not v.right], said)
        mine: dict[tuple[object, ...], Mistake] = {}
        for pupil in group.graded:
            lost = {c: o for c, o in pupil.lost(question).items() if o.verdict not in ASIDE}
            if not lost:
                continue
            first = next(iter(lost.values()))
            labels = known.labels({check: outcome.text for check, outcome in lost.items()})
            key = ("named", *labels) if labels else ("said", *_key(first))
            made = Mistake(question, labels, first.check, _text(first))
            mine.setdefault(key, made).pupils.append(pupil)
        found += sorted(mine.values(), key=lambda each: -len(each.pupils))
    return found


class _Known:
    """The declared wrong answers to a question, by how they behave."""

    def __init__(self, variants: list[Variant], said: Said) -> None:
        self._by_message: dict[frozenset[tuple[str, str]], list[str]] = {}
        self._by_check: dict[frozenset[str], list[str]] = {}
        for variant in variants:
            if texts := said.get(key_of(variant)):
                for key in {_behaviour(texts, shape) for shape in (exactly, alike)}:
                    self._by_message.setdefault(key, []).append(variant.label)
            self._by_check.setdefault(frozenset(variant.loses), []).append(variant.label)

    def labels(self, texts: Mapping[str, str]) -> list[str]:
        """Return what an answer with these messages is called; empty if that would be a guess."""
        for shape in (exactly, alike):
            if found := self._by_message.get(_behaviour(texts, shape)):
                return list(dict.fromkeys(found))
        found = self._by_check.get(frozenset(texts), [])
        return found if len(found) == 1 else []


def _behaviour(texts: Mapping[str, str], shape: Callable[[str], str]) -> frozenset[tuple[str, str]]:
    return frozenset((check, shape(text)) for check, text in texts.items())


def exactly(text: str) -> str:
    """Return a message without what differs from process to process."""
    return ADDRESS.sub("0x", text[:LONGEST])


def alike(text: str) -> str:
    """Return a message without its numbers: ``got: [1, 2]`` and ``got: [3, 4, 5]`` are alike."""
    return MANY.sub("##", NUMBER.sub("#", exactly(text)))


def _key(outcome: Outcome) -> tuple[object, ...]:
    """Return by what failures are put together: check, error, and the message but for numbers."""
    return outcome.check, outcome.verdict, outcome.error, alike(_text(outcome))


def _text(outcome: Outcome) -> str:
    """Return what a check says, without what to try: the teacher knows that."""
    said = outcome.text.partition("\ntry: ")[0]
    return said if said.strip() else outcome.verdict.value
