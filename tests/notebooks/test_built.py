"""What nbval does not see: checks without their tag, and marked cells with nothing to compare.

And that nbval, with the conftest.py above the notebooks, sees what a cell writes to stderr, and an
error of an unanswered challenge that is not "not tried yet".
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_notebook

from coursekit.sources.source import COMPARED

ROOT = Path(__file__).resolve().parents[2]
RELEASES = sorted(p for p in ROOT.glob("notebooks/*/*.ipynb") if p.parent.name != "lectures")
COMPARED_NOTEBOOKS = sorted([*ROOT.glob("notebooks/lectures/*.ipynb"), *ROOT.glob("solutions/*/*")])


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_there_is_something_to_test() -> None:
    assert RELEASES
    assert len(COMPARED_NOTEBOOKS) > len(RELEASES)


@pytest.mark.parametrize("path", RELEASES, ids=name)
def test_a_release_says_that_its_checks_raise(path: Path) -> None:
    cells = nbformat.read(path, as_version=4).cells
    checks = [cell for cell in cells if cell.metadata.get("nbgrader", {}).get("grade")]
    assert checks
    assert all(cell.metadata.tags == ["raises-exception"] for cell in checks), "Run all goes on"


@pytest.mark.parametrize("path", COMPARED_NOTEBOOKS, ids=name)
def test_marked_cells_and_no_others_have_outputs(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            marked = COMPARED in cell.source.splitlines()
            assert bool(cell.outputs) == marked, cell.id
            assert (cell.execution_count is not None) == marked, cell.id


NOISY = {
    "print('fine')": "",
    "import sys\nsys.stderr.write('from Python\\n');": "from Python",
    "import warnings\nwarnings.warn('old name')": "UserWarning: old name",
    "import os, time\nos.write(2, b'from C\\n')\ntime.sleep(0.5)": "from C",
    "import logging\nlogging.warning('a log line')": "WARNING:root:a log line",
    "1 / 0": "",
}


def failed_cells(folder: Path, notebook: Path, cells: list[NotebookNode]) -> tuple[list[int], str]:
    """Return the cells that fail when nbval runs them under the hooks above, and its words."""
    notebook.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(new_notebook(cells=cells), notebook)
    shutil.copy(ROOT / "conftest.py", folder)
    (folder / "pytest.ini").touch()
    options = ["--nbval-lax", "--nbval-current-env", "-p", "no:cacheprovider", "-rA", "--color=no"]
    command = [sys.executable, "-m", "pytest", *options]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 1, done.stdout + done.stderr
    found = re.findall(r"^FAILED .*\.ipynb::Cell (\d+)", done.stdout, re.MULTILINE)
    return [int(number) for number in found], done.stdout


def test_nbval_fails_on_what_a_cell_writes_to_stderr(tmp_path: Path) -> None:
    cells = [new_code_cell(source) for source in NOISY]
    cells[-1].metadata.tags = ["raises-exception"]
    failed, told = failed_cells(tmp_path, tmp_path / "noisy.ipynb", cells)
    assert failed == [number for number, said in enumerate(NOISY.values()) if said]
    for number, said in enumerate(NOISY.values()):
        if said:
            pattern = rf"Cell {number}: The cell writes to stderr: .*{said}"
            assert re.search(pattern, told), told


NOT_TRIED = "raise NotImplementedError('not tried yet')"
# Source, whether it is a check, what is wrong with it.
UNANSWERED = [
    (f"def answer():\n    {NOT_TRIED}", False, ""),
    ("answer()", True, ""),
    ("1 / 0", True, "raises ZeroDivisionError"),
    ("assert True", True, "raises nothing"),
    ("assert False, 'an error of the course'", False, "raises AssertionError"),
    ("answer()", False, ""),
]


def test_nbval_fails_on_a_release_that_raises_anything_but_not_tried(tmp_path: Path) -> None:
    metadata = {"tags": ["raises-exception"]}
    cells = [
        new_code_cell(source, metadata=metadata | {"nbgrader": {"grade": check}})
        for source, check, _ in UNANSWERED
    ]
    notebook = tmp_path / "notebooks" / "01_small" / "small_challenge.ipynb"
    failed, told = failed_cells(tmp_path, notebook, cells)
    assert failed == [number for number, (_, _, wrong) in enumerate(UNANSWERED) if wrong]
    for number in failed:
        assert (
            f"Cell {number}: The cell of an unanswered challenge {UNANSWERED[number][2]}." in told
        )
