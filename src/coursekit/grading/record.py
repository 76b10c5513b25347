"""What became of a submission: one frozen record, and the closed lists of how things can end."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from enum import Enum
from typing import Any, Protocol

from coursekit.intake.sheet import Cell, Match


class Fault(str, Enum):
    """Whose fault a status or verdict is."""

    NONE = "nobody's"
    STUDENT = "the student's"
    COURSE = "the course's"
    ENGINE = "ours"


class Status(str, Enum):
    """How a submission ends; each ends with exactly one."""

    GRADED = "graded"
    NEEDS_MANUAL = "needs-manual"
    MISSING = "error:missing"
    UNREADABLE = "error:unreadable"
    UNMATCHED = "error:unmatched"
    WIRE = "error:wire"
    COURSE = "error:course"
    ENGINE = "error:engine"
    STOCK = "error:autograde"

    @property
    def has_points(self) -> bool:
        """Whether a mark may be written for it."""
        return self in (Status.GRADED, Status.NEEDS_MANUAL)

    @property
    def fault(self) -> Fault:
        """Whose fault it is."""
        if self.has_points:
            return Fault.NONE
        if self in (Status.ENGINE, Status.STOCK):
            return Fault.ENGINE
        return Fault.COURSE if self is Status.COURSE else Fault.STUDENT


class Verdict(str, Enum):
    """What came of one check."""

    PASS = "pass"
    FAIL = "fail"
    NOT_TRIED = "not tried"
    WAITS = "waits"  # for an answer that was stopped
    LOST = "lost"  # the answer ended its own process
    LIMIT_CPU = "limit:cpu"
    LIMIT_WALL = "limit:wall"
    LIMIT_MEMORY = "limit:memory"
    LIMIT_THREADS = "limit:threads"
    UNSENDABLE = "unsendable"  # what the answer gave cannot cross: a person decides
    COURSE = "error:course"  # the check, or a given cell that it needs, fails by itself
    ENGINE = "error:engine"

    @property
    def fault(self) -> Fault:
        """Whose fault it is."""
        if self in (Verdict.PASS, Verdict.UNSENDABLE):
            return Fault.NONE
        if self is Verdict.ENGINE:
            return Fault.ENGINE
        return Fault.COURSE if self is Verdict.COURSE else Fault.STUDENT


@dataclass(frozen=True)
class Outcome:
    """What one check said of one submission.

    Attributes
    ----------
    check, question : str
        Grade id of the check, and the question it belongs to.
    verdict : Verdict
    points : float or None
        None where a person has to decide.
    max_points : float
    text : str
        The error's message; empty for a pass.
    error : str
        Class name of the error; empty for a pass.
    hidden : bool
        Whether it was in the hidden region that the check stopped.
    trace : tuple of str
        Where the error comes from, step by step, and its message.
    shown, printed : str
        What the visible part printed, and all that was printed.
    calls : tuple of str
        What was asked of the student's side and what came back, in brief.
    flags : tuple of str
        What a person should look at.
    seconds : float
        Wall time, without the student's own cells.
    margins : dict of str to float
        For each quality that was measured, by name: score / limit. At most 1 passes.
    """

    check: str
    question: str
    verdict: Verdict
    points: float | None
    max_points: float
    text: str = ""
    error: str = ""
    hidden: bool = False
    trace: tuple[str, ...] = ()
    shown: str = ""
    printed: str = ""
    calls: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    seconds: float = 0.0
    margins: dict[str, float] = field(default_factory=dict)

    @classmethod
    def from_dict(cls, kept: dict[str, Any]) -> Outcome:
        """Return the outcome that ``dataclasses.asdict`` took apart."""
        tuples = {name: tuple(kept[name]) for name in ("calls", "flags", "trace")}
        return cls(**{**kept, **tuples, "verdict": Verdict(kept["verdict"])})


@dataclass(frozen=True)
class Record:
    """What became of one submission.

    Attributes
    ----------
    student, unit : str
    status : Status
    detail : str
        One sentence on an error; empty otherwise.
    outcomes : tuple of Outcome
        One for each check, in order; empty after an error.
    manual : dict of str to float
        Written questions that a person marks, by grade id: their most points.
    matches : tuple of Match
    flags : tuple of str
        What a person should look at, a sentence each.
    outputs : dict of str to list
        What each code cell left, by cell id, in the form of nbformat.
    numbers : dict of str to int
        The number that each code cell ran as.
    cells : tuple of Cell
        What was run and judged, in order.
    seconds : dict of str to float
        Where the time went.
    versions : dict of str to str
        Of what decided: libraries, Python, this package.
    digest : str
        Of all that decided: file, master, checks, versions, limits; empty where no engine says.
    fence : str
        How well the submission was fenced; see `coursekit.grading.levels`.
    """

    student: str
    unit: str
    status: Status
    detail: str = ""
    outcomes: tuple[Outcome, ...] = ()
    manual: dict[str, float] = field(default_factory=dict)
    matches: tuple[Match, ...] = ()
    flags: tuple[str, ...] = ()
    outputs: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    cells: tuple[Cell, ...] = ()
    seconds: dict[str, float] = field(default_factory=dict)
    versions: dict[str, str] = field(default_factory=dict)
    digest: str = ""
    fence: str = ""

    @property
    def scores(self) -> dict[str, float | None]:
        """Points by grade id, None where a person has to grade; empty after an error."""
        points: dict[str, float | None] = {o.check: o.points for o in self.outcomes}
        return points | dict.fromkeys(self.manual, None) if self.status.has_points else {}

    def to_json(self) -> str:
        """Return the record as text, its digest first."""
        return json.dumps({"digest": self.digest, **asdict(self)}, indent=1, ensure_ascii=True)

    @classmethod
    def from_json(cls, text: str) -> Record:
        """Return the record that `to_json` wrote.

        Raises
        ------
        ValueError, TypeError, KeyError
            If the text is no record of this version.
        """
        kept = json.loads(text)
        kept["status"] = Status(kept["status"])
        kept["matches"] = tuple(Match(**match) for match in kept["matches"])
        kept["cells"] = tuple(Cell(**cell) for cell in kept["cells"])
        kept["flags"] = tuple(kept["flags"])
        kept["outcomes"] = tuple(Outcome.from_dict(outcome) for outcome in kept["outcomes"])
        return cls(**kept)


class Engine(Protocol):
    """What grades a class; engines are interchangeable.

    Use one in a ``with`` statement.
    """

    def __enter__(self) -> Engine:
        """Start what the engine needs."""
        ...

    def __exit__(self, *exception: object) -> None:
        """End it."""
        ...

    def grade(self, students: Iterable[str]) -> Iterator[Record]:
        """Grade submissions, yielding each record as it is there; none changes another's."""
        ...
