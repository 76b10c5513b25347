"""Rooms may use what lies below them and never look up, also where a function imports."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import coursekit

PACKAGE = Path(coursekit.__file__).parent
STUDENTS = "students' modules"
TEXTS = {STUDENTS, "sources"}
AUTHORS = {*TEXTS, "lint", "leaks", "authoring"}
MAY_USE = {
    STUDENTS: set(),
    "sources": {STUDENTS},
    "lint": TEXTS,
    "leaks": TEXTS,
    "authoring": AUTHORS - {"authoring"},
    "intake": AUTHORS,
    "grading": {*AUTHORS, "intake"},
    "proving": {*AUTHORS, "intake", "grading"},
    "cluster": {*AUTHORS, "intake", "grading"},
    "classroom": {*AUTHORS, "intake", "grading", "cluster"},
    "lms": {*AUTHORS, "intake", "grading", "classroom"},
    "marking": {*AUTHORS, "intake", "grading", "classroom"},
    "privacy": {*AUTHORS, "intake", "grading", "classroom", "lms"},
    "insight": {*AUTHORS, "intake", "grading", "classroom", "lms", "marking", "privacy"},
    "demo": {*AUTHORS, "intake", "grading", "classroom", "marking", "privacy", "insight"},
}
MAY_USE["cli"] = set(MAY_USE)
WIRE, WORKER = "coursekit.grading.wire", "coursekit.grading.worker"
FENCE = "coursekit.grading.fence.inner"


def name_of(path: Path) -> str:
    parts = path.relative_to(PACKAGE.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {name_of(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def imported(code: str) -> Iterator[str]:
    """Yield every module of the package that the code imports."""
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names if alias.name in MODULES)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "imports name the whole module"
            for alias in node.names:
                member = f"{node.module}.{alias.name}"
                if member in MODULES:
                    yield member
                elif node.module in MODULES:
                    yield node.module


def room_of(module: str) -> str:
    room = module.split(".")[1] if "." in module else STUDENTS
    return room if room in MAY_USE else STUDENTS


def below(module: str, folder: str) -> bool:
    return module == folder or module.startswith(f"{folder}.")


def edges() -> Iterator[tuple[str, str]]:
    for module, path in MODULES.items():
        for target in imported(path.read_text(encoding="utf-8")):
            yield module, target


def test_every_folder_is_a_room() -> None:
    folders = {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    assert folders == set(MAY_USE) - {STUDENTS}


@pytest.mark.parametrize("room", MAY_USE)
def test_no_room_looks_up(room: str) -> None:
    mine = [(module, target) for module, target in edges() if room_of(module) == room]
    assert [
        f"{module} imports {target}"
        for module, target in mine
        if room_of(target) not in {room, *MAY_USE[room]}
    ] == []


def test_the_worker_knows_itself_its_fence_the_wire_and_the_students_modules() -> None:
    """So do the wire and the fence, since what they import the worker imports too."""
    near = [
        (module, target)
        for module, target in edges()
        if below(module, WORKER)
        or below(module, WIRE)
        or module in ("coursekit.grading", "coursekit.grading.fence", FENCE)
    ]
    assert [
        f"{module} imports {target}"
        for module, target in near
        if room_of(target) != STUDENTS
        and not below(target, WIRE)
        and not (below(module, WORKER) and (below(target, WORKER) or target == FENCE))
    ] == []


def test_nobody_but_the_worker_imports_the_worker() -> None:
    assert [
        f"{module} imports {target}"
        for module, target in edges()
        if below(target, WORKER) and not below(module, WORKER)
    ] == []


@pytest.mark.parametrize(
    ("code", "found"),
    [
        ("import coursekit.cli", ["coursekit.cli"]),
        ("from coursekit import expect, lint", ["coursekit.expect", "coursekit.lint"]),
        ("from coursekit.sources.layout import Course", ["coursekit.sources.layout"]),
        ("def f():\n    from coursekit.cli import main", ["coursekit.cli"]),
        ("import numpy\nfrom pathlib import Path", []),
    ],
)
def test_imports_are_seen_wherever_they_stand(code: str, found: list[str]) -> None:
    assert list(imported(code)) == found


def test_modules_get_their_room() -> None:
    names = ("coursekit", "coursekit.expect", "coursekit.cli", "coursekit.lint.page")
    assert [room_of(name) for name in names] == [STUDENTS, STUDENTS, "cli", "lint"]
