"""What runs on a cluster's worker: a warm engine for one unit, and submissions that come to it.

The worker needs this package and what it depends on, of the same versions, and nothing else: the
unit and the submissions come through the scheduler.
"""

from __future__ import annotations

import io
import shutil
import tempfile
import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from distributed import Worker, WorkerPlugin, get_worker

from coursekit.grading.engine import WarmEngine
from coursekit.grading.levels import Level
from coursekit.grading.limits import Limits
from coursekit.sources.layout import Course, CourseError, Unit


class UnfitError(Exception):
    """A worker must not grade.

    Attributes
    ----------
    worker : str
        Its address.
    why : str
    """

    def __init__(self, worker: str, why: str) -> None:
        super().__init__(worker, why)
        self.worker, self.why = worker, why


@dataclass(frozen=True)
class Job:
    """What is graded, and how; the same on all workers.

    Attributes
    ----------
    unit : str
    state : str
        Digest of all that decides, `WarmEngine.state`; a worker's own must be the same.
    versions : dict of str to str
        Of libraries, to say what differs.
    files : bytes
        The unit, as `pack` packs it.
    limits : Limits
    fence : Level
        The least that will do.
    """

    unit: str
    state: str
    versions: dict[str, str]
    files: bytes
    limits: Limits
    fence: Level

    @property
    def plugin(self) -> str:
        """The name under which a worker knows it."""
        return f"coursekit-{self.unit}-{self.state[:16]}-{self.fence.value}"


def pack(unit: Unit) -> bytes:
    """Return the files of a unit that grading needs, zipped."""
    root, made = unit.course.root, io.BytesIO()
    paths = [root / "pyproject.toml", unit.require_challenge(), *unit.folder.glob("held_out/*")]
    for step in ("solutions", "notebooks"):
        paths.append(root / step / unit.id / unit.challenge_notebook)
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(paths):
            archive.write(path, path.relative_to(root))
    return made.getvalue()


class Workplace(WorkerPlugin):
    """Prepares a worker for a job; Dask brings it to workers that join later, too.

    Parameters
    ----------
    job : Job
    """

    idempotent = True

    def __init__(self, job: Job) -> None:
        self.name, self._job = job.plugin, job
        self._unfit = ""

    def setup(self, worker: Worker) -> None:
        """Unpack the unit, and see whether all that decides is as it should be."""
        self._worker = worker.address
        self._folder = Path(tempfile.mkdtemp(prefix="coursekit-", dir=worker.local_directory))
        with zipfile.ZipFile(io.BytesIO(self._job.files)) as archive:
            archive.extractall(self._folder)
        try:
            (unit,) = Course(self._folder).select([self._job.unit])
            self._engine = WarmEngine(
                self._folder, unit, limits=self._job.limits, fence=self._job.fence, notes=False
            )
        except CourseError as error:
            self._unfit = str(error)
        else:
            self._unfit = self._differs()

    def teardown(self, worker: Worker) -> None:
        """End the engine, and remove what it needed."""
        if hasattr(self, "_engine"):
            self._engine.__exit__()
        shutil.rmtree(self._folder, ignore_errors=True)

    def start(self) -> None:
        """Start this thread's judge.

        Raises
        ------
        UnfitError
            If this worker differs from whoever wants it, or fences less well than asked.
        """
        if not self._unfit:
            try:
                self._engine.start_judge()
            except CourseError as error:
                self._unfit = str(error)
        if self._unfit:
            raise UnfitError(self._worker, self._unfit)

    def attempt(self, student: str, files: dict[str, bytes]) -> tuple[str, bool]:
        """Return a submission's record as text, and whether chance may have had a hand in it."""
        self.start()
        folder = self._folder / "submitted" / student / self._job.unit
        folder.mkdir(parents=True, exist_ok=True)
        try:
            for name, content in files.items():
                (folder / name).write_bytes(content)
            record, by_chance = self._engine.attempt(student)
        finally:
            shutil.rmtree(folder.parent, ignore_errors=True)
        return record.to_json(), by_chance

    def try_reference(self) -> tuple[str, bool]:
        """Return the record of the course's own solution."""
        self.start()
        record, by_chance = self._engine.try_reference()
        return record.to_json(), by_chance

    def _differs(self) -> str:
        if self._engine.state == self._job.state:
            return ""
        mine = self._engine.versions
        other = [
            f"{name} {mine.get(name, '–')} in place of {wanted}"
            for name, wanted in self._job.versions.items()
            if mine.get(name) != wanted
        ]
        return "it has " + (", ".join(other) if other else "another state of coursekit's own code")


def start(plugin: str) -> str:
    """Start a judge on the worker that runs this; return the worker's address."""
    _workplace(plugin).start()
    return str(get_worker().address)


def attempt(plugin: str, student: str, files: dict[str, bytes]) -> tuple[str, bool]:
    """Grade a submission on the worker that runs this; see `Workplace.attempt`."""
    return _workplace(plugin).attempt(student, files)


def try_reference(plugin: str) -> tuple[str, bool]:
    """Grade the course's own solution on the worker that runs this."""
    return _workplace(plugin).try_reference()


def _workplace(plugin: str) -> Workplace:
    worker: Any = get_worker()
    if plugin not in worker.plugins:
        raise UnfitError(worker.address, "it was not prepared")
    found: Workplace = worker.plugins[plugin]
    return found
