"""Verdicts beside the unit, in ``verdicts.md``: who has a clone need not try every answer again.

Nothing but `prove` writes them, and only when it has tried every answer and none surprised it.
"""

from __future__ import annotations

import hashlib
import re
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from pathlib import Path
from platform import python_version

from coursekit.proving.decisive import digest, not_locked, versions
from coursekit.proving.verdicts import share
from coursekit.proving.verify import Verdict, verify
from coursekit.sources.layout import CourseError, Unit
from coursekit.sources.progress import Progress

HEAD = """# Verdicts on `{unit}`

Made by `coursekit verify {unit}`, which tried every answer; not edited by hand. Each
solution passed all its checks, and each stub lost them all. *Derived* are wrong answers made
from the solution. Where a question takes long, some of every kind are tried, and the rest is
*left out*. *Equivalent* are those declared to be none, with a reason.

| question | right passed | wrong caught | derived caught | left out | equivalent |
|---|--:|--:|--:|--:|--:|
"""
TRIED = "\nTried in {:.0f} s with Python {}, {}.\n"


def prove(unit: Unit, *, progress: Progress) -> list[Verdict]:
    """Try every answer of a unit, keep the verdicts if none has a fault, and return them.

    What is kept of the unit as it stands is removed if one has. Nothing is kept where other
    versions than the locked ones are installed.

    Raises
    ------
    CourseError
        If the unit cannot be verified at all, or was changed meanwhile.
    """
    state, began = digest(unit), time.monotonic()
    verdicts = verify(unit, progress=progress)
    if digest(unit) != state:
        raise CourseError(f"{unit.id} was changed while it was tried: verify it again.")
    if not_locked(unit.course):
        return verdicts
    if any(verdict.fault for verdict in verdicts):
        if is_current(unit):
            path_of(unit).unlink()
    elif not is_current(unit):
        _write(unit, verdicts, time.monotonic() - began)
    return verdicts


def prove_all(
    units: list[Unit], *, jobs: int, progress: Progress
) -> Iterator[tuple[Unit, list[Verdict]]]:
    """Prove units, so many at a time, what took longest first; yield each when it is done."""
    stopped = False

    def told(label: str, done: int, total: int) -> None:
        if stopped:
            raise CourseError("stopped")  # ends the thread; nobody waits for what it found
        progress(label, done, total)

    with ThreadPoolExecutor(jobs) as pool:
        longest = sorted(units, key=seconds_before, reverse=True)
        running = {pool.submit(prove, unit, progress=told): unit for unit in longest}
        try:
            for future in as_completed(running):
                yield running[future], future.result()
        finally:
            stopped = True
            pool.shutdown(wait=False, cancel_futures=True)


def is_current(unit: Unit) -> bool:
    """Whether the kept verdicts are those of the unit as it stands, and as they were written."""
    text = _read(unit)
    return bool(text) and text == _sealed(unit, text.rpartition("\nDigest")[0])


def seconds_before(unit: Unit) -> float:
    """Return how long it took to try every answer when that was last kept; 0 if it never was."""
    found = re.search(r"^Tried in (\d+) s", _read(unit), re.MULTILINE)
    return float(found[1]) if found else 0.0


def path_of(unit: Unit) -> Path:
    """Return where the unit's verdicts are kept."""
    return unit.folder / "verdicts.md"


def _read(unit: Unit) -> str:
    path = path_of(unit)
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _write(unit: Unit, verdicts: list[Verdict], seconds: float) -> None:
    rows = []
    for question in dict.fromkeys(verdict.question for verdict in verdicts):
        mine = [verdict for verdict in verdicts if verdict.question == question]
        right, wrong, derived = (share(mine, kind) for kind in ("right", "wrong", "mutant"))
        left, equivalent = (sum(v.kind == kind for v in mine) for kind in ("untried", "equivalent"))
        rows.append(f"| `{question}` | {right} | {wrong} | {derived} | {left} | {equivalent} |\n")
    tried = TRIED.format(seconds, python_version(), versions())
    body = "".join([HEAD.format(unit=unit.id), *rows, tried])
    path_of(unit).write_text(_sealed(unit, body), encoding="utf-8")


def _sealed(unit: Unit, body: str) -> str:
    """Return the text with a digest of it and of what decides, so that neither changes alone."""
    seal = hashlib.sha256(f"{digest(unit)}\n{body}".encode()).hexdigest()[:16]
    return f"{body}\nDigest: `{seal}`\n"
