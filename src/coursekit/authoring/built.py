"""What the build has written on this machine: that alone it may remove again."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from coursekit.sources.layout import Course

LIST = Path(".cache") / "built.json"  # file -> SHA-256, as it was last written


def remember(course: Course, files: dict[Path, bytes]) -> None:
    """Note files that the build made."""
    made = {_name(course, path): _digest(content) for path, content in files.items()}
    known = _known(course)
    if not made.items() <= known.items():
        (course.root / LIST).parent.mkdir(exist_ok=True)
        text = json.dumps(known | made, indent=1, sort_keys=True)
        (course.root / LIST).write_text(text + "\n", encoding="utf-8")


def only_ours(course: Course, paths: Iterable[Path]) -> list[Path]:
    """Return those files that lie there just as the build made them."""
    known = _known(course)
    return [path for path in paths if known.get(_name(course, path)) == _digest(path.read_bytes())]


def _known(course: Course) -> dict[str, str]:
    try:
        found = json.loads((course.root / LIST).read_text(encoding="utf-8"))
    except (OSError, ValueError):  # a fresh clone, or a damaged list: then nothing is removed
        return {}
    return found if isinstance(found, dict) else {}


def _name(course: Course, path: Path) -> str:
    return path.relative_to(course.root).as_posix()


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
