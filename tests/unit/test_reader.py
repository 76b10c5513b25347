"""Whatever is handed in, the reader ends with cells or with one sentence."""

import json
from pathlib import Path
from typing import Any

import nbgrader
import pytest
from hypothesis import given
from hypothesis import strategies as st

from coursekit.reader import FILE_LIMIT, ReadNotebook, UnreadableError, read_file, read_notebook
from mangled import code, colab_script, format_3, nbconvert_script, on_colab, percent_script, text

CELLS = [
    text("# Title\n\nWords"),
    code("import math"),
    text("More"),
    code("def f(x):\n    return x"),
]
NOTEBOOK = {"cells": CELLS, "metadata": {}, "nbformat": 4, "nbformat_minor": 5}
SOURCES = [cell["source"] for cell in CELLS]


def read(notebook: Any) -> ReadNotebook:
    return read_notebook(json.dumps(notebook).encode())


def sources(data: bytes, name: str = "") -> list[str]:
    return [cell.source for cell in read_notebook(data, name).cells]


def outcome(data: bytes, name: str = "") -> ReadNotebook | str:
    """Return the notebook, or the sentence that there is instead."""
    try:
        return read_notebook(data, name)
    except UnreadableError as error:
        return str(error)


def refusal(data: bytes, name: str = "") -> str:
    with pytest.raises(UnreadableError) as said:
        read_notebook(data, name)
    sentence = str(said.value)
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "the file is empty: save or download the notebook again."),
        (b"\xef\xbb\xbf \n", "the file is empty"),
        (b"\0" * 9000, "the file is empty"),
        (b"{}", "this is JSON without cells"),
        (b"[1]", "this is no notebook"),
        (b"null", "this is no notebook"),
        (b'{"cells": 3}', "this is JSON without cells"),
        (b'{"cells": [1, null]}', "none of its cells can be read"),
        (b'{"cells": [{"cell_type": "code", "source": "def', "the file is damaged"),
        (b'{"cells": [],\n<<<<<<< HEAD\n}\n=======\n>>>>>>> mine\n', "a merge conflict: resolve"),
        (b"PK\x03\x04\x14\0", "this is a zip archive: unpack it"),
        (b"%PDF-1.7", "this is a PDF"),
        (b"\n<!DOCTYPE html><html>", "this is a web page"),
        ("<html>".encode("utf-16"), "this is a web page"),
        (b"\x80\x04\x95\x00", "this is no notebook"),
        (b"My answer is 42.", "this is no notebook"),
        (b"print(1)", "this is no notebook"),
        (b"[" * 500_000, "nested too deep"),
        (b'{"cells": ' + b"[" * 500_000, "nested too deep"),
        (b'{"cells": [' + b'{"a":' * 500_000, "nested too deep"),
        (b'{"cells": [' + b"9" * 5_000 + b"]}", "the file is damaged"),
        (b'{"cells": [' + b"[]," * 2_100_000, "the file holds too much: clear its outputs"),
        (b'{"cells": [' + b"1," * 10_100_000, "the file holds too much"),
    ],
)
def test_what_cannot_be_read_is_one_sentence(data: bytes, said: str) -> None:
    assert said in refusal(data, "mine.ipynb")


def test_limits_of_size() -> None:
    assert "over 128 MB: clear its outputs" in refusal(bytes(FILE_LIMIT + 1))
    assert "over 2000 cells" in refusal(json.dumps({"cells": [code("1")] * 2001}).encode())
    assert "too much code" in refusal(json.dumps({"cells": [code("x" * 400_001)]}).encode())
    assert "too long" in refusal(b"# %%\n" + b"x = 1\n" * 140_000)
    picture = text("![](data:image/png;base64," + "A" * 300_000 + ")")
    assert len(read({"cells": [picture]}).cells[0].source) == 100_000


def test_100_mb_of_outputs_are_dropped() -> None:
    output = b'{"output_type": "stream", "name": "stdout", "text": "' + b"x" * 100_000_000 + b'"}'
    data = b'{"cells": [{"cell_type": "code", "source": "1", "outputs": [' + output + b"]}]}"
    notebook = read_notebook(data)
    assert [cell.source for cell in notebook.cells] == ["1"]
    assert notebook.to_dicts()[0]["outputs"] == []


@pytest.mark.parametrize(
    ("encoding", "mark"),
    [
        ("utf-8", b""),
        ("utf-8", b"\xef\xbb\xbf"),
        ("utf-16", b""),
        ("utf-16-le", b""),
        ("utf-16-be", b"\xfe\xff"),
        ("utf-32", b""),
        ("cp1252", b""),
    ],
)
def test_encodings(encoding: str, mark: bytes) -> None:
    notebook = {"cells": [code("# für „Übung“")]}
    data = mark + json.dumps(notebook, ensure_ascii=False).encode(encoding)
    assert sources(data) == ["# für „Übung“"]


def test_latin_1_is_told() -> None:
    data = json.dumps({"cells": [code("# für")]}, ensure_ascii=False).encode("latin-1")
    assert read_notebook(data).notes == ("It is no UTF-8: it was read as cp1252.",)


def test_windows_line_ends_in_file_and_source() -> None:
    notebook = {"cells": [code(["a = 1\r\n", "b = 2"])]}
    data = json.dumps(notebook, indent=1).replace("\n", "\r\n").encode()
    assert sources(data) == ["a = 1\nb = 2"]


def test_format_3_and_formats_to_come() -> None:
    with_ids = [{**cell, "id": str(number)} for number, cell in enumerate(CELLS)]
    old = format_3({"cells": with_ids})
    old["worksheets"][0]["cells"].append(
        {"cell_type": "heading", "level": 2, "source": ["Hand in"]}
    )
    notebook = read(old)
    assert [cell.source for cell in notebook.cells] == [*SOURCES, "## Hand in"]
    assert notebook.form == "notebook format 3"
    future = read(NOTEBOOK | {"nbformat": 5, "nbformat_minor": 7, "new": {"cells": 1}})
    assert [cell.source for cell in future.cells] == SOURCES
    assert future.form == "notebook format 5.7"
    assert len(read({"cells": CELLS}).cells) == 4


@pytest.mark.parametrize(
    "odd",
    [
        {"source": None},
        {"metadata": None},
        {"metadata": {"nbgrader": None}},
        {"metadata": {"nbgrader": [], "id": 7}},
        {"metadata": {"nbgrader": {"grade_id": 3, "grade": "yes", "points": float("nan")}}},
        {"outputs": None, "execution_count": "x", "attachments": 3},
        {"cell_type": None, "id": None},
        {"source": [1, None, ["x"]]},
        {"source": {"a": 1}},
    ],
)
def test_null_and_odd_fields(odd: dict[str, Any]) -> None:
    notebook = read({"cells": [{"cell_type": "code"}, code("1", **{}) | odd, 3, code("2")]})
    assert len(notebook.cells) == 3
    assert [cell.source for cell in notebook.cells][::2] == ["", "2"]
    assert not any(cell.grade_id or cell.grade for cell in notebook.cells)
    assert notebook.notes == ("1 damaged cell(s) were left out.",)


def test_half_a_surrogate_pair_and_twice_the_same_key() -> None:
    data = b'{"cells": [], "cells": [{"cell_type": "code", "source": "a\\ud800b"}]}'
    assert sources(data) == ["a?b"]


def test_ids_and_flags_as_claimed() -> None:
    claims = {"grade_id": "q1_x-check", "grade": True, "solution": False, "task": 1}
    cell = code("1", id="one", metadata={"id": "two", "nbgrader": claims})
    (found,) = read({"cells": [cell]}).cells
    assert (found.ids, found.grade_id) == (("one", "two"), "q1_x-check")
    assert (found.grade, found.solution, found.task) == (True, False, False)
    cell["id"] = "two"
    (colab,) = read(on_colab({"cells": [cell]})).cells[1:]
    assert colab.ids == ("two",)


def test_scripts_made_of_a_notebook() -> None:
    for script in (percent_script(NOTEBOOK), nbconvert_script(NOTEBOOK)):
        for name in ("mine.py", "mine.ipynb"):
            assert sources(script.encode(), name) == SOURCES
    colab = sources(colab_script(NOTEBOOK).encode(), "mine.py")
    assert colab[0].startswith("mine.ipynb")
    assert colab[1:] == SOURCES
    assert sources(b"def f():\n    return 1\n", "renamed.ipynb") == ["def f():\n    return 1\n"]


def test_marks_of_several_programs() -> None:
    script = """\
import math
# %%[markdown]
# Glued.
#%% md
# PyCharm's.
# %% A title [markdown] prompt="q1_x"
\"\"\"
Quoted.
\"\"\"
# %% answer="q1_x"
a
# %% check="q1_x" part="shape" points=1
b
# %% nbgrader={"grade_id": "q2_y", "solution": true} deletable=false
# %%time
c
"""
    cells = read_notebook(script.encode()).cells
    assert [cell.source for cell in cells] == [
        "import math",
        "Glued.",
        "PyCharm's.",
        "Quoted.",
        "a",
        "b",
        "# %%time\nc",
    ]
    names = ["", "", "", "q1_x-prompt", "q1_x", "q1_x-shape", "q2_y"]
    assert [cell.grade_id for cell in cells] == names
    assert [cell.solution for cell in cells] == [False] * 4 + [True, False, True]


def test_files(tmp_path: Path) -> None:
    with pytest.raises(UnreadableError, match=r"no such file: name one \.ipynb, in quotes"):
        read_file(tmp_path / "none.ipynb")
    with pytest.raises(UnreadableError, match="no such file"):
        read_file(tmp_path)
    file = tmp_path / "Übung [1] & mehr.ipynb.txt"
    file.write_text(json.dumps(NOTEBOOK), encoding="utf-8")
    assert len(read_file(file).cells) == 4


def test_nbgraders_own_fixtures_end_in_cells_or_in_a_sentence() -> None:
    files = Path(nbgrader.__file__).parent.glob("tests/**/files/**/*")
    notebooks = 0
    for file in files:
        if file.is_file():
            found = outcome(file.read_bytes(), file.name)
            assert found if isinstance(found, str) else found.to_dicts() or not found.cells
            assert isinstance(found, ReadNotebook) or file.suffix != ".ipynb", file
            notebooks += isinstance(found, ReadNotebook)
    assert notebooks > 50


@given(st.binary(max_size=400), st.sampled_from(["", "x.py", "x.ipynb"]))
def test_any_bytes(data: bytes, name: str) -> None:
    assert outcome(data, name)


KEYS = st.sampled_from(
    [
        "cells",
        "worksheets",
        "source",
        "input",
        "metadata",
        "nbgrader",
        "id",
        "cell_type",
        "level",
        "grade_id",
        "grade",
        "nbformat",
        "nbformat_minor",
    ]
)
KEYS_OF_CELLS = ("source", "metadata", "id")
LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.just("heading")
ANY = st.recursive(LEAVES, lambda inner: st.lists(inner) | st.dictionaries(KEYS, inner))


@given(st.dictionaries(KEYS, ANY) | ANY)
def test_any_json(value: Any) -> None:
    found = outcome(json.dumps(value).encode())
    made = found if isinstance(found, str) else found.to_dicts()
    assert json.dumps(made).encode("utf-8")


@given(st.lists(st.fixed_dictionaries({}, optional=dict.fromkeys(KEYS_OF_CELLS, ANY))))
def test_any_cells(cells: list[Any]) -> None:
    assert len(read({"cells": cells}).cells) == len(cells)


@given(st.lists(st.sampled_from(["# %%", "# In[1]:", "#%% md", '"""', "# x", "def f():", "", " "])))
def test_any_script(lines: list[str]) -> None:
    found = outcome("\n".join(lines).encode(), "x.py")
    assert isinstance(found, ReadNotebook) or "empty" in found
