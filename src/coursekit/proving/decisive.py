"""What decides a unit's verdicts, and a digest of it.

Of the package these are the modules that the trial of an answer imports, and no other: who edits
the command line, the feedback or a comment need not try six units anew.
"""

from __future__ import annotations

import ast
import hashlib
import json
import re
from collections.abc import Iterator
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

from packaging.requirements import Requirement

from coursekit.proving.verify import read_answers
from coursekit.sources.layout import Course, Unit
from coursekit.sources.source import read_source
from coursekit.sources.variants import fixed_architecture

PACKAGE = Path(__file__).resolve().parents[1]
TRIAL = ("coursekit.proving.verify", "coursekit.proving.warm")
MODULE = re.compile(r"coursekit(\.\w+)*")
LIBRARIES = (
    *("keras", "tensorflow", "numpy", "scikit-learn", "pandas", "matplotlib", "keras-tuner"),
    *("ipython", "cosmic-ray", "parso", "jupytext"),
)


def digest(unit: Unit) -> str:
    """Return a digest of all that decides the unit's verdicts, the same on every machine.

    Of libraries it takes what the lock file says, not what is installed: see `not_locked`.

    Raises
    ------
    CourseError
        If the unit is not built, or has no variants.
    """
    cells = [cell for cell in read_source(unit.require_challenge()) if cell.type == "code"]
    tried = [cell for cell in cells if cell.kind in ("given", "answer", "check")]
    modules = _imported({*TRIAL, *(name for cell in tried for name in _read(cell.text)[0])})
    decides = [
        _pins(unit.course),
        [(cell.kind, cell.name, cell.part, cell.text) for cell in tried],
        [(a.question, a.kind, sorted(a.loses), a.code) for a in read_answers(unit)],
        sorted(fixed_architecture(unit)),
        # datasets.json has the hash of every set that comes with the package.
        [(path.name, _hash(path)) for path in sorted(PACKAGE.glob("*.json"))],
        [(path.name, _hash(path)) for path in sorted(unit.folder.glob("held_out/*"))],
        [(name, _read(_text(path))[1]) for name, path in sorted(modules.items())],
    ]
    return hashlib.sha256(json.dumps(decides).encode()).hexdigest()[:16]


def versions() -> str:
    """Return what is installed of the libraries that decide, for a reader."""
    return ", ".join(f"{name} {version(name)}" for name in LIBRARIES)


def not_locked(course: Course) -> list[str]:
    """Return which libraries that decide are installed in another version than the locked one."""
    pins = [Requirement(line) for line in _pins(course)]
    here = {pin.name: pin.specifier for pin in pins if not pin.marker or pin.marker.evaluate()}
    return [
        f"{name} is {version(name)}, not {str(here.get(name, 'locked')).removeprefix('==')}"
        for name in LIBRARIES
        if name not in here or version(name) not in here[name]
    ]


def _pins(course: Course) -> list[str]:
    lock = course.root / "requirements.lock"
    lines = _text(lock).splitlines() if lock.exists() else []
    return [line for line in lines if line.partition("==")[0] in LIBRARIES]


def _imported(names: set[str]) -> dict[str, Path]:
    """Return by name the modules of the package that are among the names, and all they import."""
    found: dict[str, Path] = {}
    while names:
        name = names.pop()
        place = PACKAGE.joinpath(*name.split(".")[1:])
        path = next(filter(Path.is_file, (place.with_suffix(".py"), place / "__init__.py")), None)
        if path and name not in found:
            found[name] = path
            names |= {name.rpartition(".")[0] or name, *_read(_text(path))[0]}
    return found


@cache
def _read(code: str) -> tuple[frozenset[str], str]:
    """Return which modules of the package code may import, and a digest of what it does."""
    tree = ast.parse(code)
    shape = json.dumps(_shape(tree)).encode()
    return frozenset(_named(tree)), hashlib.sha256(shape).hexdigest()


def _named(tree: ast.Module) -> Iterator[str]:
    """Yield the names that may be modules of the package: imports, or in a string.

    A string's, since a process is started by it. What only types need is left out.
    """
    for node in _run(tree):
        names: list[Any] = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        elif isinstance(node, ast.Constant):
            names = [node.value]
        yield from (name for name in names if MODULE.fullmatch(str(name)))


def _run(node: ast.AST) -> Iterator[ast.AST]:
    """Yield the node and all below it, but for what no program runs."""
    if not (isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"):
        yield node
        for child in ast.iter_child_nodes(node):
            yield from _run(child)


def _shape(node: Any) -> Any:
    """Return code's tree as lists and texts, without docstrings and places.

    `ast.dump` would do, if it wrote the same on every Python.
    """
    if isinstance(node, list):
        return [_shape(each) for each in node]
    if not isinstance(node, ast.AST):
        return repr(node)
    fields = dict(ast.iter_fields(node))
    if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef) and ast.get_docstring(node):
        fields["body"] = node.body[1:]
    if isinstance(node, ast.JoinedStr):  # Python 3.12 puts an empty text into some
        fields["values"] = [part for part in node.values if getattr(part, "value", 0) != ""]
    said = {name: _shape(value) for name, value in fields.items() if value not in (None, [])}
    return [type(node).__name__, said]


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def _hash(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()
