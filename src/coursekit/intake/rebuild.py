"""Build the sheet to run: the instructor's notebook with a student's sources in their places.

Of the student come the sources of answers, of written answers and of cells that they added, in
their order. All else, hidden or seen, is the instructor's.
"""

from __future__ import annotations

from dataclasses import replace

from coursekit.intake.belongs import NothingMatchedError, check_that_it_belongs
from coursekit.intake.master import Master, plain, read_master
from coursekit.intake.matching import BY_PLACE, Answers, Choice, Home, find_homes
from coursekit.intake.pieces import key_of, statements, take_apart
from coursekit.intake.sheet import Cell, Kind, Match, Sheet
from coursekit.reader import ReadCell, ReadNotebook

__all__ = ["Master", "NothingMatchedError", "read_master", "rebuild"]
APART = "It was taken out of a cell with more than this answer."


def rebuild(master: Master, notebook: ReadNotebook) -> Sheet:
    """Return the sheet of what was handed in.

    Raises
    ------
    NothingMatchedError
        If nothing in it belongs to this notebook: a person decides, and it is no zero.
    """
    homes = find_homes(master, notebook.cells)
    choices = Answers(master, notebook.cells, homes).choose()
    check_that_it_belongs(master, notebook, homes, choices)
    return _Rebuild(master, notebook, homes, choices).sheet()


class _Rebuild:
    """One rebuild: what goes where, and what a person should know of it."""

    def __init__(
        self,
        master: Master,
        notebook: ReadNotebook,
        homes: dict[int, Home],
        choices: dict[str, Choice],
    ) -> None:
        self.master, self.cells, self.homes, self.choices = master, notebook.cells, homes, choices
        self.is_script = notebook.form == "script"
        self.flags = list(notebook.notes)
        self.uses: dict[int, list[str]] = {}
        for answer, choice in choices.items():
            for part in choice.parts:
                self.uses.setdefault(part, []).append(answer)
        self.own, self.anchors = self._find_own()
        self.parts: dict[int, dict[str, str]] = {}
        self.count = 0

    def sheet(self) -> Sheet:
        self._flag_changes()
        written = {c.id: self._written(c) for c in self.master.cells if c.kind == "written"}
        after, matches = self._own_cells(), list[Match]()
        made = self._make(after.get("", []))
        for cell in self.master.cells:
            if cell.kind == "answer":
                made += self._make(self._copies(cell.id))
                source, match = self._answer(cell)
            elif cell.kind == "written":
                source, match = written[cell.id]
            else:
                source, match = self._kept(cell), None
            made.append(replace(cell, source=source))
            made += self._make(after.get(cell.id, []))
            matches += [match] if match else []
        notes = [f"{match.cell}: {match.note}" for match in matches if match.note]
        flags = tuple(dict.fromkeys([*notes, *self.flags]))
        return Sheet(self.master.unit, self.master.notebook, tuple(made), tuple(matches), flags)

    def _find_own(self) -> tuple[list[int], dict[int, str]]:
        """Return the cells that the student added, and after which of ours each stands."""
        copies = {n for choice in self.choices.values() for n in choice.copies}
        own, anchors, anchor = [], {}, ""
        for number, cell in enumerate(self.cells):
            if number not in copies and self._is_own(number, cell):
                own.append(number)
                anchors[number] = anchor
            elif number in self.homes:
                anchor = self.homes[number].id
            elif number in self.uses:
                anchor = self.uses[number][-1]
        return own, anchors

    def _is_own(self, number: int, cell: ReadCell) -> bool:
        if number in self.uses or not cell.source.strip():
            return False
        home = self.homes.get(number)
        if home is None:
            return cell.type != "code" or not self._is_stub(cell.source)
        ours = self.master.by_id[home.id]
        if ours.kind == "answer":
            return not self._is_stub(cell.source)
        edited = plain(cell.source) != plain(self.master.released[home.id])
        return ours.kind == "text" and edited and not home.id.endswith("-prompt")

    def _is_stub(self, source: str) -> bool:
        found = statements(source) or ()
        return bool(found) and all(one.key in self.master.stub_keys for one in found)

    def _own_cells(self) -> dict[str, list[int]]:
        after: dict[str, list[int]] = {}
        for number in self.own:
            after.setdefault(self.anchors[number], []).append(number)
        return after

    def _copies(self, answer: str) -> list[int]:
        """Return other answers to a question; they run first, so that the one taken holds."""
        choice = self.choices[answer]
        taken = {key_of(self.cells[part].source) for part in choice.parts}
        return [n for n in choice.copies if n not in self.uses and self._differs(n, taken)]

    def _differs(self, number: int, taken: set[str]) -> bool:
        source = self.cells[number].source
        return key_of(source) not in taken and not self._is_stub(source)

    def _make(self, numbers: list[int]) -> list[Cell]:
        cells = []
        for number in numbers:
            cell = self.cells[number]
            source = self._without_ours(cell.source) if cell.type == "code" else cell.source
            if source.strip():
                self.count += 1
                kind: Kind = "own" if cell.type == "code" else "text"
                cells.append(Cell(f"own-{self.count}", kind, source))
        return cells

    def _without_ours(self, source: str) -> str:
        """Return an own cell without stubs, which undo answers, and a script without ours."""
        drop = self.master.statement_keys if self.is_script else self.master.stub_keys
        if not any(one.key in drop for one in statements(source) or ()):
            return source
        return take_apart(source, {"": ""}, drop)[""]

    def _answer(self, cell: Cell) -> tuple[str, Match]:
        choice = self.choices[cell.id]
        notes = [choice.note] if choice.note else []
        parts = []
        for number in choice.parts:
            source, apart = self._part(number, cell.id)
            parts.append(source)
            notes += [APART] if apart else []
            if self.cells[number].type != "code":
                notes.append("Its cell is no code cell any more; it was run as one.")
        source = "\n".join(parts) if any(parts) else cell.stub
        note = " ".join(dict.fromkeys(notes))
        return source, Match(cell.id, choice.how, choice.confidence, note)

    def _part(self, number: int, answer: str) -> tuple[str, bool]:
        """Return what a cell has for an answer, and whether that is all of it."""
        if number not in self.parts:
            self.parts[number] = self._take_apart(number)
        return self.parts[number].get(answer, self.cells[number].source), bool(self.parts[number])

    def _take_apart(self, number: int) -> dict[str, str]:
        """Return what a cell has for each answer; nothing if all of it is one answer's."""
        source, home, uses = self.cells[number].source, self.homes.get(number), self.uses[number]
        claimed = home is not None and home.id == uses[0]
        drop = self.master.stub_keys if claimed else self.master.statement_keys
        found = statements(source) or ()
        if len(uses) == 1 and not any(one.key in drop for one in found):
            return {}
        wanted = {one: self.master.names.get(one, "") for one in uses}
        return take_apart(source, wanted, self.master.statement_keys if uses[1:] else drop)

    def _written(self, cell: Cell) -> tuple[str, Match]:
        claimed = [n for n in sorted(self.homes) if self.homes[n].id == cell.id]
        sources = {n: self.cells[n].source for n in claimed if n not in self.uses}
        tried = [n for n in sources if plain(sources[n]) not in ("", plain(cell.stub))]
        if tried:
            home, number = self.homes[tried[-1]], len({plain(sources[n]) for n in tried})
            note = f"There are {number} answers; the last one was taken." if number > 1 else ""
            return sources[tried[-1]], Match(cell.id, home.how, home.confidence, note)
        if text := self._below(cell) or self._inside(cell.question):
            note = "It stands in another cell than its own." if sources else ""
            return text, Match(cell.id, "name", BY_PLACE, note)
        if sources:
            home = self.homes[list(sources)[-1]]
            return cell.stub, Match(cell.id, home.how, home.confidence)
        return cell.stub, Match(cell.id, "stub", 0.0, "Its cell is gone.")

    def _below(self, cell: Cell) -> str:
        """Return the texts that stand below a written question or its blank answer."""
        texts = [
            number
            for number in self.own
            if self.anchors[number] in (cell.id, cell.question)
            and (self.cells[number].type != "code" or not statements(self.cells[number].source))
        ]
        self.own = [number for number in self.own if number not in texts]
        return "\n\n".join(dict.fromkeys(self.cells[number].source for number in texts))

    def _inside(self, task: str) -> str:
        """Return what was written into the question's own cell."""
        asked = plain(self.master.released[task])
        copies = [plain(self.cells[n].source) for n in self.homes if self.homes[n].id == task]
        return next((c[len(asked) :].strip() for c in copies if c.startswith(asked)), "")

    def _kept(self, cell: Cell) -> str:
        """Return our source, or the student's of a cell to play with."""
        if cell.kind != "own":
            return cell.source
        versions = [n for n in sorted(self.homes) if self.homes[n].id == cell.id]
        sources = [self.cells[n].source for n in versions if self.cells[n].type == "code"]
        released = plain(self.master.released[cell.id])
        return next((s for s in reversed(sources) if plain(s) not in ("", released)), cell.source)

    def _flag_changes(self) -> None:
        """Say which cells that were given out are not as they were."""
        for number, home in sorted(self.homes.items()):
            kind = self.master.by_id[home.id].kind
            locked = kind in ("given", "check", "task") or home.id.endswith("-prompt")
            source = plain(self.cells[number].source)
            if (
                locked
                and number not in self.uses
                and source != plain(self.master.released[home.id])
            ):
                self.flags.append(
                    f"{home.id}: It was changed; the instructor's cell stands for it."
                )
