"""Which of a student's cells is which of the instructor's.

By grade id, then cell id, then name, then likeness. The limits of likeness were measured on the 395
declared variants of six units, each with its function renamed, so that neither id nor name helps:
of those that kept the stub's docstring 360 went to their own answer and 1 to another, of bare ones
190 and 3. None was nearer than 0.55 to a given cell or a check.
"""

from __future__ import annotations

import difflib
import functools
import re
from dataclasses import dataclass, field

from coursekit.intake.master import Master, plain
from coursekit.intake.pieces import defined, is_whole, key_of
from coursekit.intake.sheet import How
from coursekit.reader import ReadCell

ALIKE, AHEAD = 0.5, 0.05  # an answer is this near to a stub or solution, and nearer than to others
COPY = 0.8  # an edited copy of a cell that was given out
BY_NAME, BY_PLACE = 0.9, 0.8  # confidence
WORDS, LOOKED_AT = 1_000, 100  # at most so many words are compared, of so many cells
SPLIT = 10  # cells that an answer was split into
TOGETHER = "It was put together from several cells."
RANKS: tuple[How, ...] = ("grade id", "cell id", "name")


@dataclass(frozen=True)
class Home:
    """The instructor's cell that a student's cell is a version of."""

    id: str
    how: How
    confidence: float = 1.0


@dataclass
class Choice:
    """What an answer is made of.

    Attributes
    ----------
    parts : list of int
        Numbers of the student's cells, in order; empty for the stub.
    how, confidence, note
        As in `Match`.
    copies : list of int
        Cells that answer the same and were not taken.
    """

    parts: list[int] = field(default_factory=list)
    how: How = "stub"
    confidence: float = 0.0
    note: str = ""
    copies: list[int] = field(default_factory=list)


def find_homes(master: Master, cells: tuple[ReadCell, ...]) -> dict[int, Home]:
    """Return the home of each cell that has one, by the cell's number.

    Ids may lie, and cost nothing when they do: only the sources of answers are taken.
    """
    homes = {n: home for n, cell in enumerate(cells) if (home := _by_id(master, cell))}
    taken = {home.id for home in homes.values()}
    texts: dict[str, list[str]] = {}
    for id_, source in master.released.items():
        texts.setdefault(plain(source), []).append(id_)
    for number, cell in enumerate(cells):
        if number not in homes and (same := texts.get(plain(cell.source))):
            id_ = next((id_ for id_ in same if id_ not in taken), same[0])
            homes[number] = Home(id_, "name", BY_NAME)
            taken.add(id_)
    return homes | _edited_copies(master, cells, homes)


@dataclass
class Answers:
    """Chooses what each answer is made of.

    Attributes
    ----------
    master : Master
    cells : tuple of ReadCell
    homes : dict of int to Home
    """

    master: Master
    cells: tuple[ReadCell, ...]
    homes: dict[int, Home]

    def __post_init__(self) -> None:
        self.asked = set(self.master.names.values())
        answers = {cell.id for cell in self.master.cells if cell.kind == "answer"}
        # What each cell makes, of those that are code, or were before somebody changed their type.
        self.made = {
            number: defined(cell.source)
            for number, cell in enumerate(self.cells)
            if _may_be_code(cell) or (number in self.homes and self.homes[number].id in answers)
        }

    def choose(self) -> dict[str, Choice]:
        """Return a choice for each answer, by its id, in the master's order."""
        answers = [cell.id for cell in self.master.cells if cell.kind == "answer"]
        choices = {answer: self._choose(answer) for answer in answers}
        used = {part for choice in choices.values() for part in choice.parts}
        free = [n for n in self.made if n not in self.homes and n not in used]
        for number in free[:LOOKED_AT]:
            if not self.asked & set(self.made[number]):
                self._by_likeness(number, choices)
        for choice in choices.values():
            self._complete(choice, used)
        return choices

    def _choose(self, answer: str) -> Choice:
        name, stub = self.master.names.get(answer, ""), self.master.by_id[answer].stub
        untried = defined(stub).get(name)
        tried = [n for n, made in self.made.items() if made.get(name, untried) != untried]
        claimed = [n for n in self.made if n in self.homes and self.homes[n].id == answer]
        for how in RANKS:
            if mine := [n for n in tried if n in claimed and self.homes[n].how == how]:
                return self._last(mine, self.homes[mine[-1]])
        written = [n for n in claimed if key_of(self.cells[n].source) not in ("", key_of(stub))]
        rest = [n for n in written if not self.asked & set(self.made[n])]
        if choice := self._joined(rest, name) or self._by_name(tried, rest):
            return choice
        if rest:
            home = self.homes[rest[-1]]
            note = f"It does not define `{name}`."
            return Choice(rest[-1:], home.how, home.confidence, note, rest[:-1])
        if claimed:  # as it was given out
            return Choice([], self.homes[claimed[-1]].how, self.homes[claimed[-1]].confidence)
        if name and any(name in made for made in self.made.values()):
            return Choice([], "name", BY_NAME)
        return Choice(note=f"No cell defines `{name}`: the stub stands in its place.")

    def _joined(self, rest: list[int], name: str) -> Choice | None:
        """Put together what only defines the name when it is whole."""
        source = "\n".join(self.cells[n].source for n in rest)
        if len(rest) < 2 or name not in defined(source) or not is_whole(source):
            return None
        return Choice(rest, self.homes[rest[0]].how, self.homes[rest[0]].confidence, TOGETHER)

    def _by_name(self, tried: list[int], rest: list[int]) -> Choice | None:
        """Take the last cell that defines the name, with what stands in the answer's own cell."""
        code = [n for n in tried if self.cells[n].type == "code"]
        alone = [n for n in code if len(self.asked & set(self.made[n])) == 1]
        group = alone or code or tried
        if not group:
            return None
        choice = self._last(group, Home("", "name", BY_NAME))
        if rest:
            choice.parts, choice.note = sorted({*choice.parts, *rest}), TOGETHER
        return choice

    def _last(self, group: list[int], home: Home) -> Choice:
        *others, last = group
        taken = key_of(self.cells[last].source)
        differ = [n for n in others if key_of(self.cells[n].source) != taken]
        note = f"There are {len(differ) + 1} answers; the last one was taken." if differ else ""
        return Choice([last], home.how, home.confidence, note, others)

    def _by_likeness(self, number: int, choices: dict[str, Choice]) -> None:
        """Give a cell that looks like an answer to it, if nothing else was found for it."""
        master, source = self.master, self.cells[number].source
        near = {
            answer: max(likeness(source, text, ALIKE - AHEAD) for text in (known, stub))
            for answer, known in master.solutions.items()
            for stub in [master.by_id[answer].stub]
        }
        first, second = (*sorted(near, key=lambda id_: near[id_], reverse=True), "", "")[:2]
        least = max(ALIKE, near.get(second, 0) + AHEAD)
        if near.get(first, 0) >= least and not choices[first].parts:
            note = f"Nothing defines `{master.names.get(first)}`; this cell looks most like it."
            choices[first] = Choice([number], "similarity", round(near[first], 2), note)

    def _complete(self, choice: Choice, used: set[int]) -> None:
        """Add the cells below that a definition was split over: no Python by themselves."""
        while 0 < len(choice.parts) < SPLIT and choice.parts[-1] + 1 < len(self.cells):
            below = choice.parts[-1] + 1
            home = self.homes.get(below)
            same = home is None or home == self.homes.get(choice.parts[0])
            code = self.cells[below].type == "code" and below not in used
            if not (same and code) or is_whole(self.cells[below].source):
                return
            if not is_whole("\n".join(self.cells[n].source for n in (*choice.parts, below))):
                return
            choice.parts.append(below)
            choice.copies = [n for n in choice.copies if n != below]
            choice.note = TOGETHER


def likeness(one: str, other: str, least: float = 0.0) -> float:
    """Return how alike two sources are, from 0 to 1; 0 if that is below `least`."""
    a, b = _words(one), _words(other)
    if 2 * min(len(a), len(b)) < least * (len(a) + len(b)):
        return 0.0
    matcher = difflib.SequenceMatcher(None, a, b, autojunk=False)
    if matcher.quick_ratio() < least:
        return 0.0
    ratio = matcher.ratio()
    return ratio if ratio >= least else 0.0


@functools.lru_cache(maxsize=512)
def _words(text: str) -> list[str]:
    return re.findall(r"\w+|[^\w\s]", text[: 20 * WORDS])[:WORDS]


def _by_id(master: Master, cell: ReadCell) -> Home | None:
    if cell.grade_id in master.by_id:
        return Home(cell.grade_id, "grade id")
    found = next((id_ for id_ in cell.ids if id_ in master.by_id), None)
    return Home(found, "cell id") if found else None


def _may_be_code(cell: ReadCell) -> bool:
    """Whether a cell is code, or was before somebody changed its type."""
    return cell.type == "code" or (
        re.search(r"(?m)^(def|class) \w+", cell.source) is not None and is_whole(cell.source)
    )


def _edited_copies(
    master: Master, cells: tuple[ReadCell, ...], homes: dict[int, Home]
) -> dict[int, Home]:
    """Find versions of cells that were given out among those without id that answer nothing."""
    asked = set(master.names.values())
    taken = {home.id for home in homes.values()}
    open_ = [c for c in master.cells if c.kind not in ("answer", "written") and c.id not in taken]
    found: dict[int, Home] = {}
    homeless = [number for number in range(len(cells)) if number not in homes][:LOOKED_AT]
    for number in homeless:
        cell = cells[number]
        if cell.type == "code" and asked & set(defined(cell.source)):
            continue
        alike = [c for c in open_ if c.is_code == (cell.type == "code")]
        ratios = {c.id: likeness(cell.source, master.released[c.id], COPY) for c in alike}
        best = max(ratios, key=lambda id_: ratios[id_], default="")
        if best and ratios[best]:
            found[number] = Home(best, "similarity", ratios[best])
            open_ = [c for c in open_ if c.id != best]
    return found
