"""Every unit's checks tell right from wrong, and its margins are of its present text.

Trying every answer of every unit takes minutes. `coursekit verify` has done it, and kept the
verdicts under a digest of all that decides them. So here a sample is tried; where everything is
required, all of a unit that has changed since.
"""

from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from conftest import REQUIRE_ALL
from coursekit.proving.decisive import digest, not_locked
from coursekit.proving.kept import is_current
from coursekit.proving.sweep import margins_are_current
from coursekit.proving.verdicts import explain
from coursekit.proving.verify import verify
from coursekit.sources.layout import Course, Unit
from coursekit.sources.progress import no_progress
from coursekit.sources.variants import read_variants

UNITS = [unit for unit in Course(Path(__file__).resolve().parents[2]).units if unit.challenge]


def name(unit: Unit) -> str:
    return unit.id


@pytest.mark.parametrize("unit", UNITS, ids=name)
def test_the_kept_verdicts_are_today_s_and_hold(unit: Unit, say: Callable[[str], None]) -> None:
    current, others = is_current(unit), not_locked(unit.course)
    old = f"{unit.id} was changed, or what tries it: "
    again = f"run `coursekit verify {unit.id}` and commit course/{unit.id}/verdicts.md"
    if not current and not REQUIRE_ALL:
        pytest.fail(old + again, pytrace=False)
    whole = REQUIRE_ALL and (others or not current)
    if not current:
        say(f"{old}all of it was tried here; {again}.")
    elif others:
        how = "all of it" if whole else "a sample"
        say(f"{unit.id}: {others[0]}, so {how} was tried with what is installed.")
    verdicts = verify(unit, progress=no_progress, sample="" if whole else digest(unit))
    assert explain(unit, verdicts) == []


@pytest.mark.parametrize("unit", UNITS, ids=name)
def test_each_question_has_two_right_and_three_wrong_variants(unit: Unit) -> None:
    counts = Counter((variant.question, variant.right) for variant in read_variants(unit))
    for question in {question for question, _ in counts}:
        assert counts[question, True] >= 2, question
        assert counts[question, False] >= 3, question


@pytest.mark.parametrize("unit", UNITS, ids=name)
def test_margins_belong_to_the_present_source(unit: Unit) -> None:
    assert margins_are_current(unit), f"run `coursekit verify {unit.id} --seeds 20`"
