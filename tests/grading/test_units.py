"""Every unit's checks tell right from wrong, and its margins are of its present text."""

from collections import Counter
from pathlib import Path

import pytest

from coursekit.proving.sweep import margins_are_current
from coursekit.proving.verdicts import explain
from coursekit.proving.verify import is_verified, keep_verdict, verify
from coursekit.sources.layout import Course, Unit
from coursekit.sources.variants import read_variants

UNITS = [unit for unit in Course(Path(__file__).resolve().parents[2]).units if unit.challenge]


def name(unit: Unit) -> str:
    return unit.id


@pytest.mark.parametrize("unit", UNITS, ids=name)
def test_every_declared_answer_scores_as_declared_and_no_mutant_survives(unit: Unit) -> None:
    if is_verified(unit):
        return  # exactly as it is now
    verdicts = verify(unit, progress=lambda *step: None)
    assert explain(unit, verdicts) == []
    keep_verdict(unit)


@pytest.mark.parametrize("unit", UNITS, ids=name)
def test_each_question_has_two_right_and_three_wrong_variants(unit: Unit) -> None:
    counts = Counter((variant.question, variant.right) for variant in read_variants(unit))
    for question in {question for question, _ in counts}:
        assert counts[question, True] >= 2, question
        assert counts[question, False] >= 3, question


@pytest.mark.parametrize("unit", UNITS, ids=name)
def test_margins_belong_to_the_present_source(unit: Unit) -> None:
    assert margins_are_current(unit), f"run `coursekit verify {unit.id} --seeds 20`"
