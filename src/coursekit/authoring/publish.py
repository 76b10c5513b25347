"""Write the student repository: what students may have, and nothing else."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import nbformat
from jinja2 import Environment, PackageLoader, StrictUndefined

from coursekit.authoring.build import check
from coursekit.authoring.contents import pages, rows
from coursekit.leaks.gate import gate_files
from coursekit.leaks.targets import PUBLICATION
from coursekit.sources.layout import Course, CourseError, read_toml
from coursekit.sources.notebook import to_bytes
from coursekit.sources.progress import Progress, no_progress
from coursekit.sources.source import unmarked

STUDENT_PACKAGE = (
    *(
        "__init__.py",
        "__main__.py",
        "_assembly.py",
        "_compiling.py",
        "_fetch.py",
        "_parts.py",
        "check.py",
        "data.py",
        "expect.py",
        "handin.py",
        "models.py",
        "plots.py",
        "predict.py",
        "quiz.js",
        "quiz.py",
        "reader.py",
        "script.py",
        "setup.py",
        "standing.py",
    ),
    *("datasets.json", "models.json", "py.typed"),
)
PAPERS = ("LICENSE", "LICENSE-course.md", "CITATION.cff")
TEMPLATES = ("README.md", "requirements.txt", "pyproject.toml")


def publish(course: Course, folder: Path, *, progress: Progress = no_progress) -> list[Path]:
    """Write the student repository into `folder`, ready to be pushed.

    Parameters
    ----------
    course : Course
        Every unit must be built.
    folder : Path
        New, empty, or written by ``publish`` before. Its ``.git`` is left alone; a file that is no
        longer published is removed.
    progress : callable
        Told (label, done, total) as work goes on.

    Returns
    -------
    list of Path
        What was written or removed; empty when all was current.

    Raises
    ------
    CourseError
        If a notebook is not what its source builds, the leak gate finds something, or `folder`
        holds what ``publish`` did not write. Nothing is written then.
    """
    former = _former(course, folder)
    if stale := check(course.units, progress=progress):
        raise CourseError(f"{stale[0]}: run `coursekit build` before you publish.")
    files = student_repository(course)
    progress("leak gate", 0, 1)
    if findings := gate_files(course, files):
        lines = "\n".join(map(str, findings))
        raise CourseError(f"nothing was published, since this would leak:\n{lines}")
    progress("leak gate", 1, 1)
    changed = []
    # The list goes first: a publication that was interrupted is known as one, and can be repeated.
    for name in sorted(files, key=lambda name: (name != PUBLICATION, name)):
        path = folder / name
        if not path.exists() or path.read_bytes() != files[name]:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(files[name])
            changed.append(path)
    for name in sorted(former - set(files)):
        (folder / name).unlink(missing_ok=True)
        changed.append(folder / name)
    return changed


def student_repository(course: Course) -> dict[str, bytes]:
    """Return the files of the student repository, name to content, in order.

    Raises
    ------
    CourseError
        If a file that belongs to it is missing, or is a link.
    """
    names = [*PAPERS, *(f"src/coursekit/{name}" for name in STUDENT_PACKAGE)]
    names += [row["path"] for unit in course.units for row in rows(unit)]
    names += [path.relative_to(course.root).as_posix() for path in pages(course)]
    names += [
        path.relative_to(course.root).as_posix()
        for path in (course.root / "data").iterdir()
        if path.is_file() and path.suffix != ".py"
    ]
    files = {}
    for name in names:
        path = course.root / name
        if path.is_symlink() or not path.is_file():
            raise CourseError(f"{name} is missing or a link: put the file there to publish it.")
        files[name] = _unrun(path) if path.suffix == ".ipynb" else path.read_bytes()
    values = _values(course)
    for name in TEMPLATES:
        files[name] = _templates().get_template(f"{name}.j2").render(values).encode()
    sums = [f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files)]
    files[PUBLICATION] = "".join(sums).encode()
    return dict(sorted(files.items()))


def _unrun(path: Path) -> bytes:
    """Return a notebook without outputs: a stored result would answer before the learner does."""
    notebook = nbformat.read(path, as_version=4)
    notebook.metadata.pop("coursekit", None)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
            cell.source = unmarked(cell.source)
    return to_bytes(notebook)


def _former(course: Course, folder: Path) -> set[str]:
    """Return what was published into `folder` before, and refuse a folder with anything else."""
    if folder.resolve().is_relative_to(course.root):
        raise CourseError(f"{folder} lies in the instructors' repository: name a folder outside.")
    if folder.exists() and not folder.is_dir():
        raise CourseError(f"{folder} is a file: name a folder.")
    found = {
        path.relative_to(folder).as_posix()
        for path in folder.rglob("*")
        if (path.is_symlink() or path.is_file()) and path.relative_to(folder).parts[0] != ".git"
    }
    if not found:
        return found
    if PUBLICATION not in found:
        raise CourseError(f"{folder} is not empty and no publication: name a new or empty folder.")
    lines = (folder / PUBLICATION).read_text(encoding="utf-8").splitlines()
    former = {line.split("  ", 1)[1] for line in lines if "  " in line} | {PUBLICATION}
    if strange := sorted(found - former):
        raise CourseError(f"{folder / strange[0]} was not written by publish: move it away.")
    return found


def _values(course: Course) -> dict[str, Any]:
    """Return what the templates ask for."""
    settings = read_toml(course.root / "pyproject.toml")
    wheel = settings["tool"]["hatch"]["build"]["targets"]["wheel"]
    return {
        "build": settings["build-system"],
        "project": settings["project"],
        "data": wheel["force-include"],
        "title": (course.root / "README.md").read_text(encoding="utf-8").splitlines()[0],
        "address": course.student_repository,
        "notebooks": [row for unit in course.units for row in rows(unit)],
    }


def _templates() -> Environment:
    loader = PackageLoader("coursekit.authoring")
    environment = Environment(
        loader=loader, autoescape=False, undefined=StrictUndefined, keep_trailing_newline=True
    )
    environment.filters["toml"] = lambda value: json.dumps(value, ensure_ascii=False)
    return environment
