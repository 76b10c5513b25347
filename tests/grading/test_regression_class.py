"""The main job for real: a class on the regression unit, and stock nbgrader on this tree."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat

from coursekit.demo.sample_class import sample_class, write_submission
from coursekit.sources.layout import Course

UNIT = "01_regression"
PROGRAMS = str(Path(sys.executable).parent)


def run(*command: str, cwd: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([PROGRAMS, os.environ["PATH"]])
    return subprocess.run(
        command,
        cwd=cwd,
        env=os.environ | {"PATH": path} | environment,
        capture_output=True,
        text=True,
    )


def test_demo_of_twelve_scores_as_declared(root: Path, tmp_path: Path) -> None:
    folder = tmp_path / "demo"
    done = run(
        sys.executable, "-m", "coursekit.cli", "demo", "--students", "12", "--folder", str(folder),
        cwd=root,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Every score is the one that the variants declare." in done.stdout
    assert f"Report: {folder / 'report.html'}" in done.stdout
    assert "18 / 22" in done.stdout
    assert "grading: 12/12" in done.stderr
    assert len(list(folder.glob("feedback/*/01_regression/*.html"))) == 11


def test_nbgrader_validates_a_solved_copy(root: Path, tmp_path: Path) -> None:
    unit = Course(root).select([UNIT])[0]
    solved = write_submission(unit, sample_class(unit, 1)[0], tmp_path)
    done = run("nbgrader", "validate", str(solved), cwd=tmp_path)
    assert "Success! Your notebook passes all the tests." in done.stdout, done.stdout + done.stderr


def test_stock_nbgrader_makes_the_same_release(root: Path, tmp_path: Path) -> None:
    for name in ("nbgrader_config.py", "pyproject.toml", "solutions", "course"):
        source = root / name
        (shutil.copytree if source.is_dir() else shutil.copy)(source, tmp_path / name)
    done = run("nbgrader", "generate_assignment", UNIT, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    made = tmp_path / "notebooks" / UNIT / "regression_challenge.ipynb"
    built = root / "notebooks" / UNIT / "regression_challenge.ipynb"
    assert made.read_bytes() == built.read_bytes()
    assert nbformat.read(made, as_version=4).metadata.get("coursekit") is None
