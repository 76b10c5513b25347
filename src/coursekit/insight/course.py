"""The report of a whole course: its units side by side, and what to teach again next week."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from statistics import fmean

from coursekit.insight.findings import Data, teach


def course_findings(units: Sequence[Data], left: Sequence[str], *, anonymous: bool) -> Data:
    """Return what the report of a course says.

    Parameters
    ----------
    units : sequence of dict
        Each from `coursekit.insight.findings.findings`, in the course's order.
    left : sequence of str
        Units that nobody has handed in.
    anonymous : bool
    """
    asked = [{**each, "unit": unit["unit"]} for unit in units for each in unit["questions"]]
    known = [each for each in asked if each["share"] is not None]
    known.sort(key=lambda each: float(each["share"]))
    weak = Counter(each["student"] for unit in units for each in unit["stuck"])
    came = [{each["student"] for each in unit["students"]} for unit in units]
    return {
        "anonymous": anonymous,
        "units": [_unit(unit) for unit in units],
        "questions": known,
        # The newest unit first: what it lacks is fresh, and the next one stands on it.
        "teach": [
            {**each, "unit": unit["unit"]}
            for unit in reversed(units)
            for each in teach(unit["questions"])
        ],
        "stuck_twice": sorted(student for student, count in weak.items() if count > 1),
        "gone": sorted(set().union(*came[:-1]) - came[-1]) if came else [],
        "left": list(left),
    }


def _unit(unit: Data) -> Data:
    shares = [each["share"] for each in unit["questions"] if each["share"] is not None]
    return {
        "unit": unit["unit"],
        "handed_in": unit["handed_in"],
        "spread": unit["spread"],
        "share": fmean(shares) if shares else None,
        "look": sum(len(each["students"]) for each in unit["flagged"]),
    }
