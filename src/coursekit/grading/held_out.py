"""Data that only the judge may see, for hidden checks.

Built by ``data/build_data.py`` into ``course/<unit>/held_out/<name>.npz`` with two arrays, x and y:

- ``regression``: 2,000 fresh rows of the greenhouse, y without noise;
- ``mnist``, ``fashion``: the 8,000 official test images that are not in the `mini` set.

A hidden region writes ``_x, _y = held_out.load("regression")``, and nothing else reads these files.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from numpy.typing import NDArray

from coursekit._fetch import DataError, read_npz

BUILD = "`python data/build_data.py`"


class HeldOut(NamedTuple):
    """Inputs and targets of a held-out set; the first axis of both counts the rows."""

    x: NDArray[Any]
    y: NDArray[Any]


class HeldOutError(RuntimeError):
    """A held-out set is missing or damaged: a fault of the set-up, never of a submission."""


def load(name: str) -> HeldOut:
    """Return the held-out set `name`.

    It is looked for in the folder that the environment variable COURSEKIT_HELD_OUT names (a
    ``held_out`` folder, or a course with many of them). Without it, in the ``course/`` of the
    working directory or of a folder above it, then of the repository this package lies in.

    Parameters
    ----------
    name : str
        The file's name without ``.npz``: small letters, digits and underscores.

    Returns
    -------
    HeldOut
        ``x`` and ``y``. regression: float32 (2000, 2) and (2000,), in degrees Celsius; mnist and
        fashion: uint8 (8000, 28, 28) and (8000,).

    Raises
    ------
    HeldOutError
        If the set is not found or cannot be read; the message names COURSEKIT_HELD_OUT.
    ValueError
        If `name` is not a plain name.
    """
    if not re.fullmatch(r"[a-z0-9_]+", name):
        raise ValueError(f"A held-out set has a plain name such as 'regression', not {name!r}.")
    for folder in _folders():
        for path in (folder / f"{name}.npz", *sorted(folder.glob(f"*/held_out/{name}.npz"))):
            if path.is_file():
                return _read(path)
    raise HeldOutError(
        f"The held-out set {name!r} was not found: set COURSEKIT_HELD_OUT to the instructor's "
        f"course/ folder, or build it with {BUILD}."
    )


def _folders() -> Iterator[Path]:
    chosen = os.environ.get("COURSEKIT_HELD_OUT")
    if chosen:
        yield Path(chosen).expanduser()
        return
    here = Path.cwd()
    for folder in (here, *here.parents, Path(__file__).resolve().parents[3]):
        yield folder / "course"


def _read(path: Path) -> HeldOut:
    try:
        held_out = HeldOut(**read_npz(path, HeldOut._fields, cure=f"run {BUILD}"))
    except DataError as error:
        raise HeldOutError(str(error)) from None
    if len(held_out.x) != len(held_out.y):
        raise HeldOutError(
            f"{path} has {len(held_out.x)} inputs but {len(held_out.y)} targets: run {BUILD}."
        )
    return held_out
