"""What the engines' bench says: medians, ratios and limits, as Markdown."""

from __future__ import annotations

import re
import statistics
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

STOCK, OTTER = "stock nbgrader", "otter run"
OURS = ("ours, 1 job", "ours, 2 jobs")
CLASS = 100  # students
NO_FIGURE = "–"


@dataclass
class Measured:
    """What one run found of one class.

    Attributes
    ----------
    name, title : str
    walls : dict of str to list of float
        Seconds a submission of each round, by grader.
    added : dict of str to list of float
        Seconds a submission beyond its own cells and checks, by grader.
    starts : dict of str to float
        Seconds until a grader is ready, once a class.
    rest : dict of str to float
        Seconds a submission by what they went into.
    facts : dict of str to float
        ``idle MiB``, ``peak MiB``, ``command line s``.
    notes : list of str
        A sentence each.
    """

    name: str
    title: str
    walls: dict[str, list[float]] = field(default_factory=dict)
    added: dict[str, list[float]] = field(default_factory=dict)
    starts: dict[str, float] = field(default_factory=dict)
    rest: dict[str, float] = field(default_factory=dict)
    facts: dict[str, float] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def wall(self, grader: str) -> float | None:
        """Return the median seconds a submission; None if it was not measured."""
        walls = self.walls.get(grader)
        return statistics.median(walls) if walls else None

    def gain(self, over: str, grader: str = OURS[1]) -> float | None:
        """Return how many times as many submissions a minute `grader` does."""
        slow, fast = self.wall(over), self.wall(grader)
        return slow / fast if slow and fast else None

    @property
    def scaling(self) -> float | None:
        """The gain from a second job, of the two that would be ideal."""
        gain = self.gain(*OURS)
        return gain / 2 if gain else None


def fragment(found: list[Measured], how: str) -> str:
    """Return the Markdown of a run; `how` says where and by which command."""
    texts = [how, _limits(found)]
    for each in found:
        texts += [f"### {each.title}", _graders(each)]
        if each.rest:
            texts += [_rest(each)]
        if each.notes:
            texts += ["\n".join(f"- {note}" for note in each.notes)]
    return "\n\n".join(texts)


def _graders(each: Measured) -> str:
    rows = []
    for name, walls in each.walls.items():
        wall, start = statistics.median(walls), each.starts.get(name, 0.0)
        added = each.added.get(name)
        cells = [
            name,
            f"{wall:.2f} ({min(walls):.2f}–{max(walls):.2f})",
            f"{60 / wall:.1f}",
            _times(each.gain(STOCK, name)),
            _times(each.gain(OTTER, name)),
            f"{statistics.median(added):.2f}" if added else NO_FIGURE,
            f"{start:.1f}",
            f"{(start + CLASS * wall) / 60:.1f}",
        ]
        rows.append(cells)
    heads = ["grader", "wall a submission (s)", "a minute", "× stock", "× otter"]
    heads += ["added a submission (s)", "start, once (s)", f"{CLASS} students, all in all (min)"]
    return table(heads, rows)


def _rest(each: Measured) -> str:
    total = sum(each.rest.values())
    rows = [
        [label, f"{seconds:.3f}", f"{seconds / total:.0%}".replace("%", " %")]
        for label, seconds in sorted(each.rest.items(), key=lambda item: -item[1])
    ]
    rows.append(["together", f"{total:.3f}", ""])
    return table(["where a submission's time goes, 1 job", "s", "share"], rows)


def _limits(found: list[Measured]) -> str:
    rows = []
    for each in found:
        tiny = each.name == "tiny"
        most = {STOCK: 12.0, OTTER: 20.0} if tiny else {STOCK: 5.0}
        for over, wanted in most.items():
            rows.append(_row(each, f"times {over}, 2 jobs", each.gain(over), wanted))
        if tiny:
            for name in OURS:
                added = each.added.get(name)
                middle = statistics.median(added) if added else None
                rows.append(_row(each, f"s added a submission, {name}", middle, -0.3))
            rows.append(_row(each, "of the ideal from 1 to 2 jobs", each.scaling, 0.9))
            idle = each.facts.get("idle MiB")
            rows.append(_row(each, "MiB that an idle child holds alone", idle, -120.0))
    return table(["class", "what", "measured", "wanted", ""], rows)


def _row(each: Measured, what: str, value: float | None, wanted: float) -> list[str]:
    """Return a row; a negative `wanted` is the most, a positive one the least that will do."""
    sign = "≥" if wanted > 0 else "≤"
    if value is None:
        return [each.name, what, NO_FIGURE, f"{sign} {abs(wanted):g}", "not measured"]
    met = value >= wanted if wanted > 0 else value <= -wanted
    said = f"{value:.0f}" if value >= 20 else f"{value:.2f}"
    return [each.name, what, said, f"{sign} {abs(wanted):g}", "met" if met else "**missed**"]


def _times(value: float | None) -> str:
    return f"{value:.1f}" if value else NO_FIGURE


def table(heads: list[str], rows: list[list[str]]) -> str:
    """Return a Markdown table; all columns but the first are aligned to the right."""
    lines = [heads, ["---", *["--:"] * (len(heads) - 1)], *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def put_between(page: Path, marker: str, text: str) -> None:
    """Replace what stands between ``<!-- marker -->`` and ``<!-- end of marker -->``.

    Raises
    ------
    ValueError
        If the page has no such place.
    """
    first, last = f"<!-- {marker} -->", f"<!-- end of {marker} -->"
    before = page.read_text(encoding="utf-8")
    place = re.compile(re.escape(first) + r".*?" + re.escape(last), re.DOTALL)
    if len(place.findall(before)) != 1:
        raise ValueError(f"{page} must have one place between {first} and {last}.")
    after = place.sub(lambda _: f"{first}\n\n{text}\n\n{last}", before)
    page.write_text(after, encoding="utf-8")


def agree(points: Mapping[str, Mapping[str, float]]) -> str:
    """Say whether graders gave the same points, by grader and student; a sentence."""
    first = next(iter(points.values()), {})
    for student in first:
        given = {name: each[student] for name, each in points.items() if student in each}
        if max(given.values()) - min(given.values()) > 1e-6:
            said = ", ".join(f"{name} {value:g}" for name, value in given.items())
            return f"The graders differ on a submission: {said}."
    return "All graders gave each submission the same points."
