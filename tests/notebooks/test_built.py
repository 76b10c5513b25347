"""What nbval does not see: errors of the wrong kind, and marked cells with nothing to compare.

And that nbval, with the conftest.py above the notebooks, sees what a cell writes to stderr.
"""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
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
def test_an_unanswered_release_raises_nothing_but_not_tried(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # With it a kernel does not pass on what C and C++ write.
    monkeypatch.delenv("PYTEST_CURRENT_TEST")
    notebook = nbformat.read(path, as_version=4)
    tags = [cell.metadata.pop("tags", []) for cell in notebook.cells]
    assert ["raises-exception"] in tags, "the tags would hide any error, so they are taken off"
    client = NotebookClient(
        notebook, timeout=300, kernel_name="python3", allow_error_names=["NotImplementedError"]
    )
    client.execute()
    checks = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade")]
    for cell in checks:
        errors = [o.ename for o in cell.outputs if o.output_type == "error"]
        assert errors == ["NotImplementedError"], cell.id
    streams = [
        o.name for c in notebook.cells if c.cell_type == "code" for o in c.outputs if "name" in o
    ]
    assert "stderr" not in streams


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


def test_nbval_fails_on_what_a_cell_writes_to_stderr(tmp_path: Path) -> None:
    cells = [new_code_cell(source) for source in NOISY]
    cells[-1].metadata.tags = ["raises-exception"]
    nbformat.write(new_notebook(cells=cells), tmp_path / "noisy.ipynb")
    shutil.copy(ROOT / "conftest.py", tmp_path)
    (tmp_path / "pytest.ini").touch()
    options = ["--nbval-lax", "--nbval-current-env", "-p", "no:cacheprovider", "-rA", "--color=no"]
    command = [sys.executable, "-m", "pytest", *options]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1, done.stdout + done.stderr
    noisy = [number for number, said in enumerate(NOISY.values()) if said]
    failed = re.findall(r"^FAILED noisy\.ipynb::Cell (\d+)", done.stdout, re.MULTILINE)
    assert failed == [str(number) for number in noisy]
    for number, said in enumerate(NOISY.values()):
        if said:
            pattern = rf"Cell {number}: The cell writes to stderr: .*{said}"
            assert re.search(pattern, done.stdout), done.stdout
