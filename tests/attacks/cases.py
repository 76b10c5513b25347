"""The corpus: what is submitted, what it tries, and what has to come of it, a short text each.

A case is the file ``case.txt`` of a folder named ``<family>_<what>``. It begins with comments of
the form ``# key: value``; cells follow, as in the course's own sources::

    # tries: A transformer drops every assert, so that no check can fail.
    # twin: skip_own_transformer
    # answers: wrong
    # status: graded
    # points: 0
    # lost: all fail
    # limit: none
    # level: any

    # %% below="setup"
    ...

    # %% answer="q1_double"
    ...

It is no ``.py``: whatever collects, imports or formats Python must never meet this code.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from attacks.units import CHALLENGES, unit_of
from coursekit.grading.record import Status, Verdict

CORPUS = Path(__file__).resolve().parents[1] / "grading" / "corpus"
FILE = "case.txt"
FAMILIES = (
    "skip",
    "neuter",
    "forge",
    "read",
    "write",
    "exhaust",
    "detect",
    "escape",
    "cross",
    "wire",
    "proxy",
    "seeds",
    "exceptions",
    "model",
    "reporter",
    "broken",
)
LEVELS = ("any", "partial", "full")  # of the fence, each holding what the one before does
LIMITS = ("cpu", "wall", "memory", "threads", "output", "scratch", "files")
ALWAYS = {"answers", "status", "points", "lost", "limit", "level"}
MAY = {"tries", "allows", "twin", "hidden", "file", "flag", "bare"}
VERDICTS = {verdict.value for verdict in Verdict if verdict is not Verdict.PASS}
KEY = re.compile(r"# (\w+): (\S.*)")
CONTINUED = re.compile(r"#   +(\S.*)")
MARK = re.compile(r"# %%(?P<keys>.*)")
KEYS = re.compile(r' (below|text|answer|by)="(\w+)"')
PLACES = {"answer", "below", "text"}


class CaseError(Exception):
    """A case is malformed; the message names its file and says what to do."""


@dataclass(frozen=True)
class Part:
    """One cell of what is submitted.

    Attributes
    ----------
    place : str
        ``answer``; ``below`` for an own cell; ``text`` for an own cell of Markdown.
    name : str
        The question it answers, or below whose check it stands; ``setup`` for the given cell.
    source : str
    accomplice : bool
        Whether it belongs to what another student hands in, who is graded right before.
    """

    place: str
    name: str
    source: str
    accomplice: bool = False


@dataclass(frozen=True)
class Case:
    """One case.

    Attributes
    ----------
    name : str
        Its folder's.
    allowed : bool
        Whether it is a twin: something like an attack that must pass with full marks.
    about : str
        What it tries, or what it shows to be allowed.
    twin : str
        Name of the allowed case that is most like it; empty for a twin.
    answers : str
        Which answers stand where the case has none: ``right``, ``wrong`` or ``none``.
    status : Status
    points : float or None
        None where none may be given.
    lost : dict of str to str
        The verdict on each question that did not pass.
    hidden : frozenset of str
        Questions that must be lost in their hidden part: the visible one was deceived.
    limits : frozenset of str
        Limits that were met, such as ``limit:cpu``.
    level : str
        The least level of the fence at which it holds.
    parts : tuple of Part
    file : str
        How the file is mangled, a name of `attacks.mangling`; empty for not at all.
    flag : str
        What a flag for a person must say; empty for nothing in particular.
    bare : bool
        Whether the same code does harm where there is no fence, which is tried.
    """

    name: str
    allowed: bool
    about: str
    twin: str
    answers: str
    status: Status
    points: float | None
    lost: dict[str, str]
    hidden: frozenset[str]
    limits: frozenset[str]
    level: str
    parts: tuple[Part, ...]
    file: str = ""
    flag: str = ""
    bare: bool = False

    @property
    def family(self) -> str:
        """What the name begins with."""
        return self.name.partition("_")[0]


def read_corpus(folder: Path = CORPUS) -> dict[str, Case]:
    """Return all cases by name, in order.

    Raises
    ------
    CaseError
        If one is malformed, or lacks its twin.
    """
    folders = sorted(path for path in folder.iterdir() if path.is_dir())
    cases = {path.name: read_case(path / FILE) for path in folders}
    for case in cases.values():
        if not case.allowed and (case.twin not in cases or not cases[case.twin].allowed):
            raise CaseError(f"{folder / case.name / FILE}: no allowed case is called {case.twin}.")
    return cases


def read_case(path: Path) -> Case:
    """Read one case.

    Raises
    ------
    CaseError
        Naming the file, and what to write.
    """
    try:
        return _Reader(path.parent.name, path.read_text(encoding="utf-8")).case()
    except FileNotFoundError:
        raise CaseError(f"{path}: there is no such file: write the case into it.") from None
    except ValueError as error:
        raise CaseError(f"{path}: {error}") from error


class _Reader:
    """Understands the text of one case; each fault is a ValueError of one sentence."""

    def __init__(self, name: str, text: str) -> None:
        self._name, lines = name, text.split("\n")
        marks = [at for at, line in enumerate(lines) if MARK.fullmatch(line)]
        begins = [*marks, len(lines)]
        self._head = dict(_head(lines[: begins[0]]))
        self._cells = [
            (lines[at], "\n".join(lines[at + 1 : end]).strip("\n")) for at, end in pairwise(begins)
        ]

    def case(self) -> Case:
        head, family = self._head, self._name.partition("_")[0]
        if family not in FAMILIES or not re.fullmatch(r"[a-z]+(_[a-z0-9]+)+", self._name):
            raise ValueError(f"the folder's name begins with one of {', '.join(FAMILIES)}.")
        self._check_keys(family)
        challenge = CHALLENGES[unit_of(family)]
        self._questions = challenge.points
        if head["answers"] not in challenge.answers:
            raise ValueError("`answers` is right, wrong or none.")
        case = Case(
            name=self._name,
            allowed="allows" in head,
            about=head.get("allows") or head["tries"],
            twin=head.get("twin", ""),
            answers=head["answers"],
            status=Status(head["status"]),
            points=None if head["points"] == "none" else float(head["points"]),
            lost=self._lost(head["lost"]),
            hidden=frozenset(head["hidden"].split(", ") if "hidden" in head else ()),
            limits=frozenset(_limits(head["limit"])),
            level=_one_of("level", head["level"], LEVELS),
            parts=tuple(self._part(mark, source) for mark, source in self._cells),
            file=head.get("file", ""),
            flag=head.get("flag", ""),
            bare=head.get("bare", "no") == "yes",
        )
        self._check(case)
        return case

    def _check_keys(self, family: str) -> None:
        keys = set(self._head)
        if missing := ALWAYS - keys:
            raise ValueError(f"write `# {min(missing)}: ...` above the first cell.")
        if unknown := keys - ALWAYS - MAY:
            raise ValueError(f"there is no key `{min(unknown)}`.")
        if ("tries" in keys) == ("allows" in keys) or ("twin" in keys) != ("tries" in keys):
            raise ValueError("write what it `tries` and its `twin`, or what it `allows`.")
        if not self._cells and "file" not in keys:
            raise ValueError("it submits nothing: add a cell, or mangle the `file`.")

    def _lost(self, text: str) -> dict[str, str]:
        if text == "none":
            return {}
        name, _, verdict = text.partition(" ")
        if name == "all":
            return dict.fromkeys(self._questions, _one_of("lost", verdict, VERDICTS))
        lost = {}
        for each in text.split(", "):
            name, _, verdict = each.partition(" ")
            known = _one_of("lost", verdict, VERDICTS)
            lost[_one_of("lost", name, self._questions)] = known
        return lost

    def _part(self, mark: str, source: str) -> Part:
        keys = dict(KEYS.findall(mark))
        places = keys.keys() & PLACES
        if KEYS.sub("", mark) != "# %%" or len(places) != 1:
            raise ValueError(f'write `# %% answer="q1"` or `# %% below="q1"`, not `{mark}`.')
        if keys.get("by", "accomplice") != "accomplice":
            raise ValueError('a cell of another student has by="accomplice".')
        (place,) = places
        known = [*self._questions, *(["setup"] if place != "answer" else [])]
        name = _one_of(place, keys[place], known)
        if not source:
            raise ValueError(f"the cell `{mark}` is empty.")
        return Part(place, name, source, "by" in keys)

    def _check(self, case: Case) -> None:
        """Refuse expectations that cannot hold together."""
        if not case.status.has_points:
            if case.points is not None or case.lost:
                raise ValueError("where the status has no points, `points` and `lost` are none.")
        elif case.points != self._sum(case.lost):
            raise ValueError(f"with what is `lost`, the points are {self._sum(case.lost):g}.")
        if not case.hidden <= set(case.lost):
            raise ValueError("what is lost in a `hidden` part is `lost`.")
        if wrong := {v for v in case.lost.values() if v.startswith("limit:")} - case.limits:
            raise ValueError(f"`limit` names {min(wrong)}, too.")
        full = case.status is Status.GRADED and not case.lost and not case.limits
        if case.allowed and not full:
            raise ValueError("what is allowed is graded with full marks and meets no limit.")

    def _sum(self, lost: Mapping[str, str]) -> float:
        return sum(points for name, points in self._questions.items() if name not in lost)


def _head(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Yield keys and values; a value goes on in the next line where that is indented."""
    found: list[tuple[str, str]] = []
    for line in filter(None, lines):
        if match := KEY.fullmatch(line):
            found.append((match[1], match[2].strip()))
        elif found and (match := CONTINUED.fullmatch(line)):
            key, value = found.pop()
            found.append((key, f"{value} {match[1].strip()}"))
        else:
            raise ValueError(f"`{line}` is no `# key: value`.")
    if len(dict(found)) < len(found):
        raise ValueError("a key stands twice.")
    yield from found


def _limits(text: str) -> list[str]:
    if text == "none":
        return []
    return [_one_of("limit", each, [f"limit:{name}" for name in LIMITS]) for each in text.split()]


def _one_of(key: str, value: str, known: Iterable[str]) -> str:
    if value not in (names := list(known)):
        raise ValueError(f"`{key}` names `{value}`, which is none of {', '.join(names)}.")
    return value
