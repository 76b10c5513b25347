"""Every fault in a source is one sentence that names file and line."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from coursekit.sources.source import SourceError, read_source
from samples import CHALLENGE as GOOD


def write(folder: Path, text: str) -> Path:
    path = folder / "challenge.py"
    path.write_text(text, encoding="utf-8")
    return path


def test_reads_kinds_names_points_and_lines(tmp_path: Path) -> None:
    cells = read_source(write(tmp_path, GOOD))
    assert [(c.kind, c.grade_id, c.points) for c in cells] == [
        ("plain", "", 0),
        ("given", "setup-given", 0),
        ("prompt", "q1_double-prompt", 0),
        ("answer", "q1_double", 0),
        ("check", "q1_double-small", 1),
        ("check", "q1_double-large", 0.5),
        ("task", "q2_why", 4),
        ("plain", "", 0),
    ]
    assert cells[3].line == 10
    assert "BEGIN SOLUTION" in cells[3].text


FAULTS = {
    "two questions with one name": (
        GOOD + GOOD[GOOD.index('# %% [markdown] prompt="q1') : GOOD.index("# %% [markdown] task")],
        33,
        "`q1_double-prompt` stands already at line 7",
    ),
    "check without answer": (
        GOOD.replace('check="q1_double" part="large"', 'check="q9_none" part="large"'),
        22,
        "check `q9_none` has no answer above it",
    ),
    "answer without check": (
        GOOD[: GOOD.index("# %% check")],
        10,
        "answer `q1_double` has no check",
    ),
    "answer without prompt": (
        GOOD.replace('prompt="q1_double"\n# Double it.', "\n# Double it."),
        10,
        'needs prompt="q1_double" right above',
    ),
    "region left open": (
        GOOD.replace("    ### END SOLUTION\n", ""),
        12,
        "BEGIN SOLUTION is left open",
    ),
    "stray end": (
        GOOD.replace("    ### BEGIN SOLUTION\n", ""),
        13,
        "END SOLUTION without its BEGIN SOLUTION",
    ),
    "nested region": (
        GOOD.replace("    return 2 * x\n", "    ### BEGIN SOLUTION\n    return 2 * x\n"),
        13,
        "BEGIN SOLUTION inside BEGIN SOLUTION",
    ),
    "hidden tests in an answer": (
        GOOD.replace("BEGIN SOLUTION", "BEGIN HIDDEN TESTS"),
        12,
        "belongs in a check cell",
    ),
    "answer without solution": (
        GOOD.replace("    ### BEGIN SOLUTION\n", "").replace("    ### END SOLUTION\n", ""),
        10,
        "needs a BEGIN SOLUTION region",
    ),
    "points missing": (GOOD.replace(' part="small" points=1', ""), 16, "points missing"),
    "points quoted": (GOOD.replace("points=1\n", 'points="1"\n'), 16, "a bare number"),
    "points negative": (GOOD.replace("points=1\n", "points=-1\n"), 16, "a bare number"),
    "points true": (GOOD.replace("points=1\n", "points=true\n"), 16, "a bare number"),
    "unknown key": (GOOD.replace('given="setup"', 'givven="setup"'), 4, "unknown key `givven`"),
    "key of another kind": (
        GOOD.replace('given="setup"', 'given="setup" points=1'),
        4,
        "a given cell has no key `points`",
    ),
    "badly quoted key": (
        GOOD.replace('answer="q1_double"', "answer=q1_double"),
        10,
        "cannot read `answer=q1_double`",
    ),
    "name that nbgrader refuses": (
        GOOD.replace('given="setup"', 'given="set up+"'),
        4,
        "takes a quoted name",
    ),
    "two kinds at once": (
        GOOD.replace('given="setup"', 'given="setup" answer="x"'),
        4,
        "cannot be both",
    ),
    "code for a prompt": (GOOD.replace('[markdown] prompt="', 'prompt="'), 7, "a markdown cell"),
    "task without a place to answer": (
        GOOD[: GOOD.index("# %% [markdown]\n# *Your")],
        25,
        "needs a plain Markdown cell",
    ),
    "text before the first cell": ("import os\n\n" + GOOD, 1, "text before the first"),
    "an empty file": ("", 1, "no cell"),
    "a name too long for a cell id": (
        GOOD.replace('given="setup"', f'given="{"s" * 32}"'),
        4,
        "of at most 31 letters",
    ),
    "points that are no number": (GOOD.replace("points=1\n", "points=NaN\n"), 16, "a bare number"),
    "points without end": (GOOD.replace("points=1\n", "points=1e999\n"), 16, "a bare number"),
    "a raw cell": ("# %% [raw]\n# text\n", 1, "no raw cells"),
    "a marker that is indented": (GOOD + "\n# %%\nx = 1\n    # %% two\n", 36, "begins a cell"),
    "another editor's marker": (GOOD + "\n# In[3]:\n", 34, "`# In[3]:` begins a cell"),
    "VS Code's marker without a blank": (GOOD + "\n# %%[markdown]\n# Text\n", 34, "for some"),
    "VS Code's marker first": ("# %%[markdown]\n# Text\n", 1, "`# %%[markdown]` begins a cell"),
    "VS Code's marker below text": ("# %% [markdown]\n# A\n\n#%%[markdown]\n# B\n", 4, "for some"),
    "PyCharm's Markdown": (GOOD + "\n#%% md\n\n# ## Text\n", 34, "no title or other type"),
    "PyCharm's Markdown with a blank": (GOOD + "\n# %% md\n# Text\n", 34, "no title"),
    "jupytext's short Markdown": (GOOD + "\n# %% [md]\n# Text\n", 34, "no title or other type"),
    "a cell title": (GOOD + "\n# %% Load the data\nx = 1\n", 34, "no title or other type"),
    "a title behind the type": (GOOD + "\n# %% [markdown] Two\n# T\n", 34, "no title"),
    "a title on an answer": (GOOD.replace("# %% answer", "# %% Two answer"), 10, "no title"),
    "Spyder's cell in a cell": (GOOD + "\n# %%% two\nx = 1\n", 34, "begins a cell for some"),
    "a magic behind a comment": (GOOD + "\n# %%\nx = 1\n# %%time\n", 36, "begins a cell"),
    "a string left open above a marker": (
        GOOD.replace("import math", 'text = """'),
        7,
        "in a string or fenced block",
    ),
    "a marker in a string": (
        GOOD.replace("import math", 'text = """\n# %% two\n"""'),
        6,
        "in a string or fenced block",
    ),
    "a first line that is indented": ("# %%\n\n    x = 1\n", 3, "first line is not indented"),
    "a cell in another language": ("# %%\n%%bash\nls\n", 2, "no cell magics"),
    "code in a Markdown cell": (
        GOOD.replace("# Double it.", "# Double it.\n\nx = 1"),
        10,
        "every line of a Markdown cell",
    ),
    "Markdown as a string": ('# %% [markdown]\n"""Text"""\n', 2, "every line of a Markdown cell"),
    "a character that breaks lines": (
        GOOD.replace("# Double it.", "# Double\u2028it."),
        8,
        "control character U+2028",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_names_file_and_line(tmp_path: Path, name: str) -> None:
    text, line, message = FAULTS[name]
    path = write(tmp_path, text)
    with pytest.raises(SourceError) as caught:
        read_source(path)
    assert str(caught.value).startswith(f"{path}:{line}: ")
    assert message in str(caught.value)


def test_a_file_that_is_not_utf_8_names_its_line(tmp_path: Path) -> None:
    path = tmp_path / "lecture.py"
    path.write_bytes(b"# %% [markdown]\n# caf\xe9\n")
    with pytest.raises(SourceError, match=r"lecture\.py:2: save the file as UTF-8"):
        read_source(path)


@pytest.mark.parametrize(
    "change",
    [
        lambda text: text.replace("\n", "\r\n"),
        lambda text: "\ufeff" + text,
        lambda text: "# ---\n# jupyter:\n#   jupytext:\n# ---\n\n" + text,
        lambda text: text.replace("\n\n# %%", "\n\n\n\n\n# %%"),
        lambda text: text.replace("# %%", "#%%"),
    ],
    ids=["Windows line ends", "byte order mark", "JupyterLab's header", "blank lines", "no space"],
)
def test_what_editors_add_changes_no_cell(tmp_path: Path, change: Callable[[str], str]) -> None:
    plain = write(tmp_path, GOOD)
    before = [replace(cell, line=0) for cell in read_source(plain)]
    path = tmp_path / "changed.py"
    path.write_bytes(change(GOOD).encode())
    assert [replace(cell, line=0) for cell in read_source(path)] == before


def test_code_is_taken_as_it_stands(tmp_path: Path) -> None:
    code = "# Why?\n# copy the rows\n# %time x\n%time x\n# !ls\n!ls\nx?"
    (cell,) = read_source(write(tmp_path, f"# %%\n{code}\n"))
    assert cell.text == code, "IPython's commands stay commands, and comments comments"
