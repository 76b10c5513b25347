"""Grades a class on a Dask cluster; workers may die, hang, be slow or differ, and nothing is lost.

Source: backup tasks for stragglers are those of J. Dean and S. Ghemawat, "MapReduce" (OSDI 2004).
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import CancelledError
from contextlib import suppress
from dataclasses import dataclass, field, replace
from itertools import islice
from pathlib import Path
from statistics import median
from typing import Any

from distributed import Client, Future, KilledWorker, wait

from coursekit.cluster.workplace import Job, UnfitError, Workplace, attempt, pack, start
from coursekit.cluster.workplace import try_reference as try_there
from coursekit.grading.engine import AGAIN, DETAIL, REFERENCE, TWICE, WarmEngine, against_reference
from coursekit.grading.levels import Level
from coursekit.grading.limits import Limits
from coursekit.grading.process import ENGINE
from coursekit.grading.record import Record, Status
from coursekit.sources.layout import CourseError, Unit

ANSWERS = 15.0  # seconds in which a scheduler answers, and in which there is a worker
PREPARED = 300.0  # and in which all are ready: Python may have to come over a slow network
LOOK = 1.0  # seconds between two looks at the workers
SILENT = (
    15.0  # seconds without a word from a worker, until its submissions are tried elsewhere, too
)
SLOW, SLOW_LEAST = 4.0, 60.0  # times what half of them take, and seconds, until one is tried twice
AHEAD = 2  # submissions sent for each thread of the cluster: the next one lies there already
NO_SCHEDULER = "No Dask scheduler answers at {} ({}): start `dask scheduler`, and see the address."
NO_WORKER = "The scheduler at {} has no worker: start `dask worker {}` where there is room."
GONE = "The scheduler at {} is gone: start it and its workers, then grade again for the rest."
UNFIT = "The worker {} must not grade: {}. Install the same there, or stop it; then grade again."
NONE_FIT = "No worker of {} may grade any more: mend them, then grade again for the rest."
UNPREPARED = "The workers of {} cannot be prepared ({}): install this coursekit there."
POISON = "Workers ended again and again while they judged it, so it was set aside." + AGAIN
log = logging.getLogger(__name__)


@dataclass
class _Flight:
    """A submission that is on its way.

    Attributes
    ----------
    student : str
    work : callable
    arguments : tuple
    futures : list of Future
        Two where one is late.
    began : float
        When it was first seen with a worker; 0 before.
    """

    student: str
    work: Callable[..., tuple[str, bool]]
    arguments: tuple[Any, ...] = ()
    futures: list[Future[Any]] = field(default_factory=list)
    began: float = 0.0


class ClusterEngine:
    """Grades the submissions to one unit on a cluster; see `coursekit.grading.record.Engine`.

    Parameters
    ----------
    folder : Path
        nbgrader's course folder: ``submitted/<student>/<unit>/`` lies in it.
    unit : Unit
    address : str
        Of Dask's scheduler: ``tcp://host:8786``, or ``tls://...``.
    limits : Limits
    fence : Level
        The least that will do, on each worker.

    Raises
    ------
    CourseError
        If the unit is not built, or no scheduler answers.
    """

    def __init__(
        self,
        folder: Path,
        unit: Unit,
        address: str,
        *,
        limits: Limits | None = None,
        fence: Level = Level.LIMITS_ONLY,
    ) -> None:
        self.folder, self.unit, self._address = folder, unit, address
        limits = limits or Limits()
        # It grades nothing here: it knows the state of things, and reads what was handed in.
        self._here = WarmEngine(folder, unit, limits=limits, fence=fence, notes=False)
        here = self._here
        self._job = Job(unit.id, here.state, here.versions, pack(unit), limits, fence)
        self._reference: Record | None = None
        self._unfit: set[str] = set()
        self._took: list[float] = []
        self._sent = 0
        try:
            self._client = _connected(address)
        except (OSError, ValueError, TypeError) as error:
            what = str(error) or type(error).__name__
            raise CourseError(NO_SCHEDULER.format(address, what.splitlines()[0])) from error

    def __enter__(self) -> ClusterEngine:
        return self

    def __exit__(self, *_: object) -> None:
        with suppress(Exception):  # the scheduler is gone, or a worker: they clean up themselves
            self._within(ANSWERS, self._client.unregister_worker_plugin, self._job.plugin)
        self._client.close(timeout=ANSWERS)
        self._here.__exit__()

    def digest(self, student: str) -> str:
        """Return a digest of all that decides about a submission: it, and the engine's state."""
        return self._here.digest(student)

    def start(self) -> Record:
        """Prepare all workers, let one grade the course's own solution, and return its record.

        Raises
        ------
        CourseError
            If there is no worker, or one of them differs or fences less well than asked.
        """
        if self._reference is None:
            self._prepare()
            found, by_chance = self._result(self._fly(_Flight(REFERENCE, try_there)))
            if by_chance:
                found, _ = self._result(self._fly(_Flight(REFERENCE, try_there)))
            if found.status is Status.ENGINE:
                raise CourseError(found.detail)
            self._reference = found
        return self._reference

    def grade(self, students: Iterable[str]) -> Iterator[Record]:
        """Grade submissions, yielding each record as it is there; none changes another's.

        What may have ended by chance is graded once more, when nobody else is any more.

        Raises
        ------
        CourseError
            If the scheduler goes, or no fit worker is left.
        """
        reference = self.start()
        if not reference.status.has_points:  # nothing can be graded: no need to try everybody
            yield from (replace(reference, student=student) for student in students)
            return
        again: list[str] = []
        for record, by_chance in self._attempts(students):
            if by_chance:
                again.append(record.student)
            else:
                yield against_reference(record, reference)
        for student in again:
            for record, by_chance in self._attempts([student]):
                if by_chance:
                    record = replace(record, flags=(*record.flags, TWICE))
                yield against_reference(record, reference)

    # --- workers ---

    def _prepare(self) -> None:
        try:
            self._client.wait_for_workers(1, timeout=ANSWERS)
        except TimeoutError as error:
            raise CourseError(NO_WORKER.format(self._address, self._address)) from error
        try:
            self._within(PREPARED, self._client.register_plugin, Workplace(self._job))
        except Exception as error:  # whatever a worker lacks
            what = f"{type(error).__name__}: {error}"
            raise CourseError(UNPREPARED.format(self._address, what)) from error
        started = [
            self._client.submit(start, self._job.plugin, workers=[worker], pure=False)
            for worker in self._known()
        ]
        for future in started:
            unfit = future.exception(PREPARED)
            if isinstance(unfit, UnfitError):
                raise CourseError(UNFIT.format(unfit.worker, unfit.why.rstrip(".")))

    def _within(self, seconds: float, work: Callable[..., Any], *arguments: Any) -> None:
        """Call what asks all workers; one that has stopped never answers."""

        async def call() -> None:
            await work(*arguments)

        self._client.sync(call, callback_timeout=seconds)

    def _fit(self, known: dict[str, Any]) -> list[str]:
        """Return the workers that have given a sign of life, by the scheduler's own clock."""
        seen = {worker: float(each["last_seen"]) for worker, each in known.items()}
        newest = max(seen.values(), default=0.0)
        return [w for w in seen if w not in self._unfit and newest - seen[w] < SILENT]

    # --- submissions ---

    def _attempts(self, students: Iterable[str]) -> Iterator[tuple[Record, bool]]:
        left = iter(students)
        flying: list[_Flight] = []
        known, looked = self._known(), time.monotonic()
        while True:
            if time.monotonic() - looked > LOOK:
                known, looked = self._known(), time.monotonic()
                self._second(flying, known)
            fit = self._fit(known)
            room = AHEAD * sum(known[worker]["nthreads"] for worker in fit) - len(flying)
            for student in islice(left, max(room, int(not flying))):
                flight = _Flight(student, attempt, (student, self._files(student)))
                flying.append(self._fly(flight, fit if len(fit) < len(known) else None))
            if not flying:
                return
            try:
                wait([f for each in flying for f in each.futures], LOOK, "FIRST_COMPLETED")
            except TimeoutError:
                continue
            except CancelledError as error:
                raise CourseError(GONE.format(self._address)) from error
            for flight in [each for each in flying if any(f.done() for f in each.futures)]:
                if not self._sent_again(flight, known):
                    flying.remove(flight)
                    yield self._result(flight)

    def _known(self) -> dict[str, Any]:
        """Return what the scheduler knows of its workers.

        Raises
        ------
        CourseError
            If it is gone.
        """
        if self._client.status == "running":
            with suppress(OSError, TimeoutError):
                return dict(self._client.scheduler_info()["workers"])
        raise CourseError(GONE.format(self._address))

    def _files(self, student: str) -> dict[str, bytes]:
        folder = self.folder / "submitted" / student / self.unit.id
        return {path.name: path.read_bytes() for path in folder.glob("*") if path.is_file()}

    def _fly(self, flight: _Flight, workers: list[str] | None = None) -> _Flight:
        self._sent += 1
        future = self._client.submit(
            flight.work,
            self._job.plugin,
            *flight.arguments,
            key=f"{flight.work.__name__}-{self._sent}",  # on Dask's dashboard: no student's name
            pure=False,
            workers=workers,
            allow_other_workers=workers is not None,
        )
        flight.futures.append(future)
        return flight

    def _second(self, flying: list[_Flight], known: dict[str, Any]) -> None:
        """Try elsewhere, too, what lies with a silent worker, or takes far longer than most."""
        where = {str(key): w for w, keys in self._client.processing().items() for key in keys}
        fit, now = self._fit(known), time.monotonic()
        late = max(SLOW_LEAST, SLOW * median(self._took or [0.0]))
        for flight in flying:
            worker = where.get(str(flight.futures[0].key))
            if worker is None or len(flight.futures) > 1:
                continue
            flight.began = flight.began or now
            others = [each for each in fit if each != worker]
            if others and (worker not in fit or now - flight.began > late):
                self._fly(flight, others)

    def _sent_again(self, flight: _Flight, known: dict[str, Any]) -> bool:
        """Send a submission to another worker, if one that must not grade has returned it."""
        (done, *_) = (future for future in flight.futures if future.done())
        error = done.exception() if done.status == "error" else None
        if not isinstance(error, UnfitError):
            return False
        if error.worker not in self._unfit:
            log.warning("%s", UNFIT.format(error.worker, error.why.rstrip(".")))
        self._unfit.add(error.worker)
        if not (fit := self._fit(known)):
            raise CourseError(NONE_FIT.format(self._address))
        flight.futures.remove(done)
        self._fly(flight, fit)
        return True

    def _result(self, flight: _Flight) -> tuple[Record, bool]:
        """Return what the first that is done has found, and forget the other."""
        try:
            wait(flight.futures, return_when="FIRST_COMPLETED")
            (done, *_) = (future for future in flight.futures if future.done())
            text, by_chance = done.result()
            record = Record.from_json(text)
            self._took.append(record.seconds.get("total", 0.0))
            return record, by_chance
        except (CancelledError, TimeoutError) as error:
            raise CourseError(GONE.format(self._address)) from error
        except KilledWorker:
            why = POISON
        except Exception as error:  # whatever a worker meets, the class goes on
            why = DETAIL[ENGINE].format(f"{type(error).__name__}: {error}.")
        finally:
            for future in flight.futures:
                future.cancel()
        return Record(flight.student, self.unit.id, Status.ENGINE, detail=why), False


def _connected(address: str) -> Client:
    try:
        return Client(address, timeout=ANSWERS)
    except AssertionError:  # Dask's own thread did not start in time: the machine is busy
        return Client(address, timeout=ANSWERS)
