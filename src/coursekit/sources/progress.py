"""How long tasks say how far they are; who calls them decides how that is shown."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

Progress: TypeAlias = Callable[[str, int, int], None]
"""Called with a label, how many steps are done, and how many there are."""


def no_progress(label: str, done: int, total: int) -> None:
    """Show nothing."""
