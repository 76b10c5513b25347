"""One notebook on a fresh copy of one image, run as a student would: what went wrong, if anything.

The notebook is alone in its folder and runs unmodified: git itself sends the address that its
first cell installs from to the student repository that was published here.
"""

from __future__ import annotations

import json
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import nbformat
from jupyter_client.manager import AsyncKernelManager
from nbclient import NotebookClient
from nbclient.exceptions import CellTimeoutError, DeadKernelError

from colab.images import ROOT, STAND_IN, Image, fresh, kernel, versions
from coursekit.authoring.environment import environment, notebook_client
from coursekit.sources.layout import Course
from coursekit.sources.source import COMPARED
from student import write_student_folder

Notebook = Any
FULL_DATA = ROOT / ".cache" / "full"


@dataclass(frozen=True)
class Trial:
    """How a notebook went.

    Attributes
    ----------
    seconds : float
        From the start of the kernel to the end of the last cell.
    install : float
        Seconds of these in the first code cell.
    had : dict of str to str
        Versions of Python and all packages before.
    added : list of str
        Packages that are new in the image afterwards, with versions.
    findings : list of str
        What should not be, a sentence each.
    outputs : list of str
        What each code cell printed; not kept in files.
    """

    seconds: float
    install: float
    had: dict[str, str]
    added: list[str]
    findings: list[str]
    outputs: list[str] = field(default_factory=list)


def publish_with_git(course: Course, folder: Path) -> dict[str, str]:
    """Write the student repository into `folder` and commit it there.

    Returns
    -------
    dict of str to str
        Environment with which git finds it under its public address.
    """
    write_student_folder(course, folder)
    who = ["-c", "user.name=course", "-c", "user.email=course@example.org"]
    for command in (["init", "--quiet", "--initial-branch=main"], ["add", "--all"]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    subprocess.run(["git", *who, "commit", "--quiet", "-m", "Publish"], cwd=folder, check=True)
    return {
        "GIT_CONFIG_COUNT": "1",
        "GIT_CONFIG_KEY_0": f"url.{folder.as_uri()}.insteadOf",
        "GIT_CONFIG_VALUE_0": course.student_repository,
    }


def handed_in(release: Notebook, solution: Notebook) -> Notebook:
    """Return the release with the solution's answers in it.

    Hidden checks are not in it: they run where grading is done, never on a student's machine.
    """
    answers = {
        cell.id: cell.source
        for cell in solution.cells
        if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("solution")
    }
    for cell in release.cells:
        cell.source = answers.get(cell.id, cell.source)
    return release


def run(
    image: Image,
    folder: Path,
    notebook: Notebook,
    git: dict[str, str],
    *,
    passing: int | None = None,
    cells: int | None = None,
) -> Trial:
    """Execute a notebook on a copy of the image in `folder`.

    Parameters
    ----------
    image, folder : Image, Path
    notebook : NotebookNode
        Gets the outputs.
    git : dict
        What ``publish_with_git`` returned.
    passing : int, optional
        How many checks its last cell must say pass, for a challenge. With 0 each must say that it
        was not tried; else no cell may raise anything.
    cells : int, optional
        Execute no more than the first so many code cells.
    """
    for cell in notebook.cells:
        cell.metadata.pop("tags", None)  # raises-exception would hide any error
    code = [(i, cell) for i, cell in enumerate(notebook.cells) if cell.cell_type == "code"][:cells]
    stored = [_said(cell) if COMPARED in cell.source.splitlines() else None for _, cell in code]
    with fresh(folder) as copy, TemporaryDirectory() as room:
        before, path = versions(copy), Path(room, "work", "notebook.ipynb")
        for part in ("work", "ipython", "kernels/python3"):
            Path(room, part).mkdir(parents=True)
        nbformat.write(notebook, path)
        spec = {"argv": kernel(image, copy), "display_name": image.name, "language": "python"}
        Path(room, "kernels/python3/kernel.json").write_text(json.dumps(spec), encoding="utf-8")
        with environment(**_environment(image, Path(room), path), **git):
            client = notebook_client(
                notebook,
                Path(room),
                timeout=900,
                resources={"metadata": {"path": str(path.parent)}},
                # The image's kernel, which is found by its kernelspec.
                kernel_manager_class=AsyncKernelManager,
                # Else an old kernel drops the cell that comes right behind an error.
                allow_errors=True,
            )
            allowed = "NotImplementedError" if passing == 0 else ""
            seconds, took, findings = _execute(client, code, allowed)
        after = versions(copy)
    for number, ((_, cell), text) in enumerate(zip(code, stored, strict=True), 1):
        findings += [f"Cell {number} writes to stderr: {said}" for said in _stderr(cell)]
        if text is not None and number <= len(took) and _said(cell) != text:
            findings.append(f"Cell {number} prints {_said(cell)!r}, stored is {text!r}.")
    changed = sorted(name for name in before if after.get(name) != before[name])
    findings += [f"{n} was {before[n]} and is {after.get(n, 'gone')}." for n in changed]
    checks = sum(bool(c.metadata.get("nbgrader", {}).get("grade")) for _, c in code)
    expected = f"{passing} of {checks} checks pass"
    if passing is not None and len(took) == len(code):
        said = _said(code[-1][1])
        if not any(line.startswith(expected) for line in said.splitlines()):
            findings.append(f"The last cell should say {expected!r}, not {said!r}.")
    added = [f"{name} {after[name]}" for name in sorted(after.keys() - before.keys())]
    outputs = [_said(cell) for _, cell in code]
    install = round(took[0], 1) if took else 0.0
    return Trial(round(seconds, 1), install, before, added, findings, outputs)


def _environment(image: Image, room: Path, notebook: Path) -> dict[str, str]:
    """Return what the kernel and its driver find around them; nothing of a user's own settings."""
    values = {"JUPYTER_PATH": str(room), "IPYTHONDIR": str(room / "ipython"), "PYTHONPATH": ""}
    values["PYDEVD_DISABLE_FILE_VALIDATION"] = "1"  # else old debuggers warn in this terminal
    if FULL_DATA.is_dir():
        values["COURSEKIT_DATA"] = str(FULL_DATA)
    if image.is_colab:
        return values | {"PYTHONPATH": str(STAND_IN), "COLAB_NOTEBOOK": str(notebook)}
    return values | {"JPY_SESSION_NAME": str(notebook)}  # as Jupyter's server gives it


def _execute(
    client: NotebookClient, code: list[tuple[int, Any]], allowed: str
) -> tuple[float, list[float], list[str]]:
    """Return seconds in all and of each cell, and why it stopped early, if it did."""
    took: list[float] = []
    began = time.perf_counter()
    with client.setup_kernel():
        for index, cell in code:
            started = time.perf_counter()
            try:
                client.execute_cell(cell, index)
            except (CellTimeoutError, DeadKernelError) as error:
                why = f"Cell {len(took) + 1} stops with {type(error).__name__}: {error}"
                return time.perf_counter() - began, took, [why]
            for output in cell.outputs:
                if output.output_type == "error" and output.ename != allowed:
                    why = f"Cell {len(took) + 1} stops with {output.ename}: {output.evalue}"
                    return time.perf_counter() - began, took, [why]
            took.append(time.perf_counter() - started)
    return time.perf_counter() - began, took, []


def _stderr(cell: Any) -> list[str]:
    return [o.text.strip() for o in cell.outputs if o.get("name") == "stderr"]


def _said(cell: Any) -> str:
    """Return what a cell prints and shows, as text; its errors as IPython words them."""
    parts = []
    for output in cell.outputs:
        if output.get("name") == "stdout":
            parts.append(output.text)
        elif output.output_type == "error":
            parts.append("\n".join(output.traceback))
        elif "text/plain" in output.get("data", {}):
            parts.append(output.data["text/plain"])
    return "".join(parts).strip()
