"""Otter-Grader, for comparison only: an environment of its own, and a challenge in its form."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import sysconfig
from pathlib import Path

import nbformat

from coursekit.sources.layout import Unit

ROOT = Path(__file__).resolve().parents[2]
HOME = ROOT / ".cache" / "otter"
# What otter-grader needs and the course does not; all else it takes from the course's environment.
PACKAGES = (
    "otter-grader==7.0.0",
    "annotated-types==0.8.0",
    "dill==0.4.1",
    "fica==0.4.1",
    "ipylab==1.1.0",
    "pydantic==2.14.4",
    "pydantic-core==2.50.5",
    "python-frontmatter==1.3.0",
    "python-on-whales==0.81.0",
    "typing-inspection==0.4.5",
    "wrapt==1.17.3",
)
PROGRAM = HOME / "bin" / "otter"
TEST = """\
from otter.test_files import test_case

OK_FORMAT = False
name = {name!r}
points = None


@test_case(points={points!r}, hidden=False)
def check(env):
    exec({source!r}, dict(env))
"""


class NoOtterError(Exception):
    """Otter cannot be measured here; the message says why, in a sentence."""


def install() -> str:
    """Make the environment, unless it is there, and return otter's version.

    Raises
    ------
    NoOtterError
        If it cannot be installed or does not start.
    """
    kept = HOME / "installed"
    if not kept.exists() or kept.read_text() != "\n".join(PACKAGES):
        uv = str(Path(sys.executable).parent / "uv")
        _do([uv, "venv", "--quiet", "--clear", "--python", sys.executable, str(HOME)])
        python = ["--python", str(HOME / "bin" / "python")]
        _do([uv, "pip", "install", "--quiet", "--no-deps", *python, *PACKAGES])
        (packages,) = HOME.glob("lib/python*/site-packages")
        # The course's package itself comes by PYTHONPATH, as it does everywhere in a run.
        (packages / "course.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
        kept.write_text("\n".join(PACKAGES))
    said = _do([str(PROGRAM), "--version"])
    version = next((line for line in said.splitlines() if "Otter-Grader version" in line), "")
    return version.rpartition(" ")[2] or "of unknown version"


def make_autograder(unit: Unit, folder: Path) -> Path:
    """Write the checks of a built unit as otter's tests, and return its zip file.

    Raises
    ------
    NoOtterError
        If otter refuses them.
    """
    tests = folder / "tests"
    tests.mkdir(parents=True)
    solution = unit.course.root / "solutions" / unit.id / unit.challenge_notebook
    for cell in nbformat.read(solution, as_version=4).cells:
        if _is_check(cell):
            flags = cell.metadata["nbgrader"]
            name, points = str(flags["grade_id"]), float(flags["points"])
            text = TEST.format(name=name, points=points, source=cell.source)
            (tests / f"{name}.py").write_text(text, encoding="utf-8")
    made = folder / "autograder.zip"
    _do([str(PROGRAM), "generate", "-t", str(tests), "-o", str(made)], cwd=folder)
    return made


def convert(submission: Path, target: Path) -> None:
    """Write a submission as otter has it: where a check stood, a test is named."""
    notebook = nbformat.read(submission, as_version=4)
    for at, cell in enumerate(notebook.cells):
        if _is_check(cell):
            stands = nbformat.v4.new_markdown_cell("")
            stands.metadata["otter"] = {"tests": [cell.metadata["nbgrader"]["grade_id"]]}
            notebook.cells[at] = stands
    target.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(notebook, target)


def _is_check(cell: nbformat.NotebookNode) -> bool:
    flags = cell.metadata.get("nbgrader", {})
    return cell.cell_type == "code" and bool(flags.get("grade")) and not flags.get("solution")


def grade(autograder: Path, submission: Path, out: Path, held_out: Path) -> float:
    """Run otter on a converted submission, and return its points.

    Raises
    ------
    NoOtterError
        If it leaves no result.
    """
    out.mkdir(parents=True, exist_ok=True)
    options = ["--no-logo", "-a", str(autograder), "-o", str(out)]
    environment = os.environ | {"COURSEKIT_HELD_OUT": str(held_out)}
    said = _do([str(PROGRAM), "run", *options, str(submission)], cwd=out, env=environment)
    try:
        told = json.loads((out / "results.json").read_text(encoding="utf-8"))
        return float(sum(test.get("score", 0.0) for test in told["tests"]))
    except (OSError, ValueError, KeyError) as error:
        last = (said.strip().splitlines() or ["nothing"])[-1]
        raise NoOtterError(f"otter leaves no result; it said: {last}.") from error


def _do(command: list[str], cwd: Path | None = None, env: dict[str, str] | None = None) -> str:
    try:
        done = subprocess.run(
            command,
            cwd=cwd,
            env=env,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=1800,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NoOtterError(f"{Path(command[0]).name} does not run: {error}.") from error
    if done.returncode:
        said = (done.stderr.strip() or done.stdout.strip() or "nothing").splitlines()[-1]
        raise NoOtterError(f"`{Path(command[0]).name} {command[1]}` fails: {said}")
    return done.stdout
