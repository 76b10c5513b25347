"""Where things are in the course repository, and what they are called."""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

if sys.version_info >= (3, 11):
    import tomllib
else:  # pragma: no cover - the same parser under its older name
    import tomli as tomllib

UNIT_ID = re.compile(r"\d\d_[a-z][a-z0-9_]*")


class CourseError(Exception):
    """Something the author or instructor can put right; the message says how."""


def read_toml(path: Path) -> dict[str, Any]:
    """Return the tables of a TOML file.

    Raises
    ------
    CourseError
        If it is no UTF-8 or no TOML; the message says where.
    """
    try:
        tables: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
    except UnicodeDecodeError as error:
        raise CourseError(f"{path}: save the file as UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise CourseError(f"{path}: {error}.") from error
    return tables


@dataclass(frozen=True)
class Unit:
    """One folder of ``course/``; its id is also nbgrader's assignment id."""

    course: Course
    id: str

    @property
    def name(self) -> str:
        """The id without its number: ``regression`` for ``01_regression``."""
        return self.id.split("_", 1)[1]

    @property
    def folder(self) -> Path:
        """Where the authors' text is."""
        return self.course.root / "course" / self.id

    @property
    def lectures(self) -> list[Path]:
        """The lecture sources: ``lecture.py`` or ``lecture_1_neurons.py``, ... in order."""
        return sorted(self.folder.glob("lecture*.py"))

    @property
    def challenge(self) -> Path | None:
        """The challenge source, or None in a unit that only lectures."""
        path = self.folder / "challenge.py"
        return path if path.exists() else None

    def require_challenge(self) -> Path:
        """Return the challenge source.

        Raises
        ------
        CourseError
            If the unit only lectures.
        """
        if self.challenge is None:
            raise CourseError(f"{self.id} has no challenge: write {self.folder}/challenge.py.")
        return self.challenge

    @property
    def challenge_notebook(self) -> str:
        """File name of the challenge notebook, the same in ``solutions/`` and ``notebooks/``."""
        return f"{self.name}_challenge.ipynb"

    def lecture_notebook(self, source: Path) -> str:
        """File name of the built notebook of a lecture source."""
        return self.id + source.stem.removeprefix("lecture") + ".ipynb"


@dataclass(frozen=True)
class Course:
    """The instructors' repository."""

    root: Path

    @classmethod
    def find(cls, start: Path | None = None) -> Course:
        """Return the course that contains `start` (default: the working folder).

        Raises
        ------
        CourseError
            If no parent folder has both ``course/`` and ``pyproject.toml``.
        """
        here = (start or Path.cwd()).resolve()
        for folder in (here, *here.parents):
            if (folder / "course").is_dir() and (folder / "pyproject.toml").exists():
                return cls(folder)
        raise CourseError(f"No course here: run this inside the course repository, not in {here}.")

    @property
    def units(self) -> list[Unit]:
        """All units that have a source, in order."""
        folders = sorted((self.root / "course").iterdir())
        units = [Unit(self, folder.name) for folder in folders if UNIT_ID.fullmatch(folder.name)]
        return [unit for unit in units if unit.lectures or unit.challenge]

    def select(self, ids: list[str]) -> list[Unit]:
        """Return the units named, or all of them when none is named.

        Raises
        ------
        CourseError
            If a name is not a unit's.
        """
        known = {unit.id: unit for unit in self.units}
        if wrong := [name for name in ids if name not in known]:
            raise CourseError(f"No unit called {wrong[0]!r}: choose from {', '.join(known)}.")
        return [known[name] for name in dict.fromkeys(ids)] if ids else list(known.values())

    @property
    def student_repository(self) -> str:
        """Address of the repository that students see (``[tool.coursekit]`` in pyproject.toml)."""
        settings = read_toml(self.root / "pyproject.toml").get("tool", {}).get("coursekit", {})
        if address := settings.get("student_repository"):
            return str(address).rstrip("/")
        raise CourseError(
            "No student repository: set student_repository in [tool.coursekit] of pyproject.toml."
        )
