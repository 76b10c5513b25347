"""A process in which given trainings were replayed is the one in which they were done."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from coursekit.grading.engine import master_of
from coursekit.grading.forks import WarmParent
from coursekit.grading.judge import Judge
from coursekit.grading.limits import Limits
from coursekit.grading.student import StudentSide
from coursekit.sources.layout import Course, Unit

ROOT = Path(__file__).resolve().parents[2]
UNITS = [unit for unit in Course(ROOT).units if unit.challenge]
PROBE = """
def probe():
    import random
    import keras
    import numpy
    from tensorflow.python.eager import context

    rng = context.context()._rng
    found = {
        "python": random.random(),
        "numpy": float(numpy.random.rand()),
        "tensorflow": rng.random() if rng else None,
        "a layer": keras.initializers.GlorotUniform()((2, 2)).numpy(),
        "dropout": keras.random.uniform((2,)).numpy(),
    }
    for name, value in list(globals().items()):
        if name.startswith("_"):
            continue
        if isinstance(value, numpy.ndarray) and value.dtype == object:
            continue  # axes of a picture
        if isinstance(value, numpy.ndarray | int | float | str):
            found[name] = value
        elif isinstance(value, keras.Model):
            found[name] = [each.numpy() for each in value.variables]
            optimiser = getattr(value, "optimizer", None)
            begun = optimiser.variables if optimiser else []
            found[f"{name}'s optimiser"] = [each.numpy() for each in begun]
        elif isinstance(value, keras.callbacks.History):
            found[name] = [value.history, value.epoch, value.params]
    return found
"""


@pytest.fixture(scope="module")
def parent() -> Iterator[WarmParent]:
    with WarmParent() as parent:
        yield parent


def after_given_cells(parent: WarmParent, unit: Unit, fits: list[Any]) -> tuple[Any, Any]:
    """Return what stands in a student's process after the given cells, and what they left."""
    side = StudentSide(parent.fork(), Limits())
    given = [cell for cell in master_of(unit).cells if cell.kind == "given"]
    try:
        side.prepare(fits)
        outputs = {cell.id: side.run(cell.id, cell.source, given=True).outputs for cell in given}
        side.run("probe", PROBE)
        return side.bind(["probe"])["probe"](), outputs
    finally:
        side.end()


def same(one: Any, other: Any) -> bool:
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[k], other[k]) for k in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, np.ndarray):
        return (
            one.dtype == other.dtype
            and one.shape == other.shape
            and one.tobytes() == other.tobytes()
        )
    return type(one) is type(other) and bool(one == other)


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.id)
def test_a_replayed_process_is_the_trained_one(
    unit: Unit, parent: WarmParent, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(os.environ, "COURSEKIT_HELD_OUT", str(ROOT / "course"))
    fits = Judge(master_of(unit).cells).fits
    found, outputs = after_given_cells(parent, unit, fits)
    trained, shown = after_given_cells(parent, unit, [])
    assert [name for name in trained if not same(found[name], trained[name])] == []
    assert outputs == shown
    # Fashion trains with a callback of the course's own: that is done again.
    assert bool(fits) == (unit.id in ("01_regression", "02_iris", "04_heart"))
