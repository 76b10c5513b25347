"""Any legal percent script survives build, jupytext and build again without a changed byte."""

import re
import tempfile
from pathlib import Path

import jupytext
import nbformat
from hypothesis import given, settings
from hypothesis import strategies as st

from coursekit.authoring.release import release
from coursekit.sources.layout import Course, Unit
from coursekit.sources.notebook import Notebook, make_notebook, to_bytes
from coursekit.sources.source import FORMAT, KINDS, SourceCell, read_source

BOUNDED = settings(derandomize=True, deadline=None, max_examples=100)
FEW = settings(derandomize=True, deadline=None, max_examples=5)

# What jupytext takes for the beginning of a cell, and what separates lines or is a region's mark.
SPECIAL = re.compile(r"\s*#\s*(%%|<codecell>|In\[)|.*(BEGIN|END) ")
NAMES = st.from_regex(r"[A-Za-z][A-Za-z0-9_]{0,30}", fullmatch=True)
POINTS = st.one_of(st.integers(0, 100), st.floats(0, 100).map(lambda x: round(x, 2)))
TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=20)
TEXT_LINES = st.one_of(
    TEXT.map("# {}".format),
    TEXT.map("#{}".format),
    st.sampled_from(
        [
            "#",
            "",
            "# two spaces at the end  ",
            "# ```\n# # %% x\n# ```",
            "# - item",
            "# # Title",
            '# """',
        ]
    ),
    st.sampled_from(
        ["# %time", "#     indented", "# \t", "# +", "# ---", "# {{badge}}", "# $a_1$"]
    ),
).filter(lambda line: not SPECIAL.match(line))
CODE_LINES = st.one_of(
    TEXT.filter(lambda text: not {'"', "'"} & {*text}),
    TEXT.map("# {}".format),
    st.sampled_from(["", "    ", "x = 1  ", "\tx", "# Why?", "# copy the rows", "cat = 1", "x?"]),
    st.sampled_from(["%time x", "# %time x", "%%bash", "!ls", "# !ls", "a = !ls", "# + x", "# -"]),
    st.sampled_from(["# # + x", "#%matplotlib inline", "%time x \\", "# %%time", "s = '# %% x'"]),
    st.sampled_from(['s = """', "s = '''"]).map(lambda s: f"{s}\n    # %% x\n\n\n{s[-3:]}"),
    st.sampled_from(['"', "'", 's = "\\""', "s = '\\\\'", '"it\'s"', "# it's", "f'{x!r}'"]),
).filter(lambda line: "\n" in line or not SPECIAL.match(line))


def lines(line: st.SearchStrategy[str], least: int = 0) -> st.SearchStrategy[str]:
    return st.lists(line, min_size=least, max_size=6).map("\n".join)


def begins_well(code: str) -> bool:
    first = next(filter(str.strip, code.split("\n")), "x")
    return not first[0].isspace() and not first.startswith("%%")


MARKDOWN, CODE = lines(TEXT_LINES), lines(CODE_LINES).filter(begins_well)


@st.composite
def blocks(draw: st.DrawFn, name: str) -> list[str]:
    """Return the cells of one question, or one cell of another kind."""
    kind = draw(st.sampled_from(["text", "code", "given", "question", "task"]))
    if kind == "text":
        return [f"# %% [markdown]\n{draw(MARKDOWN)}"]
    if kind == "code":
        return [f"{draw(st.sampled_from(['# %%', '#%%', '# %% ']))}\n{draw(CODE)}"]
    if kind == "given":
        return [f'# %% given="{name}"\n{draw(CODE)}']
    points = draw(POINTS)
    if kind == "task":
        scheme = f"# ### BEGIN MARK SCHEME\n{draw(MARKDOWN)}\n# ### END MARK SCHEME"
        asked = f'# %% [markdown] task="{name}" points={points}\n{draw(MARKDOWN)}\n{scheme}'
        return [asked, f"# %% [markdown]\n{draw(MARKDOWN)}"]
    solution = f"    ### BEGIN SOLUTION\n{draw(CODE)}\n    ### END SOLUTION\n{draw(CODE)}"
    cells = [f'# %% [markdown] prompt="{name}"\n{draw(MARKDOWN)}']
    cells.append(f'# %% answer="{name}"\ndef f():\n{solution}')
    parts = draw(st.lists(NAMES, min_size=1, max_size=3, unique=True))
    for part in parts:
        hidden = f"### BEGIN HIDDEN TESTS\n{draw(CODE)}\n### END HIDDEN TESTS"
        marker = f'# %% check="{name}" part="{part}" points={draw(POINTS)}'
        cells.append(f"{marker}\n{draw(CODE)}\n{draw(st.sampled_from(['', hidden]))}")
    return cells


@st.composite
def scripts(draw: st.DrawFn) -> str:
    """Return a legal challenge."""
    names = draw(st.lists(NAMES, min_size=1, max_size=6, unique_by=str.lower))
    cells = [cell for name in names for cell in draw(blocks(name))]
    return "".join(cell + "\n" * draw(st.integers(1, 5)) for cell in cells)


def read(text: str) -> list[SourceCell]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "challenge.py"
        path.write_bytes(text.encode())
        return read_source(path)


def to_script(notebook: Notebook, cells: list[SourceCell]) -> str:
    """Write a notebook back as a percent script, with the short keys that made it."""
    for cell, source in zip(notebook.cells, cells, strict=True):
        cell.metadata.clear()
        cell.metadata.update(source.keys)
    return str(jupytext.writes(notebook, fmt=FORMAT))


@BOUNDED
@given(scripts())
def test_a_legal_script_survives_build_jupytext_build(text: str) -> None:
    cells = read(text)
    built = to_bytes(make_notebook(cells))
    notebook = nbformat.reads(built.decode(), as_version=4)
    assert [cell.source for cell in notebook.cells] == [cell.text for cell in cells]
    again = to_script(notebook, cells)
    assert to_bytes(make_notebook(read(again))) == built


@BOUNDED
@given(CODE)
def test_code_reaches_the_notebook_as_it_was_written(code: str) -> None:
    (cell,) = read(f"# %%\n{code}\n")
    # jupytext guards lines that would begin one of its regions with one more `#`.
    unguarded = re.sub(r"(?m)^# # \+", "# +", code)
    assert cell.text == unguarded.rstrip()


@FEW
@given(scripts())
def test_the_release_keeps_every_cell_and_no_secret(text: str) -> None:
    cells = read(text)
    with tempfile.TemporaryDirectory() as folder:
        unit = Unit(Course(Path(folder)), "01_any")
        released = release(unit, to_bytes(make_notebook(cells)))[unit.challenge_notebook]
    notebook = nbformat.reads(released.decode(), as_version=4)
    assert [cell.id for cell in notebook.cells] == [cell.id for cell in make_notebook(cells).cells]
    graded = [cell.metadata["nbgrader"] for cell in notebook.cells if "nbgrader" in cell.metadata]
    assert len(graded) == sum(cell.kind in KINDS for cell in cells)
    for region in ("BEGIN SOLUTION", "BEGIN HIDDEN TESTS", "BEGIN MARK SCHEME"):
        assert region.encode() not in released
