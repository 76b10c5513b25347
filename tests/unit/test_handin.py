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

from coursekit import check, handin, standing
from mangled import cell_of as cell_of_file
from mangled import on_colab, to_bytes, without_ids, without_metadata
from samples import make_unit

ANSWER = "def double(x):\n    return 2 * x"
GIVEN = ["q1_double-small", "q1_double-large", "q2_why"]
START = """\
from coursekit import handin
handin.attach(get_ipython())"""


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
    assert "0 of 2 checks pass here; 1 go on in the grader." in said
    assert "not tried: question 1 (small), question 1 (large)" in said
    assert "written answer, question 2: 2 words" in said
    assert "To hand in: restart the kernel, run all cells, save. " in said
    assert "The file is to be called small_challenge.ipynb." in said
    assert "out of order" not in said
    notebook = read(released)
    summary = cell_of(notebook, "summary-given")
    order = [cell.id for cell in notebook.cells]
    again, _ = standing.report(
        notebook.cells,
        lambda cell: (1 if cell is summary else order.index(cell.id) + 2, "pass"),
        GIVEN,
    )
    assert not [line for line in again if "out of order" in line], "it does not count itself"


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
    lines, _ = standing.report(cells, lambda cell: (order.index(cell["id"]), standing.PASS), GIVEN)
    assert "Cells ran out of order: restart the kernel and run all, top to bottom." in lines


def test_a_deleted_check_is_missed(
    released: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notebook = read(released)
    notebook.cells.remove(cell_of(notebook, "q1_double-large"))
    said = summed_up(notebook, tmp_path, monkeypatch)
    assert "0 of 2 checks pass" in said
    assert "gone: question 1 (large): rename this file, fetch a fresh one, copy your" in said


def test_without_a_file_it_names_the_command(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("JPY_SESSION_NAME", raising=False)
    handin.summary("small_challenge.ipynb", given="q1_double-small")
    assert 'coursekit check "small_challenge.ipynb"' in capsys.readouterr().out


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
    assert "question 1 (small) stopped:\n    AssertionError" in out
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
    cell_of(notebook, "q2_why-answer").source = standing.BLANK
    file = tmp_path / "mine.ipynb"
    nbformat.write(notebook, file)
    assert check.main(["check", str(file)]) == 1
    assert "written answer, question 2: 0 words" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (None, "no such file: name one .ipynb, in quotes if it has blanks."),
        ("", "the file is empty: save or download the notebook again."),
        ("print(1)", "the file is damaged: save or download the notebook again."),
        ("[1]", "the file is damaged"),
        ('{"cells": 3}', "the file is damaged"),
        ('{"cells": [1]}', "the file is damaged"),
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


def test_a_check_that_warns_counts_as_it_does_in_the_grader(
    released: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    notebook = read(released)
    warns = "    import warnings\n    warnings.warn('careful', stacklevel=1)\n"
    cell_of(notebook, "q1_double").source = ANSWER.replace("    return", f"{warns}    return")
    cell_of(notebook, "q2_why-answer").source = "Because."
    file = tmp_path / "mine.ipynb"
    nbformat.write(notebook, file)
    assert check.main(["check", "--quiet", str(file)]) == 0
    out, err = capsys.readouterr()
    assert "2 of 2 checks pass" in out
    assert "cells:" not in err


def test_a_kernel_that_dies_is_one_sentence(
    released: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    notebook = read(released)
    cell_of(notebook, "q1_double").source = "import os\nos._exit(1)"
    file = tmp_path / "mine.ipynb"
    nbformat.write(notebook, file)
    assert check.main(["check", str(file)]) == 1
    out = capfd.readouterr().out
    assert "question 1, your answer ended Python: does it call exit(), or need too much" in out
    assert "not run: question 1 (small), question 1 (large)" in out, "what ran is told all the same"


def test_it_starts_without_nbgrader_or_tensorflow() -> None:
    code = "import sys; from coursekit import check, handin; print([m for m in sys.modules if "
    code += "m.partition('.')[0] in {'nbgrader', 'tensorflow', 'keras', 'nbclient', 'IPython'}])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"


def test_a_deleted_or_doubled_check_is_never_complete(
    released: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    notebook = read(released)
    cell_of(notebook, "q1_double").source = ANSWER
    large = cell_of(notebook, "q1_double-large")
    small = cell_of(notebook, "q1_double-small")
    notebook.cells.remove(large)
    file = tmp_path / "mine.ipynb"
    nbformat.write(notebook, file)
    assert check.main(["check", "--quiet", str(file)]) == 1
    assert "1 of 2 checks pass" in capsys.readouterr().out
    copy = nbformat.from_dict(json.loads(json.dumps(small)))
    copy["id"] = "copy"
    notebook.cells.insert(4, copy)
    nbformat.write(notebook, file)
    assert check.main(["check", "--quiet", str(file)]) == 1
    out = capsys.readouterr().out
    assert "gone: question 1 (large)" in out
    assert "twice: question 1 (small): delete the copies." in out


def test_an_answer_that_was_changed_after_its_checks_does_not_count(
    released: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    notebook = read(released)
    cell_of(notebook, "q1_double").source = ANSWER
    path = tmp_path / "small_challenge.ipynb"
    later = read(released)
    cell_of(later, "q1_double").source = "def double(x):\n    return None"
    cell_of(notebook, "q2_why-answer").source = "Because."
    cell_of(notebook, "setup-given").source = START
    monkeypatch.setenv("JPY_SESSION_NAME", str(path))
    client = NotebookClient(notebook, timeout=60, allow_errors=True)
    with client.setup_kernel():
        for index, cell in enumerate(notebook.cells):
            if cell.id == "summary-given":
                nbformat.write(later, path)
            client.execute_cell(cell, index)
    said = cell_of(notebook, "summary-given").outputs[0].text
    assert "0 of 2 checks pass" in said
    assert "another answer than the one saved: save, restart the kernel, run all: qu" in said


def test_an_answer_that_stops_does_not_count_with_the_old_function(
    released: Path,
) -> None:
    cells = json.loads(released.read_text(encoding="utf-8"))["cells"]
    stops = {"q1_double": (9, "not yet")}
    lines, complete = standing.report(
        cells, lambda cell: stops.get(cell["id"], (10, standing.PASS)), GIVEN
    )
    assert not complete
    assert lines[0].startswith("0 of 2")


def test_a_deleted_written_answer_is_told_and_words_are_counted_over_cells(released: Path) -> None:
    cells = json.loads(released.read_text(encoding="utf-8"))["cells"]
    task = next(i for i, cell in enumerate(cells) if cell["id"] == "q2_why")
    cells[task]["source"] = ["Why? In 3 to 9 words."]
    run = lambda cell: (1, standing.PASS)  # noqa: E731
    mine = {"cell_type": "markdown", "metadata": {}, "id": "mine", "source": ["Two words."]}
    scratch = {"cell_type": "code", "metadata": {}, "id": "s", "source": ["a b c d"]}
    cells[task + 1 : task + 2] = [scratch, mine, mine]
    lines, complete = standing.report(cells, run, GIVEN)
    assert "written answer, question 2: 4 words (3 to 9 words are asked for)" in lines
    assert complete
    cells[task + 1 : task + 4] = [{**mine, "source": ["## Hand in\n", "many words"]}]
    lines, complete = standing.report(cells, run, GIVEN)
    assert (
        "written answer, question 2: 0 words: its cell is gone, write below the question" in lines
    )
    assert not complete


def test_without_the_set_up_cell_it_says_so(
    released: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    path = tmp_path / "small_challenge.ipynb"
    path.write_bytes(released.read_bytes())
    monkeypatch.setenv("JPY_SESSION_NAME", str(path))
    handin.summary("small_challenge.ipynb", given=" ".join(GIVEN))
    assert "The set-up cell has not run: restart the kernel and run all" in capsys.readouterr().out


def test_a_file_that_is_just_being_written_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "small_challenge.ipynb"
    path.write_text('{"cells": [', encoding="utf-8")
    monkeypatch.setenv("JPY_SESSION_NAME", str(path))
    handin.summary("small_challenge.ipynb", given=" ".join(GIVEN))
    assert "cannot be read at this moment: save, and run this again." in capsys.readouterr().out


def to_jupytext(notebook: Any) -> Any:
    """As jupytext writes a percent script: with nbgrader's metadata in the marks."""
    parts = []
    for cell in notebook["cells"]:
        mark = "# %%" if cell["cell_type"] == "code" else "# %% [markdown]"
        source = "".join(cell["source"] or [])
        if cell["cell_type"] == "markdown":
            source = "\n".join(f"# {line}" for line in source.split("\n"))
        claims = json.dumps(cell.get("metadata", {}).get("nbgrader") or {})
        parts.append(f"{mark} nbgrader={claims}\n{source}\n")
    return "\n".join(parts).encode()


@pytest.mark.parametrize(
    "change",
    [
        lambda notebook: b"\xef\xbb\xbf" + to_bytes(notebook),
        lambda notebook: to_bytes(without_metadata(notebook)),
        lambda notebook: to_bytes(on_colab(without_metadata(notebook))),
        to_jupytext,
    ],
)
def test_what_the_grader_can_read_the_check_accepts(
    released: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], change: Any
) -> None:
    notebook = json.loads(released.read_bytes())
    cell_of_file(notebook, "q1_double")["source"] = ANSWER
    cell_of_file(notebook, "q2_why-answer")["source"] = "Because it is."
    odd = [{"cell_type": "code", "metadata": {"nbgrader": None}}, {"cell_type": "markdown"}]
    notebook["cells"][3:3] = [cell | {"id": "odd", "source": None} for cell in odd]
    file = tmp_path / "small_challenge.ipynb.txt"
    file.write_bytes(change(notebook))
    assert check.main(["check", "--quiet", str(file)]) == 0, capsys.readouterr()
    assert "2 of 2 checks pass here" in capsys.readouterr().out


def test_a_notebook_without_any_names_is_one_sentence(
    released: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "mine.ipynb"
    file.write_bytes(to_bytes(without_ids(json.loads(released.read_bytes()))))
    assert check.main(["check", str(file)]) == 1
    error = capsys.readouterr().err
    assert "its cells have lost their names: the grader looks for your answers by their" in error
    assert error.count("\n") == 1


def test_odd_fields_do_not_stop_a_report() -> None:
    cells = [{"cell_type": "code"}, {"cell_type": "code", "metadata": None, "source": None}]
    cells.append({"cell_type": "code", "metadata": {"nbgrader": None}, "source": ["x"]})
    lines, complete = standing.report(cells, lambda cell: (1, standing.PASS), [])
    assert lines == ["0 of 0 checks pass here; 0 go on in the grader."]
    assert complete


COLAB = [
    "from google.colab import files",
    "import google.colab",
    "    from google import colab",
    "import google.colab.drive as drive",
]


@pytest.mark.parametrize("line", COLAB)
def test_what_only_colab_has_is_told_before_the_grader_misses_it(released: Path, line: str) -> None:
    cells = json.loads(released.read_text(encoding="utf-8"))["cells"]
    next(cell for cell in cells if cell["id"] == "q1_double")["source"] = [f"{line}\n", ANSWER]
    lines, _ = standing.report(cells, lambda cell: (1, standing.PASS), GIVEN)
    assert "google.colab, imported in question 1, is on Colab alone: the grader has none." in lines
    own = {"cell_type": "code", "metadata": {}, "id": "own", "source": line}
    lines, _ = standing.report([own], lambda cell: (1, standing.PASS), [])
    assert any("imported in a cell of your own" in line for line in lines)


@pytest.mark.parametrize("source", ["google_colab = 1", "# import google.colab", "import google"])
def test_what_is_no_import_of_colab(source: str) -> None:
    own = {"cell_type": "code", "metadata": {}, "id": "own", "source": source}
    lines, _ = standing.report([own], lambda cell: (1, standing.PASS), [])
    assert len(lines) == 1


INPUT = {
    f"{ANSWER}\nprint(double(int(input())))": "2 of 2 checks pass",
    f"n = input()\n{ANSWER}": "0 of 2 checks pass",
    "def double(x):\n    input()\n    return 2 * x": "0 of 2 checks pass",
}


@pytest.mark.parametrize("source", INPUT)
def test_input_is_told_for_what_it_is(
    released: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], source: str
) -> None:
    notebook = read(released)
    cell_of(notebook, "q1_double").source = source
    file = tmp_path / "small_challenge.ipynb"
    nbformat.write(notebook, file)
    check.main(["check", "--quiet", str(file)])
    said = capsys.readouterr().out
    assert INPUT[source] in said
    assert "input() has nobody to type in the grader: use the function's arguments." in said
    assert "another answer than the one saved" not in said


def test_an_answer_that_stops_is_not_called_another_one(released: Path) -> None:
    cells = json.loads(released.read_text(encoding="utf-8"))["cells"]
    stops = {"q1_double": (1, standing.NOT_YET)}
    run = lambda cell: stops.get(cell["id"], (2, standing.PASS))  # noqa: E731
    lines, complete = standing.report(cells, run, GIVEN)
    assert any(line.startswith("passed, but the answer's own cell stops") for line in lines)
    assert not complete
    assert standing.report(cells, run, GIVEN, fresh=True)[0][0].startswith("2 of 2")


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "cp1252"])
def test_the_last_cell_reads_a_file_as_the_grader_does(
    released: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    encoding: str,
) -> None:
    notebook = json.loads(released.read_bytes())
    odd = {"cell_type": "code", "metadata": {"nbgrader": None}, "source": None, "outputs": None}
    notebook["cells"] += [odd, {}]
    next(c for c in notebook["cells"] if c.get("id") == "q1_double-small")["cell_type"] = "raw"
    path = tmp_path / "small_challenge.ipynb"
    path.write_bytes(json.dumps(notebook, ensure_ascii=False).encode(encoding, "replace"))
    monkeypatch.setenv("JPY_SESSION_NAME", str(path))
    monkeypatch.setattr(handin, "_runs", {"x": (1, standing.PASS)})
    handin.summary("small_challenge.ipynb", given=" ".join(GIVEN))
    said = capsys.readouterr().out
    assert "0 of 2 checks pass here" in said
    assert "question 1 (small) is no code cell any more: turn it into one." in said
