"""The sheet is the instructor's, with a student's sources in it, however the file was mangled."""

import copy
import json
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from coursekit.intake.belongs import NothingMatchedError
from coursekit.intake.master import Master, read_master
from coursekit.intake.rebuild import rebuild
from coursekit.intake.sheet import Match, Sheet
from coursekit.reader import read_notebook
from coursekit.sources.layout import Course
from coursekit.sources.variants import read_variants
from mangled import (
    Notebook,
    cell_of,
    code,
    colab_script,
    format_3,
    in_vscode,
    nbconvert_script,
    on_colab,
    percent_script,
    source_of,
    text,
    to_bytes,
    without_ids,
    without_metadata,
)
from samples import make_unit

CHALLENGE = """# %% [markdown]
# # A challenge

# %% given="setup"
import math

ONE = 1

# %% [markdown] prompt="q1_double"
# ## Question 1: double it

# %% answer="q1_double"
def double(x):
    \"\"\"Return twice a number.\"\"\"
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION

# %% check="q1_double" part="small" points=1
assert double(1) == 2
### BEGIN HIDDEN TESTS
assert double(3) == 6
### END HIDDEN TESTS

# %% [markdown]
# Something to play with:

# %%
guess = None

# %% [markdown] prompt="q2_half"
# ## Question 2: halve it

# %% answer="q2_half"
def half(x):
    \"\"\"Return half a number.\"\"\"
    ### BEGIN SOLUTION
    return x / 2
    ### END SOLUTION

# %% check="q2_half" points=2
assert half(ONE) == 0.5

# %% [markdown] task="q3_why" points=4
# ## Question 3: why?
# ### BEGIN MARK SCHEME
# Because.
# ### END MARK SCHEME

# %% [markdown]
# *Replace this line with your answer.*

# %% [markdown]
# ## Hand in
"""
VARIANTS = """# %% q1_double right="adds"
def double(x):
    return x + x
"""
DOUBLE, HALF = "def double(x):\n    return x + x", "def half(x):\n    return 0.5 * x"
WORDS = "Because it is so."
UNITS = ("00_foundations", "01_regression", "02_iris", "03_mnist", "04_heart", "05_fashion")


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Master, bytes]:
    root = tmp_path_factory.mktemp("course")
    make_unit(root, CHALLENGE, VARIANTS)
    return read_pair(root, "01_small")


def read_pair(root: Path, unit: str) -> tuple[Master, bytes]:
    (solution,) = (root / "solutions" / unit).glob("*.ipynb")
    release = (root / "notebooks" / unit / solution.name).read_bytes()
    return read_master(solution.read_bytes(), release, unit=unit), release


@pytest.fixture
def master(small: tuple[Master, bytes]) -> Master:
    return small[0]


@pytest.fixture
def mine(small: tuple[Master, bytes]) -> Notebook:
    """A student's finished notebook."""
    notebook: Notebook = json.loads(small[1])
    cell_of(notebook, "q1_double")["source"] = DOUBLE
    cell_of(notebook, "q2_half")["source"] = HALF
    cell_of(notebook, "q3_why-answer")["source"] = WORDS
    return notebook


def sheet_of(master: Master, notebook: Notebook | str, name: str = "") -> Sheet:
    data = notebook.encode() if isinstance(notebook, str) else to_bytes(notebook)
    return rebuild(master, read_notebook(data, name))


def source(sheet: Sheet, id_: str) -> str:
    (cell,) = [cell for cell in sheet.cells if cell.id == id_]
    return cell.source


def match(sheet: Sheet, id_: str) -> Match:
    (found,) = [match for match in sheet.matches if match.cell == id_]
    return found


def answers(sheet: Sheet) -> tuple[str, str, str]:
    one, two, three = (source(sheet, m.cell) for m in sheet.matches)
    return one, two, three


def order(sheet: Sheet) -> list[str]:
    return [cell.id for cell in sheet.cells]


def insert_after(notebook: Notebook, id_: str, *cells: dict[str, Any]) -> None:
    at = notebook["cells"].index(cell_of(notebook, id_)) + 1
    notebook["cells"][at:at] = cells


def remove(notebook: Notebook, *ids: str) -> None:
    notebook["cells"] = [cell for cell in notebook["cells"] if cell.get("id") not in ids]


def test_the_master_knows_kinds_stubs_points_and_hidden_regions(master: Master) -> None:
    kinds = {cell.id: cell.kind for cell in master.cells if "-1" not in cell.id}
    assert kinds == {
        "install-given": "given",
        "setup-given": "given",
        "q1_double-prompt": "text",
        "q1_double": "answer",
        "q1_double-small": "check",
        "q2_half-prompt": "text",
        "q2_half": "answer",
        "q2_half-check": "check",
        "q3_why": "task",
        "q3_why-answer": "written",
        "summary-given": "given",
    }
    assert [c.kind for c in master.cells if c.source == "guess = None"] == ["own"]
    assert "assert double(3) == 6" in master.by_id["q1_double-small"].source
    assert "Because." in master.by_id["q3_why"].source
    assert "NotImplementedError" in master.by_id["q1_double"].stub
    assert master.by_id["q2_half-check"].points == 2.0
    assert master.by_id["q2_half-check"].question == "q2_half"
    assert master.by_id["q3_why-answer"].question == "q3_why"
    assert master.names == {"q1_double": "double", "q2_half": "half"}
    assert (master.unit, master.notebook) == ("01_small", "small_challenge.ipynb")


def test_files_that_are_not_of_one_build_are_refused(small: tuple[Master, bytes]) -> None:
    other = json.loads(small[1])
    other["cells"].pop()
    with pytest.raises(ValueError, match="run `coursekit build`"):
        read_master(to_bytes(other), small[1])


def test_a_good_file(master: Master, mine: Notebook) -> None:
    sheet = sheet_of(master, mine)
    assert answers(sheet) == (DOUBLE, HALF, WORDS)
    assert order(sheet) == [cell.id for cell in master.cells]
    assert [m.how for m in sheet.matches] == ["grade id", "grade id", "cell id"]
    assert {m.confidence for m in sheet.matches} == {1.0}
    assert sheet.flags == ()
    assert source(sheet, "q1_double") != source(sheet_of(master, mine), "q1_double-small")


def test_what_was_given_out_comes_back_as_it_was(small: tuple[Master, bytes]) -> None:
    master, release = small
    sheet = rebuild(master, read_notebook(release))
    assert sheet.cells == master.cells
    assert {m.how for m in sheet.matches} == {"grade id", "cell id"}
    assert sheet.flags == ()


@pytest.mark.parametrize(
    ("change", "how"),
    [
        (on_colab, "grade id"),
        (in_vscode, "grade id"),
        (without_metadata, "cell id"),
        (lambda notebook: on_colab(without_metadata(notebook)), "cell id"),
        (without_ids, "name"),
        (format_3, "grade id"),
        (lambda notebook: format_3(without_ids(notebook)), "name"),
        (lambda notebook: notebook | {"metadata": {"kernelspec": {"name": "ir"}}}, "grade id"),
        (lambda notebook: notebook | {"metadata": None}, "grade id"),
        (lambda notebook: notebook | {"nbformat": 6, "nbformat_minor": 1}, "grade id"),
    ],
)
def test_round_trips(
    master: Master, mine: Notebook, change: Callable[[Notebook], Notebook], how: str
) -> None:
    insert_after(mine, "q1_double-small", code("print(double(2))", id="scratch"))
    sheet = sheet_of(master, change(mine))
    assert answers(sheet) == (DOUBLE, HALF, WORDS)
    assert match(sheet, "q1_double").how == how
    own = order(sheet).index("q1_double-small") + 1
    assert sheet.cells[own].source == "print(double(2))"
    assert sheet.cells[own].kind == "own"
    assert sheet.flags == ()


@pytest.mark.parametrize(
    "encode",
    [
        lambda text: b"\xef\xbb\xbf" + text.encode(),
        lambda text: text.encode("utf-16"),
        lambda text: text.replace("\n", "\r\n").encode(),
        lambda text: text.replace("\\n", "\\r\\n").encode(),
    ],
)
def test_encodings(master: Master, mine: Notebook, encode: Callable[[str], bytes]) -> None:
    sheet = rebuild(master, read_notebook(encode(json.dumps(mine, indent=1))))
    assert answers(sheet) == (DOUBLE, HALF, WORDS)


@pytest.mark.parametrize("script", [percent_script, nbconvert_script, colab_script])
def test_a_script_with_the_notebooks_code(
    master: Master, mine: Notebook, script: Callable[[Notebook], str]
) -> None:
    sheet = sheet_of(master, script(mine), "small_challenge.py")
    assert answers(sheet) == (DOUBLE, HALF, WORDS)
    assert {m.how for m in sheet.matches} == {"name"}


def test_a_percent_script_with_the_courses_marks(master: Master) -> None:
    script = f'# %% answer="q2_half"\n{HALF}\n\n# %% answer="q1_double"\n{DOUBLE}\n'
    sheet = sheet_of(master, script)
    assert answers(sheet)[:2] == (DOUBLE, HALF)
    assert match(sheet, "q3_why-answer").how == "stub"


def test_null_fields_and_cells_without_source(master: Master, mine: Notebook) -> None:
    odd = [{"cell_type": "code"}, code("") | {"source": None}]
    odd.append(code("1") | {"metadata": {"nbgrader": None}})
    insert_after(mine, "q1_double", *odd, 7)  # type: ignore[arg-type]
    sheet = sheet_of(master, mine)
    assert answers(sheet) == (DOUBLE, HALF, WORDS)
    assert [c.source for c in sheet.cells if c.id.startswith("own-")] == ["1"]


# What people do to cells


def test_the_last_copy_that_is_not_a_stub_wins(master: Master, mine: Notebook) -> None:
    stub = copy.deepcopy(cell_of(mine, "q1_double")) | {"source": master.by_id["q1_double"].stub}
    first = copy.deepcopy(cell_of(mine, "q1_double")) | {"source": "def double(x):\n    return 3"}
    insert_after(mine, "setup-given", first)
    mine["cells"].append(stub)
    sheet = sheet_of(master, mine)
    assert source(sheet, "q1_double") == DOUBLE
    assert sheet.flags == ("q1_double: There are 2 answers; the last one was taken.",)
    before = sheet.cells[order(sheet).index("q1_double") - 1]
    assert before.source == first["source"], "it runs, and what was taken holds"


def test_cells_moved(master: Master, mine: Notebook) -> None:
    for seed in range(20):
        moved = copy.deepcopy(mine)
        random.Random(seed).shuffle(moved["cells"])
        sheet = sheet_of(master, moved)
        assert answers(sheet) == (DOUBLE, HALF, WORDS)
        assert order(sheet) == [cell.id for cell in master.cells]


def test_cells_deleted(master: Master, mine: Notebook) -> None:
    remove(mine, "q1_double", "q2_half-check", "setup-given", "q3_why-answer")
    sheet = sheet_of(master, mine)
    stubs = [master.by_id[id_].stub for id_ in ("q1_double", "q3_why-answer")]
    assert answers(sheet) == (stubs[0], HALF, stubs[1])
    assert order(sheet) == [cell.id for cell in master.cells]
    assert match(sheet, "q1_double").how == "stub"
    assert match(sheet, "q1_double").confidence == 0.0
    assert sheet.flags == (
        "q1_double: No cell defines `double`: the stub stands in its place.",
        "q3_why-answer: Its cell is gone.",
    )


@pytest.mark.parametrize("type_", ["markdown", "raw"])
def test_cells_retyped(master: Master, mine: Notebook, type_: str) -> None:
    cell_of(mine, "q1_double")["cell_type"] = type_
    cell_of(mine, "q1_double-small")["cell_type"] = type_
    cell_of(mine, "q3_why-answer")["cell_type"] = "code"
    sheet = sheet_of(master, mine)
    assert answers(sheet) == (DOUBLE, HALF, WORDS)
    flag = "q1_double: Its cell is no code cell any more; it was run as one."
    assert sheet.flags == (flag,)
    assert answers(sheet_of(master, without_ids(mine)))[:2] == (DOUBLE, HALF)


def test_answers_merged_into_one_cell(master: Master, mine: Notebook) -> None:
    merged = (
        f"import os\n\nSCALE = 2\n\n# mine\n{DOUBLE}\n\ndef helper():\n    pass\n\n{HALF}\nhalf(3)"
    )
    cell_of(mine, "q1_double")["source"] = merged
    remove(mine, "q2_half")
    for notebook in (mine, without_ids(mine)):
        sheet = sheet_of(master, notebook)
        assert answers(sheet)[0] == f"import os\n\nSCALE = 2\n\n# mine\n{DOUBLE}"
        assert answers(sheet)[1] == f"def helper():\n    pass\n\n{HALF}\n\nhalf(3)"
        assert f"q1_double: {APART}" in sheet.flags
        assert f"q2_half: {APART}" in sheet.flags
    assert match(sheet_of(master, mine), "q1_double").how == "grade id"
    assert match(sheet_of(master, mine), "q2_half").how == "name"


APART = "It was taken out of a cell with more than this answer."


def test_answers_merged_in_the_other_order(master: Master, mine: Notebook) -> None:
    merged = f"import os\n{HALF}\nthird = half(1) / 3\n{DOUBLE}\nprint(third)"
    cell_of(mine, "q2_half")["source"] = merged
    remove(mine, "q1_double")
    one, two, _ = answers(sheet_of(master, mine))
    assert one == f"import os\n\n{DOUBLE}", "what needs `half` waits for it"
    assert two == f"{HALF}\n\nthird = half(1) / 3\n\nprint(third)"


def test_a_cell_merged_with_a_stub_keeps_no_stub(master: Master, mine: Notebook) -> None:
    stub = master.by_id["q1_double"].stub
    cell_of(mine, "q2_half")["source"] = f"{HALF}\n\n{stub}"
    sheet = sheet_of(master, mine)
    assert answers(sheet) == (DOUBLE, HALF, WORDS), "or `double` would be forgotten"


def test_stubs_in_a_cell_of_ones_own_undo_no_answer(master: Master, mine: Notebook) -> None:
    stub = master.by_id["q1_double"].stub
    insert_after(mine, "q1_double", code(f"import os\n\n{stub}"))
    for notebook in (mine, without_ids(mine)):
        sheet = sheet_of(master, notebook)
        assert answers(sheet) == (DOUBLE, HALF, WORDS)
        assert [c.source for c in sheet.cells if c.id.startswith("own-")] == ["import os"]


def test_a_later_answer_that_uses_an_own_version_of_an_earlier_one_keeps_it(
    master: Master, mine: Notebook
) -> None:
    both = f"def double(x):\n    return x * 2.0\n\n{HALF}"
    cell_of(mine, "q2_half")["source"] = both
    for notebook in (mine, without_ids(mine)):
        assert answers(sheet_of(master, notebook)) == (DOUBLE, both, WORDS)


def test_answers_swapped(master: Master, mine: Notebook) -> None:
    cell_of(mine, "q1_double")["source"], cell_of(mine, "q2_half")["source"] = HALF, DOUBLE
    sheet = sheet_of(master, mine)
    assert answers(sheet) == (DOUBLE, HALF, WORDS)
    assert [m.how for m in sheet.matches][:2] == ["name", "name"]


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("def double(x):", "    return x + x"),
        ("def double(x):\n    y = x", "    return x + y"),
        ("def double(\n    x\n", "):\n    return x + x"),
    ],
)
@pytest.mark.parametrize("copied", [True, False])
def test_a_split_definition_is_put_together(
    master: Master, mine: Notebook, first: str, second: str, copied: bool
) -> None:
    cell_of(mine, "q1_double")["source"] = first
    half = copy.deepcopy(cell_of(mine, "q1_double")) if copied else code("")
    insert_after(mine, "q1_double", half | {"id": "split", "source": second})
    sheet = sheet_of(master, mine)
    assert answers(sheet) == (f"{first}\n{second}", HALF, WORDS)
    assert sheet.flags == ("q1_double: It was put together from several cells.",)
    assert order(sheet) == [cell.id for cell in master.cells]


def test_a_try_below_with_the_answers_grade_id_is_an_own_cell(
    master: Master, mine: Notebook
) -> None:
    again = copy.deepcopy(cell_of(mine, "q1_double")) | {"id": "split", "source": "double(21)"}
    insert_after(mine, "q1_double", again)
    sheet = sheet_of(master, mine)
    assert answers(sheet) == (DOUBLE, HALF, WORDS)
    assert sheet.cells[order(sheet).index("q1_double") + 1].source == "double(21)"
    assert sheet.flags == ()


def test_a_definition_above_the_answers_cell(master: Master, mine: Notebook) -> None:
    stub = master.by_id["q1_double"].stub
    insert_after(mine, "q1_double-prompt", code(DOUBLE, id="above"))
    cell_of(mine, "q1_double")["source"] = stub
    sheet = sheet_of(master, mine)
    assert answers(sheet) == (DOUBLE, HALF, WORDS)
    assert order(sheet) == [cell.id for cell in master.cells]
    cell_of(mine, "q1_double")["source"] = "double(4)"
    sheet = sheet_of(master, mine)
    assert answers(sheet)[0] == f"{DOUBLE}\ndouble(4)"
    assert sheet.flags == ("q1_double: It was put together from several cells.",)


def test_a_name_that_is_only_bound_is_no_answer(master: Master, mine: Notebook) -> None:
    insert_after(mine, "q2_half-check", code("double = double(3)"))
    for notebook in (mine, without_ids(mine)):
        assert answers(sheet_of(master, notebook)) == (DOUBLE, HALF, WORDS)


@pytest.mark.parametrize(
    "answer", ["double = lambda x: x + x", "from operator import neg as double"]
)
def test_other_ways_to_define(master: Master, mine: Notebook, answer: str) -> None:
    cell_of(mine, "q1_double")["source"] = answer
    for notebook in (mine, without_ids(mine)):
        assert answers(sheet_of(master, notebook))[0] == answer


@pytest.mark.parametrize(
    "answer",
    [
        "%%time\ndef double(x):\n    return x + x",
        "!pip install x\nfrom google.colab import drive\ndef double(x):\n    return x + x",
        "def double(x)\n    return",
        "def double(x):\n    return '\0'",
        "def double(x):\n    return " + "-" * 100_000 + "x",
    ],
)
def test_an_answer_is_run_as_it_is(master: Master, mine: Notebook, answer: str) -> None:
    cell_of(mine, "q1_double")["source"] = answer
    for notebook in (mine, without_metadata(mine), without_ids(mine)):
        assert answers(sheet_of(master, notebook)) == (answer, HALF, WORDS)


def test_an_answer_without_its_name_is_found_by_likeness(master: Master, mine: Notebook) -> None:
    renamed = 'def twice(x):\n    """Return twice a number."""\n    return 2 * x'
    cell_of(mine, "q1_double")["source"] = renamed
    by_id = sheet_of(master, mine)
    assert by_id.flags == ("q1_double: It does not define `double`.",)
    sheet = sheet_of(master, without_ids(mine))
    assert source(sheet, "q1_double") == renamed
    assert match(sheet, "q1_double").how == "similarity"
    assert 0.5 <= match(sheet, "q1_double").confidence < 1
    assert sheet.flags == ("q1_double: Nothing defines `double`; this cell looks most like it.",)


def test_an_emptied_answer_is_the_stub(master: Master, mine: Notebook) -> None:
    cell_of(mine, "q1_double")["source"] = " \n"
    assert answers(sheet_of(master, mine))[0] == master.by_id["q1_double"].stub


# What is the instructor's, and what the student adds


@pytest.mark.parametrize("lost", [False, True])
def test_given_cells_and_checks_are_the_instructors(
    master: Master, mine: Notebook, lost: bool
) -> None:
    cell_of(mine, "setup-given")["source"] = "import math\n\nONE = 2"
    cell_of(mine, "q1_double-small")["source"] = "assert double(1) != 2"
    cell_of(mine, "q2_half-check")["metadata"]["tags"] = ["skip-execution"]
    sheet = sheet_of(master, without_metadata(mine) if lost else mine)
    for cell in master.cells:
        if cell.kind in ("given", "check", "task"):
            assert source(sheet, cell.id) == cell.source
    assert sheet.flags == (
        "setup-given: It was changed; the instructor's cell stands for it.",
        "q1_double-small: It was changed; the instructor's cell stands for it.",
    )


def test_a_copied_prompt_and_a_copied_check_change_nothing(master: Master, mine: Notebook) -> None:
    for id_ in ("q1_double-prompt", "q2_half-check", "setup-given"):
        insert_after(mine, id_, copy.deepcopy(cell_of(mine, id_)) | {"id": f"{id_}x"})
    for notebook in (mine, without_ids(mine)):
        sheet = sheet_of(master, notebook)
        assert order(sheet) == [cell.id for cell in master.cells]
        assert sheet.flags == ()


def test_own_cells_stay_where_they_are(master: Master, mine: Notebook) -> None:
    mine["cells"].insert(0, code("first = 1"))
    insert_after(mine, "q1_double", code("second = 2"), text("third"), code("  \n"))
    mine["cells"].append(code("last = 4"))
    sheet = sheet_of(master, mine)
    own = [at for at, cell in enumerate(sheet.cells) if cell.id.startswith("own-")]
    assert [sheet.cells[at].source for at in own] == [
        "first = 1",
        "second = 2",
        "third",
        "last = 4",
    ]
    assert [sheet.cells[at].kind for at in own] == ["own", "own", "text", "own"]
    after = order(sheet).index("q1_double")
    assert own == [0, after + 1, after + 2, len(sheet.cells) - 1]
    assert len(set(order(sheet))) == len(sheet.cells)


def test_a_cell_to_play_with_is_the_students(master: Master, mine: Notebook) -> None:
    (played,) = [c for c in mine["cells"] if source_of(c) == "guess = None"]
    played["source"] = "guess = 7"
    sheet = sheet_of(master, mine)
    assert source(sheet, played["id"]) == "guess = 7"
    assert sheet.flags == ()


def test_a_written_answer_in_another_place(master: Master, mine: Notebook) -> None:
    blank = master.by_id["q3_why-answer"].stub
    cell_of(mine, "q3_why-answer")["source"] = blank
    below = copy.deepcopy(mine)
    insert_after(below, "q3_why-answer", text("Because it"), text("is so."))
    inside = copy.deepcopy(mine)
    cell_of(inside, "q3_why")["source"] = f"{source_of(cell_of(inside, 'q3_why'))}\n\n{WORDS}"
    cases = [(below, "Because it\n\nis so."), (inside, WORDS)]
    for words in (WORDS, f"# {WORDS}"):
        in_code = copy.deepcopy(mine)
        insert_after(in_code, "q3_why-answer", code(words))
        cases.append((in_code, words))
    for notebook, words in cases:
        sheet = sheet_of(master, notebook)
        assert source(sheet, "q3_why-answer") == words
        assert match(sheet, "q3_why-answer").confidence == 0.8
        assert "q3_why-answer: It stands in another cell than its own." in sheet.flags
        assert len(sheet.cells) == len(master.cells)


# What is no version of it


def refusal(master: Master, notebook: Notebook) -> str:
    with pytest.raises(NothingMatchedError) as said:
        sheet_of(master, notebook)
    return str(said.value)


def test_nothing_of_it_is_no_zero(master: Master, mine: Notebook) -> None:
    start = "Nothing in it belongs to small_challenge.ipynb; it looks like "
    assert refusal(master, {"cells": []}) == f"{start}an empty notebook: ask for the file."
    assert refusal(master, {"cells": [code("")]}) == f"{start}an empty notebook: ask for the file."
    lecture = {"cells": [text("# Iris 1: three species\nWords"), code("x = 1")]}
    assert refusal(master, lecture) == f'{start}"Iris 1: three species": ask for the file.'
    assert "something else" in refusal(master, {"cells": [code("x = 1")]})
    alone = [c for c in mine["cells"] if c["id"] in ("install-given", "setup-given")]
    assert "something else" in refusal(master, {"cells": alone})


def test_a_name_that_recurs_elsewhere_is_not_enough(root: Path) -> None:
    iris, _ = read_pair(root, "02_iris")
    script = "def build_model(x):\n    return None\n"
    with pytest.raises(NothingMatchedError):
        sheet_of(iris, script, "x.py")
    few = "\n\n".join(list(iris.solutions.values())[:4])
    assert len([m for m in sheet_of(iris, few, "x.py").matches if m.how == "name"]) == 4


@pytest.fixture(scope="module")
def units(root: Path) -> dict[str, tuple[Master, bytes]]:
    return {unit: read_pair(root, unit) for unit in UNITS}


def solved(pair: tuple[Master, bytes]) -> Notebook:
    master, release = pair
    notebook: Notebook = json.loads(release)
    for cell in notebook["cells"]:
        if cell["id"] in master.solutions:
            cell["source"] = master.solutions[cell["id"]]
        if cell["id"].endswith("-answer"):
            cell["source"] = WORDS
    return notebook


@pytest.mark.parametrize("unit", UNITS)
def test_another_unit_and_lectures_are_refused(
    root: Path, units: dict[str, tuple[Master, bytes]], unit: str
) -> None:
    master, _ = units[unit]
    for other in set(UNITS) - {unit}:
        foreign = solved(units[other])
        assert f"`{units[other][0].notebook}`" in refusal(master, foreign)
        assert f"`{units[other][0].notebook}`" in refusal(master, without_ids(foreign))
        foreign["cells"].pop()
        assert "another challenge, with q1_" in refusal(master, foreign)
        assert '"Challenge: ' in refusal(master, without_ids(foreign))
    for lecture in (root / "notebooks" / "lectures").glob("*.ipynb"):
        assert 'it looks like "' in refusal(master, json.loads(lecture.read_bytes()))


def with_own_cells(notebook: Notebook) -> Notebook:
    cells = [one for cell in notebook["cells"] for one in (cell, code("1 + 1"), text("Hm."))]
    return notebook | {"cells": cells}


def doubled(notebook: Notebook) -> Notebook:
    return notebook | {"cells": [copy.deepcopy(c) for c in notebook["cells"] for _ in "ab"]}


def shuffled(notebook: Notebook) -> Notebook:
    return notebook | {"cells": random.Random(1).sample(notebook["cells"], len(notebook["cells"]))}


def retyped(notebook: Notebook) -> Notebook:
    return notebook | {"cells": [cell | {"cell_type": "raw"} for cell in notebook["cells"]]}


def only_answers(notebook: Notebook) -> Notebook:
    keep = [c for c in notebook["cells"] if c["id"].startswith("q") and "-answer" not in c["id"]]
    written = [c for c in notebook["cells"] if c["id"].endswith("-answer")]
    answers = [c for c in keep if c["cell_type"] == "code" and "-" not in c["id"]]
    return notebook | {"cells": [*answers, *written]}


def edited_checks(notebook: Notebook) -> Notebook:
    cells = copy.deepcopy(notebook["cells"])
    for cell in cells:
        if cell["id"].startswith("q") and "-" in cell["id"] and cell["cell_type"] == "code":
            cell["source"] = source_of(cell) + "\nprint('mine')"
    return notebook | {"cells": cells}


MANGLED = [on_colab, in_vscode, without_metadata, without_ids, format_3, with_own_cells]
MANGLED += [doubled, shuffled, retyped, only_answers, edited_checks]
MANGLED += [lambda notebook: without_ids(doubled(notebook))]
MANGLED += [lambda notebook: without_ids(edited_checks(notebook))]


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("change", MANGLED)
def test_real_answers_survive(
    units: dict[str, tuple[Master, bytes]], unit: str, change: Callable[[Notebook], Notebook]
) -> None:
    master, _ = units[unit]
    sheet = sheet_of(master, change(solved(units[unit])))
    for cell in sheet.cells:
        if cell.kind == "answer":
            assert cell.source == master.solutions[cell.id]
        elif cell.kind == "written":
            assert cell.source == WORDS
        elif cell.id in master.by_id:
            assert cell == master.by_id[cell.id]
    assert [m.how for m in sheet.matches].count("stub") == 0


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("script", [percent_script, nbconvert_script, colab_script])
def test_real_answers_survive_as_a_script(
    units: dict[str, tuple[Master, bytes]], unit: str, script: Callable[[Notebook], str]
) -> None:
    master, _ = units[unit]
    sheet = sheet_of(master, script(solved(units[unit])), "mine.py")
    found = {cell.id: cell.source for cell in sheet.cells if cell.kind == "answer"}
    assert found == master.solutions


@pytest.mark.parametrize("unit", UNITS)
def test_every_declared_answer_goes_to_its_place_by_id_and_by_name(
    root: Path, units: dict[str, tuple[Master, bytes]], unit: str
) -> None:
    master, _ = units[unit]
    for variant in read_variants(*Course(root).select([unit])):
        notebook = solved(units[unit])
        cell_of(notebook, variant.question)["source"] = variant.code
        for mangled in (notebook, without_ids(notebook)):
            sheet = sheet_of(master, mangled)
            found = {cell.id: cell.source for cell in sheet.cells if cell.kind == "answer"}
            assert found == master.solutions | {variant.question: variant.code}, variant.label
            assert sheet.flags == ()


LOSSES = {"nothing": copy.deepcopy, "metadata": without_metadata, "ids": without_ids}


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("lost", LOSSES)
@settings(max_examples=15, deadline=None)
@given(numbers=st.lists(st.integers(0, 83), max_size=60))
def test_whatever_is_done_to_cells_points_are_never_invented(
    units: dict[str, tuple[Master, bytes]], unit: str, lost: str, numbers: list[int]
) -> None:
    master, release = units[unit]
    cells = solved(units[unit])["cells"] + json.loads(release)["cells"]
    chosen = [cells[number % len(cells)] for number in numbers]
    try:
        sheet = sheet_of(master, LOSSES[lost]({"cells": copy.deepcopy(chosen)}))
    except NothingMatchedError:
        return
    there = {cell["id"] for cell in chosen if source_of(cell) == master.solutions.get(cell["id"])}
    for cell in sheet.cells:
        if cell.kind == "answer":
            assert cell.source == (master.solutions[cell.id] if cell.id in there else cell.stub)
        elif cell.id in master.by_id and cell.kind != "written":
            assert cell == master.by_id[cell.id]
    assert len({cell.id for cell in sheet.cells}) == len(sheet.cells)
