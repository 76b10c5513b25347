"""What the last cell and ``coursekit check`` say of a challenge."""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from coursekit import check, handin
from samples import make_unit

ANSWER = "def double(x):\n    return 2 * x"
STUB = "def double(x):\n    raise NotImplementedError('not tried yet')"
START = """\
from coursekit import handin
get_ipython().events.register("post_run_cell", handin.remember)"""


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("course")
    make_unit(root)
    return root / "notebooks" / "01_small" / "small_challenge.ipynb"


def read(path: Path) -> Any:
    return nbformat.read(path, as_version=4)


def cell_of(notebook: Any, id_: str) -> Any:
    return next(cell for cell in notebook.cells if cell.id == id_)


def summed_up(
    notebook: Any, folder: Path, monkeypatch: pytest.MonkeyPatch, skip: tuple[str, ...] = ()
) -> str:
    """Run a notebook as JupyterLab would, `skip` aside, and return what its last cell prints."""
    path = folder / "small_challenge.ipynb"
    cell_of(notebook, "setup-given").source = START
    nbformat.write(notebook, path)
    monkeypatch.setenv("JPY_SESSION_NAME", str(path))
    client = NotebookClient(notebook, timeout=60, allow_errors=True)
    with client.setup_kernel():
        for index, cell in enumerate(notebook.cells):
            if cell.id not in skip:
                client.execute_cell(cell, index)
    (output,) = cell_of(notebook, "summary-given").outputs
    return str(output.text)


def test_it_tells_what_passes_what_is_missing_and_how_to_hand_in(
    released: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = summed_up(read(released), tmp_path, monkeypatch)
    assert re.search(r"small_challenge.ipynb, as saved at \d\d:\d\d:\d\d", said)
    assert "0 of 2 checks pass; 1 have a hidden part." in said
    assert "not tried: question 1 (small), question 1 (large)" in said
    assert "written answer, question 2: 2 words" in said
    assert "To hand in: restart the kernel, run all cells, save" in said
    assert "out of order" not in said


def test_right_and_wrong_answers_are_told_apart(
    released: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notebook = read(released)
    cell_of(notebook, "q1_double").source = "def double(x):\n    return x + 1"
    said = summed_up(notebook, tmp_path, monkeypatch)
    assert "1 of 2 checks pass" in said
    assert "not yet: question 1 (large)" in said
    assert "not tried" not in said


def test_cells_run_out_of_order_or_not_at_all_are_told(
    released: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notebook = read(released)
    cell_of(notebook, "q1_double").source = ANSWER
    order = [cell.id for cell in notebook.cells]
    small, large = order.index("q1_double-small"), order.index("q1_double-large")
    stored = read(released)
    said = summed_up(notebook, tmp_path, monkeypatch, skip=("q1_double-small",))
    assert "1 of 2 checks pass" in said
    assert "not run: question 1 (small)" in said
    notebook = stored
    cell_of(notebook, "q1_double").source = ANSWER
    saved = json.loads(json.dumps(notebook))
    cells = saved["cells"]
    cells[small], cells[large] = cells[large], cells[small]
    lines, _ = handin.report(cells, lambda cell: (order.index(cell["id"]), handin.PASS))
    assert "Cells ran out of order: restart the kernel and run all, top to bottom." in lines


def test_a_deleted_check_is_missed(
    released: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notebook = read(released)
    notebook.cells.remove(cell_of(notebook, "q1_double-large"))
    assert "1 of 2 checks are gone" in summed_up(notebook, tmp_path, monkeypatch)


def test_without_a_file_it_names_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    handin.summary(checks=2)
    assert "coursekit check NAME.ipynb" in capsys.readouterr().out


def test_the_command_passes_only_a_complete_notebook(
    released: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    notebook = read(released)
    file = tmp_path / "mine.ipynb"
    cell_of(notebook, "q1_double").source = "def double(x):\n    return 3 * x"
    nbformat.write(notebook, file)
    assert check.main(["check", str(file)]) == 1
    out = capsys.readouterr().out
    assert "0 of 2 checks pass" in out
    assert "q1_double-small" in out
    cell_of(notebook, "q1_double").source = ANSWER
    nbformat.write(notebook, file)
    before = file.read_bytes()
    assert check.main(["check", str(file)]) == 0
    assert "2 of 2 checks pass" in capsys.readouterr().out
    assert file.read_bytes() == before, "a self-check changes nothing"


def test_an_empty_written_answer_is_not_complete(
    released: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    notebook = read(released)
    cell_of(notebook, "q1_double").source = ANSWER
    cell_of(notebook, "q2_why-answer").source = handin.BLANK
    file = tmp_path / "mine.ipynb"
    nbformat.write(notebook, file)
    assert check.main(["check", str(file)]) == 1
    assert "written answer, question 2: 0 words" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "No such file or directory: name the .ipynb that you want to hand in."),
        ("print(1)", "this is no notebook: name the .ipynb that you hand in."),
        ("[1]", "this is no notebook"),
        ('{"cells": 3}', "this is no notebook"),
        ('{"cells": [1]}', "this is no notebook"),
        ('{"cells": [{"cell_type": "code", "source": "1"}]}', "it has no checks"),
    ],
)
def test_a_file_that_cannot_be_checked_is_one_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], content: str | None, said: str
) -> None:
    file = tmp_path / "some.ipynb"
    if content is not None:
        file.write_text(content, encoding="utf-8")
    assert check.main(["check", str(file)]) == 1
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_a_kernel_that_dies_is_one_sentence(
    released: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    notebook = read(released)
    cell_of(notebook, "q1_double").source = "import os\nos._exit(1)"
    file = tmp_path / "mine.ipynb"
    nbformat.write(notebook, file)
    assert check.main(["check", str(file)]) == 1
    assert "the kernel died: look for a cell that ends Python." in capfd.readouterr().err


def test_it_starts_without_nbgrader_or_tensorflow() -> None:
    code = "import sys; from coursekit import check, handin; print([m for m in sys.modules if "
    code += "m.partition('.')[0] in {'nbgrader', 'tensorflow', 'keras', 'nbclient', 'IPython'}])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
