"""How long tasks show how far they are: a bar on a terminal, lines off it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager

from coursekit.sources.progress import Progress

EACH = 20  # steps that have a line of their own
OFTEN = 2.0  # seconds between two lines after that: a log should stay short


@contextmanager
def show_progress() -> Iterator[Progress]:
    """Show a bar with time left for each label; off a terminal, lines, and not too many."""
    from rich.progress import (
        BarColumn,
        MofNCompleteColumn,
        TextColumn,
        TimeElapsedColumn,
        TimeRemainingColumn,
    )
    from rich.progress import (
        Progress as Bars,
    )

    if not sys.stderr.isatty():
        yield _plain_progress()
        return
    from rich.console import Console

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Bars(
        *columns, TimeElapsedColumn(), TimeRemainingColumn(), console=Console(stderr=True)
    ) as bars:
        tasks = {}

        def show(label: str, done: int, total: int) -> None:
            if label not in tasks:
                tasks[label] = bars.add_task(label, total=total)
            bars.update(tasks[label], completed=done)

        yield show


def _plain_progress() -> Progress:
    import time

    started: dict[str, float] = {}
    said: dict[str, float] = {}

    def show(label: str, done: int, total: int) -> None:
        now = time.monotonic()
        began = started.setdefault(label, now)
        if EACH < done < total and now - said.get(label, 0.0) < OFTEN:
            return
        said[label] = now
        left = (now - began) / done * (total - done) if done else 0
        about = f", about {left:.0f} s left" if 0 < done < total else ""
        print(f"{label}: {done}/{total}{about}", file=sys.stderr, flush=True)

    return show
