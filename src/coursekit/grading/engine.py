"""The engine: many submissions through warm judges, none of which can stop another."""

from __future__ import annotations

import hashlib
import platform
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import suppress
from dataclasses import replace
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any, TypeVar

from coursekit.grading.levels import Level
from coursekit.grading.limits import Limits
from coursekit.grading.process import (
    ENGINE,
    FENCE,
    GIVEN_FAILS,
    MISBEHAVED,
    JudgedError,
    JudgeProcess,
    outcomes_of,
)
from coursekit.grading.record import Outcome, Record, Status, Verdict
from coursekit.intake.belongs import NothingMatchedError
from coursekit.intake.master import Master, read_master
from coursekit.intake.sheet import Sheet
from coursekit.intake.submission import read_submission
from coursekit.reader import UnreadableError
from coursekit.sources.layout import CourseError, Unit

T = TypeVar("T")
LIBRARIES = ("coursekit", "keras", "tensorflow", "numpy", "pandas", "scikit-learn", "ipython")
STATUS = {
    ENGINE: Status.ENGINE,
    FENCE: Status.ENGINE,
    GIVEN_FAILS: Status.COURSE,
    MISBEHAVED: Status.WIRE,
}
AGAIN = " Grade this student again; if it comes back, report it with the file."
DETAIL = {
    ENGINE: "{}" + AGAIN,
    FENCE: "{}" + AGAIN,
    GIVEN_FAILS: "A given cell fails by itself, so nothing can be graded: mend {}",
    MISBEHAVED: "The notebook's process broke the rules of its conversation with the grader "
    "({}): a person should read what it does.",
}
PACKAGE = Path(__file__).resolve().parents[1]
DECIDES = ("*.py", "*.json", "intake/*.py", "grading/**/*.py")
REFERENCE = "(the reference solution)"
OURS = "the course's own solution loses this check, too: {}"
CHANCE = {Verdict.LOST.value, Verdict.LIMIT_WALL.value}  # a busy machine can do that, or a person
TWICE = "It ended the same way twice, the second time with nothing beside it."
DEAD = "Nothing was graded, for the engine does not run ({}): is there memory? Then grade again."


def supported() -> str:
    """Return why the engine cannot run here, in a sentence; empty where it can."""
    if platform.system() == "Linux":
        return ""
    return (
        f"The engine needs Linux, and this is {platform.system()}: use WSL2 or a container, "
        "or grade with stock nbgrader, more slowly and less safely, by --engine stock."
    )


class WarmEngine:
    """Grades the submissions to one unit; see `coursekit.grading.record.Engine`.

    Parameters
    ----------
    folder : Path
        nbgrader's course folder: ``submitted/<student>/<unit>/`` lies in it.
    unit : Unit
        Its built solution and release are the master.
    jobs : int
        How many submissions are judged at a time.
    limits : Limits
    fence : Level
        The least that will do.
    without : sequence of str
        Layers of the fence to leave out, for tests.
    notes : bool
        Whether it is noted in `folder` that the course's own solution has passed.

    Attributes
    ----------
    versions : dict of str to str
        Of Python and the libraries that decide.

    Raises
    ------
    CourseError
        If the unit is not built, or the engine cannot run here.
    """

    def __init__(
        self,
        folder: Path,
        unit: Unit,
        *,
        jobs: int = 1,
        limits: Limits | None = None,
        fence: Level = Level.LIMITS_ONLY,
        without: Sequence[str] = (),
        notes: bool = True,
    ) -> None:
        if why_not := supported():
            raise CourseError(why_not)
        if jobs < 1:
            raise CourseError("Grading needs at least one job: use --jobs 1 or more.")
        self.folder, self.unit, self._jobs, self._notes = folder, unit, jobs, notes
        self._limits, self._fence, self._without = limits or Limits(), fence, tuple(without)
        self._master = master_of(unit)
        self.versions = {name: version(name) for name in LIBRARIES}
        self.versions["python"] = platform.python_version()
        self._judges: list[JudgeProcess] = []
        self._own = threading.local()
        self._pool = ThreadPoolExecutor(jobs, "judge")
        self._tasks: list[Future[Any]] = []
        self._reference: Record | None = None

    def __enter__(self) -> WarmEngine:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
        for judge in self._judges:
            judge.kill()
        while not all(task.done() for task in self._tasks):
            wait(self._tasks, timeout=0.1)
            for judge in self._judges:  # one was only just starting
                judge.kill()
        self._pool.shutdown()
        for judge in self._judges:
            judge.stop()  # what belonged to it here is closed

    def start(self) -> Record:
        """Start the judges, let one grade the course's own solution, and return its record.

        Raises
        ------
        CourseError
            If the engine does not run here, or submissions are fenced less well than asked.
        """
        if self._reference is None:
            others = [self._submit(self._warm_up) for _ in range(self._jobs - 1)]
            with suppress(JudgedError):
                self._submit(self.start_judge).result()
            found, by_chance = self._submit(self.try_reference).result()
            if by_chance:
                wait(others)
                found, _ = self._submit(self.try_reference).result()
            if found.status is Status.ENGINE:
                raise CourseError(DEAD.format(found.detail.removesuffix(AGAIN).rstrip(".")))
            self._reference = found
        return self._reference

    def grade(self, students: Iterable[str]) -> Iterator[Record]:
        """Grade submissions, yielding each record as it is there; none changes another's.

        What may have ended by chance is graded once more, when nobody else is any more.
        """
        reference = self.start()
        if not reference.status.has_points:  # nothing can be graded: no need to try everybody
            yield from (replace(reference, student=student) for student in students)
            return
        left = {self._submit(self.attempt, student) for student in students}
        again: list[str] = []
        while left:
            done, left = wait(left, return_when=FIRST_COMPLETED)
            for record, by_chance in (task.result() for task in done):
                if by_chance:
                    again.append(record.student)
                else:
                    yield against_reference(record, reference)
        for student in again:
            record, by_chance = self._submit(self.attempt, student).result()
            if by_chance:
                record = replace(record, flags=(*record.flags, TWICE))
            yield against_reference(record, reference)

    def _submit(self, work: Callable[..., T], *arguments: Any) -> Future[T]:
        task = self._pool.submit(work, *arguments)
        self._tasks.append(task)
        return task

    def start_judge(self) -> None:
        """Start this thread's judge.

        Raises
        ------
        CourseError
            If submissions are fenced less well than asked.
        JudgedError
            If it does not start: whoever needs it meets the error again, and tells it.
        """
        try:
            self._judge().start()
        except JudgedError as error:
            if error.kind == FENCE:
                raise CourseError(str(error)) from error
            raise

    def _warm_up(self) -> None:
        with suppress(JudgedError, CourseError):
            self.start_judge()

    def attempt(self, student: str) -> tuple[Record, bool]:
        """Return the record of a submission, and whether chance may have had a hand in it.

        Nobody else's is compared with it; see `grade`.
        """
        try:
            digest = self.digest(student)  # first: who hands in meanwhile is graded again
            sheet = self.read(student)
        except (FileNotFoundError, UnreadableError, NothingMatchedError) as error:
            return Record(student, self.unit.id, _status_of(error), detail=str(error)), False
        except Exception as error:  # whatever a file provokes, the class goes on
            text = DETAIL[ENGINE].format(f"{type(error).__name__}: {error}.")
            return Record(student, self.unit.id, Status.ENGINE, detail=text), False
        record, by_chance = self._judged(student, sheet)
        return replace(record, digest=digest), by_chance

    def digest(self, student: str) -> str:
        """Return a digest of all that decides about a submission: it, and the engine's state."""
        digest = hashlib.sha256(self.state.encode())
        for path in sorted((self.folder / "submitted" / student / self.unit.id).glob("*")):
            if path.is_file():
                digest.update(path.name.encode() + b"\0" + path.read_bytes())
        return digest.hexdigest()

    def read(self, student: str) -> Sheet:
        """Return the sheet of a submission.

        Raises
        ------
        FileNotFoundError, UnreadableError, NothingMatchedError
            Saying what to do, in a sentence.
        """
        folder = self.folder / "submitted" / student / self.unit.id
        return read_submission(self._master, folder, self.unit.challenge_notebook)

    @cached_property
    def state(self) -> str:
        """Digest of what decides about every submission: master, versions, limits, this package."""
        digest = hashlib.sha256(
            repr((self._master.cells, self._master.solutions, self.versions, self._limits)).encode()
        )
        held_out = sorted(self.unit.folder.glob("held_out/*"))
        parts = (path for part in DECIDES for path in sorted(PACKAGE.glob(part)))
        for path in (*held_out, *parts):
            digest.update(path.name.encode() + b"\0" + path.read_bytes())
        return digest.hexdigest()

    def _judged(self, student: str, sheet: Sheet) -> tuple[Record, bool]:
        try:
            told = self._judge().judge(sheet)
        except JudgedError as error:
            status = STATUS[error.kind]
            detail = DETAIL[error.kind].format(str(error).rstrip(".") + ".")
            failed = Record(student, self.unit.id, status, detail=detail, matches=sheet.matches)
            return failed, status is Status.ENGINE
        outcomes = outcomes_of(told)
        manual = {cell.id: cell.points for cell in sheet.cells if cell.kind == "task"}
        record = Record(
            student,
            self.unit.id,
            _graded(outcomes, manual),
            outcomes=outcomes,
            manual=manual,
            matches=sheet.matches,
            flags=(*sheet.flags, *told["flags"]),
            outputs=told["outputs"],
            numbers=told["numbers"],
            cells=sheet.cells,
            seconds=told["seconds"],
            versions=self.versions,
            fence=self._judge().level.value,
        )
        return record, not CHANCE.isdisjoint(told["stops"])

    def _judge(self) -> JudgeProcess:
        """Return this thread's judge."""
        if not hasattr(self._own, "judge"):
            held_out = self.unit.course.root / "course"
            self._own.judge = JudgeProcess(
                self._master.cells,
                held_out,
                self._limits,
                self.unit.id,
                self._fence,
                self._without,
            )
            self._judges.append(self._own.judge)
        found: JudgeProcess = self._own.judge
        return found

    # --- whose fault ---

    def try_reference(self) -> tuple[Record, bool]:
        """Grade the course's own solution, unless this very one has passed before.

        Returns
        -------
        record : Record
        by_chance : bool
        """
        kept = self._kept_reference()
        with suppress(OSError, ValueError):
            if kept.read_text(encoding="utf-8") == self.state:
                return Record(REFERENCE, self.unit.id, Status.GRADED), False
        cells = tuple(
            replace(cell, source=self._master.solutions.get(cell.id, cell.source))
            for cell in self._master.cells
        )
        sheet = Sheet(self.unit.id, self.unit.challenge_notebook, cells)
        record, by_chance = self._judged(REFERENCE, sheet)
        passed = all(outcome.verdict is Verdict.PASS for outcome in record.outcomes)
        if record.status.has_points and passed and self._notes:
            kept.parent.mkdir(parents=True, exist_ok=True)
            kept.write_text(self.state, encoding="utf-8")
        return record, by_chance

    def _kept_reference(self) -> Path:
        return self.folder / ".cache" / "reference" / self.unit.id


def against_reference(record: Record, reference: Record) -> Record:
    """Return a record in which nobody loses a check that the course's own solution loses."""
    failed = {o.check: o.text for o in reference.outcomes if o.verdict is not Verdict.PASS}
    if not failed or not record.status.has_points:
        return record
    outcomes = tuple(_not_charged(o, failed) for o in record.outcomes)
    return replace(record, outcomes=outcomes, status=_graded(outcomes, record.manual))


def _not_charged(outcome: Outcome, failed: dict[str, str]) -> Outcome:
    if outcome.verdict is Verdict.PASS or outcome.check not in failed:
        return outcome
    flag = OURS.format(failed[outcome.check])
    return replace(outcome, verdict=Verdict.COURSE, points=None, flags=(*outcome.flags, flag))


def master_of(unit: Unit) -> Master:
    """Return the master of a unit.

    Raises
    ------
    CourseError
        If it is not built.
    """
    files = [
        unit.course.root / folder / unit.id / unit.challenge_notebook
        for folder in ("solutions", "notebooks")
    ]
    try:
        solution, release = (path.read_bytes() for path in files)
        return read_master(solution, release, unit=unit.id, notebook=unit.challenge_notebook)
    except (OSError, ValueError) as error:
        raise CourseError(f"{unit.id} is not built: run `coursekit build {unit.id}`.") from error


def _status_of(error: Exception) -> Status:
    if isinstance(error, FileNotFoundError):
        return Status.MISSING
    return Status.UNREADABLE if isinstance(error, UnreadableError) else Status.UNMATCHED


def _graded(outcomes: Iterable[Outcome], manual: dict[str, float]) -> Status:
    waits = bool(manual) or any(outcome.points is None for outcome in outcomes)
    return Status.NEEDS_MANUAL if waits else Status.GRADED
