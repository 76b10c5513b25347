"""Each rule for challenges fires at the line of a planted fault, and a clean one passes."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from coursekit.lint.checks import checks
from coursekit.lint.page import Page
from coursekit.lint.questions import challenge
from coursekit.sources.findings import Finding
from coursekit.sources.names import Names
from lint_samples import CHALLENGE, LECTURE, found, plant, write_unit


def rules(page: Page) -> Iterator[Finding]:
    yield from challenge(page)
    yield from checks(page)


def test_a_clean_challenge_has_no_finding(tmp_path: Path) -> None:
    assert found(rules, write_unit(tmp_path, challenge=CHALLENGE)) == []


HEAD = "# %% [markdown]\n# # A small challenge"
FAULTS = {
    "no badge": (f"{HEAD}\n#\n# {{{{badge}}}}", f"<<{HEAD}", "badge"),
    "a wrong sum of points": (
        "# *About 30 minutes · 10 points.*",
        "<<# *About 30 minutes · 9 points.*",
        "points",
    ),
    "no minutes": (
        f"{HEAD}\n#\n# {{{{badge}}}}\n#\n# *About 30 minutes · ",
        f"{HEAD}\n# {{{{badge}}}}\n<<# *About ",
        "points",
    ),
    "wrong points of a question": (
        "# ## Question 2: more (1 point)",
        "<<# ## Question 2: more (3 points)",
        "points",
    ),
    "no tiers": (
        '# %% [markdown] prompt="q4_train"\n# ## Question 4: train (3 points)\n#\n# | tier |',
        '<<# %% [markdown] prompt="q4_train"\n# ## Question 4: train (3 points)\n#\n# | goal |',
        "tiers",
    ),
    "no word on handing in": (
        "# %% [markdown]\n# ## Hand in\n#\n# **File → Download**",
        "<<# %% [markdown]\n# ## Hand in\n#\n# Save",
        "hand-in",
    ),
    "a limit that no check has": (
        "# | gold | half of it |",
        "# | gold | half of it |\n#\n<<# It is at most 60 % of the baseline's.",
        "threshold",
    ),
    "a factor that the prompt does not state": (
        "expect.better(_error, baseline_mse, factor=0.7",
        "<<expect.better(_error, baseline_mse, factor=0.8",
        "threshold",
    ),
}


@pytest.mark.parametrize("name", FAULTS)
def test_a_planted_fault_is_found_at_its_line(name: str, tmp_path: Path) -> None:
    old, new, expected = FAULTS[name]
    text, line = plant(CHALLENGE, old, new)
    assert found(rules, write_unit(tmp_path, challenge=text)) == [(expected, line)]


def test_a_challenge_has_enough_of_everything(tmp_path: Path) -> None:
    filler = '\n# %%\nassert my_note == "a plain cell"\n'
    start = CHALLENGE.index('\n# %% [markdown] prompt="q3_more"')
    text = CHALLENGE[:start] + CHALLENGE[CHALLENGE.index('\n# %% [markdown] prompt="q4_train"') :]
    text = text.replace("10 points", "9 points").replace(filler, "")
    seen = found(rules, write_unit(tmp_path, challenge=text))
    assert [rule for rule, _ in seen] == ["cells", "questions"]


def test_one_question_is_asked_in_words(tmp_path: Path) -> None:
    text = CHALLENGE.replace('task="q5_why" points=4', "").replace("10 points", "6 points")
    text = text.replace("# ### BEGIN MARK SCHEME\n", "").replace("# ### END MARK SCHEME\n", "")
    seen = found(rules, write_unit(tmp_path, challenge=text))
    assert [rule for rule, _ in seen] == ["questions", "written-question"]


# Each text stands at the end of the silver check, or right above where it says so.
CHECKS = {
    "assigns": "<<score = 1",
    "assigns: a loop's variable": "for <<row in x_val:\n    pass",
    "assigns: a function": "<<def helper():\n    return 1",
    "assigns: a with's name": 'with np.errstate(all="ignore") as <<state:\n    pass',
    "assigns: a walrus": "assert (<<n := 2) == 2",
    "imports": "<<import math",
    "reads": "<<assert unknown == 1",
    "reads: a plain cell's name": "<<assert my_note",
    "reads: another check's name": "<<assert _other == 1",
    "model-call": "_p = <<_model.predict(x_val)",
    "model-call: one batch": "_p = <<_model.predict_on_batch(x_val)",
    "model-call: a history": "_h = <<_model.fit(x_val, y_val, verbose=0).history",
    "model-call: evaluate": "_h = <<_model.evaluate(x_val, y_val)",
    "files": '_f = <<open("x")',
    "files: NumPy": '_f = <<np.load("x.npy")',
    "files: the course's data": "_f = <<data.load_iris()",
    "files: a Keras file": '_f = <<keras.saving.load_model("x.keras")',
    "private": "_p = <<_model._layers",
    "private: Keras": "_p = <<keras.src.layers",
    "quiet": '<<print("done")',
    "quiet: a progress bar": "<<_model.fit(x_val, y_val)\nassert _model",
    "last": "<<_error",
    "last: a call": "<<measured(_model)",
    "mutates": "<<x_val[0] = 1",
    "mutates: in a tuple": "_a, <<x_val[0] = 1, 2",
    "mutates: a method": "<<y_val.sort()\nassert _model",
    "arguments": "_x = more_1(<<lambda: 1)",
    "arguments: a function of the check": "def _f():\n    return 1\n\n\n_x = more_1(<<_f)",
    "arguments: a given function": "_x = more_1(x=<<measured)",
    "arguments: another answer": "_x = more_1([<<more_2])",
    "arguments: a generator": "_x = more_1(<<n for n in (1, 2))",
    "arguments: a layer": "_x = more_1(<<keras.layers.Dense(1))",
    "arguments: pairs": "_x = more_1(<<zip([1], [2]))",
    "arguments: a view of a dict": "_x = more_1([<<{1: 2}.items()])",
    "baseline": "expect.better(_error, <<0.7)",
    "baseline: a bare limit": "assert <<_error < 0.25",
    "architecture": "assert <<_model.layers",
    "architecture: the loss": 'assert <<_model.loss == "mse"',
}
PLACE = 'expect.better(_error, baseline_mse, factor=0.7, name="silver")\n'


@pytest.mark.parametrize("name", CHECKS)
def test_a_check_that_does_what_it_may_not_is_found(name: str, tmp_path: Path) -> None:
    text, line = plant(CHALLENGE, PLACE, PLACE + CHECKS[name] + "\n")
    if "another check" in name:
        first = 'expect.equal(more_1(1), 1 + 1, name="one more")\n'
        text, line = text.replace(first, f"_other = 1\n{first}"), line + 1
    seen = found(checks, write_unit(tmp_path, challenge=text))
    assert (name.split(":")[0], line) in seen
    assert {rule for rule, _ in seen} <= {name.split(":")[0], "last"}


HELD_OUT = """### BEGIN HIDDEN TESTS
from coursekit.grading import held_out

_x, _y = held_out.load("regression")
"""
ELSEWHERE = {
    "given-reads": ("x_val, y_val = rows", "<<print(train)\nx_val, y_val = rows"),
    "given-reads: in a function": (
        "    return float(np.mean((y_val",
        "    <<train(1, 2)\n    return float(np.mean((y_val",
    ),
    "given-reads: a plain cell's": ("x_val, y_val = rows", "<<print(my_note)\nx_val, y_val = rows"),
    "private": ("x_val, y_val = rows", "<<print(rows._frame)\nx_val, y_val = rows"),
    "held-out": (
        "x_val, y_val = rows",
        "<<from coursekit.grading import held_out\n\nx_val, y_val = rows",
    ),
    "held-out: in a visible part": (
        'expect.equal(more_1(1), 1 + 1, name="one more")',
        '<<_x = held_out.load("regression")',
    ),
    "answer": ('# %% answer="q1_more"\n', '# %% answer="q1_more"\n<<import math\n\n\n'),
    "answer: two functions": (
        '# %% check="q1_more"',
        '<<def second():\n    pass\n\n\n# %% check="q1_more"',
    ),
    "seed": ("keras.utils.set_random_seed(4)\n_model", "<<_model"),
    "seed: a random draw": (
        'expect.equal(more_1(1), 1 + 1, name="one more")',
        "<<_x = np.random.normal()",
    ),
    "seed: in a hidden region": (
        '_x, _y = held_out.load("regression")',
        '_x, _y = held_out.load("regression")\n<<_model.fit(_x, _y, verbose=0)',
    ),
    "reads: made further down": (
        'expect.equal(more_1(1), 1 + 1, name="one more")',
        "<<assert more_2(1) == 3",
    ),
    "rebuilds": (
        f"expect.rebuilds(_model)\n{HELD_OUT}",
        f"{HELD_OUT}<<",
    ),
    "last: of what students see": (
        "### BEGIN HIDDEN TESTS\n",
        "<<_model\n### BEGIN HIDDEN TESTS\n",
    ),
}


@pytest.mark.parametrize("name", ELSEWHERE)
def test_faults_in_other_places_are_found(name: str, tmp_path: Path) -> None:
    text, line = plant(CHALLENGE, *ELSEWHERE[name])
    seen = found(checks, write_unit(tmp_path, challenge=text))
    assert (name.split(":")[0], line) in seen
    assert {rule for rule, _ in seen} <= {name.split(":")[0], "reads", "files"}


def test_a_typed_bound_stands_in_the_prompt_too(tmp_path: Path) -> None:
    said = "# ## Question 1: more (1 point)"
    place = 'expect.equal(more_1(1), 1 + 1, name="one more")'
    text = CHALLENGE.replace(said, f"{said}\n#\n# It is at most 5.")
    text = text.replace(place, "assert more_1(1) <= LIMIT")
    unit = write_unit(tmp_path / "same", challenge=text.replace("LIMIT", "5"))
    assert found(challenge, unit) == []
    unit = write_unit(tmp_path / "other", challenge=text.replace("LIMIT", "6"))
    assert found(challenge, unit) == [
        ("threshold", text[: text.index("at most 5")].count("\n") + 1)
    ]


FINE = """
# %% check="q4_train" part="more" points=0
keras.utils.set_random_seed(4)
_model = train(rows.x_train.copy(), np.array(rows.y_train))
_rng = np.random.default_rng(0)
_x = x_val + _rng.normal(size=x_val.shape)
_x[0] = 0
_rows = [row.tolist() for row in x_val]
_rows.append([1, 2])
_given = given_model.layers, given_fit.history


def _twice(value):
    return 2 * value


_numbers = sorted((_twice(n) for n in (1, 2)), key=lambda n: -n)
for _n, _number in enumerate(_numbers):
    expect.equal(more_1(max(_n, _number)), max(_n, _number) + 1)
try:
    _size = len(_rows)
except TypeError as _error:
    raise AssertionError from _error
assert 0 <= np.max(_x) and abs(np.sum(_x)) > 1e-6
_model.fit(_x, y_val, epochs=1, **{"verbose": 0})
expect.that(_model.compiled, expected="a compiled model", got=_model)
"""


def test_what_a_check_may_do_passes(tmp_path: Path) -> None:
    place = '\n# %%\nassert my_note == "a plain cell"'
    text, _ = plant(CHALLENGE, place, FINE + place)
    text, _ = plant(
        text, "rows = data", "given_model, given_fit = keras.Model(), None\nrows = data"
    )
    assert found(checks, write_unit(tmp_path, challenge=text)) == []


def test_a_given_function_may_pass_the_model_on(tmp_path: Path) -> None:
    text = CHALLENGE.replace("expect.rebuilds(_model)", "_error = measured(_model)")
    unit = write_unit(tmp_path / "not", challenge=text)
    assert [rule for rule, _ in found(checks, unit)] == ["rebuilds"]
    text = text.replace("def measured(model):", "def measured(model):\n    expect.rebuilds(model)")
    assert found(checks, write_unit(tmp_path / "does", challenge=text)) == []


def test_a_lecture_may_not_use_the_grader(tmp_path: Path) -> None:
    text = LECTURE + "\n# %%\nfrom coursekit.grading import held_out\n"
    assert [rule for rule, _ in found(checks, write_unit(tmp_path, lecture=text))] == ["held-out"]


def test_the_page_on_check_cells_has_a_section_with_examples_for_every_rule(root: Path) -> None:
    page = (root / "docs" / "check-cells.md").read_text(encoding="utf-8")
    sections = dict(re.findall(r"^### `([a-z-]+)`(.*?)(?=^##|\Z)", page, re.DOTALL | re.MULTILINE))
    assert set(sections) == {name.split(":")[0] for name in [*CHECKS, *ELSEWHERE]}
    for rule, text in sections.items():
        assert "# wrong" in text, rule
        assert "# right" in text, rule


NAMES = {
    "x = x": (["x"], []),
    "x += y": (["x"], ["y"]),
    "[z for x in y]": ([], ["y", "z"]),
    "x = 1\nprint(x, [x for x in y])": (["x"], ["print", "y"]),
    "a = 1\n[a + b for b in c]": (["a"], ["c"]),
    "f = lambda a, b=c: a + b + d": (["f"], ["c", "d"]),
    "def f(a, *b, c=1, **d):\n    e = a\n    return b, c, d, e, g": (["f"], ["g"]),
    "def f():\n    return later\nlater = 1": (["f", "later"], []),
    "class A(B):\n    x = 1\n    def f(self):\n        return C": (["A"], ["B", "C"]),
    "with a as b, b as c:\n    c": (["b", "c"], ["a"]),
    "for i, (j, *k) in n:\n    i, j, k": (["i", "j", "k"], ["n"]),
    "try:\n    a\nexcept E as e:\n    e": (["e"], ["E", "a"]),
    "import a.b, c as d\na, d, c": ([], ["c"]),
    "f'{a!r:{b}}'": ([], ["a", "b"]),
}


@pytest.mark.parametrize("code", NAMES)
def test_names_that_a_cell_binds_and_names_that_it_needs(code: str) -> None:
    names = Names.of(code)
    assert (sorted(names.bound), sorted(names.needed)) == NAMES[code]


def test_what_is_to_be_read_again_must_be_there(tmp_path: Path) -> None:
    prompt = '# %% [markdown] prompt="q1_more"'
    for reads, said in (("2: Build", 'reads="1: ..."'), ("1: Nothing", "no heading `Nothing`")):
        text = CHALLENGE.replace(prompt, f'{prompt} reads="{reads}"')
        unit = write_unit(tmp_path / reads[0], lecture=LECTURE, challenge=text)
        (finding,) = challenge(Page.read(unit, unit.require_challenge()))
        assert finding.rule == "reads"
        assert said in finding.message
    text = CHALLENGE.replace(prompt, f'{prompt} reads="1: Build"')
    unit = write_unit(tmp_path / "good", lecture=LECTURE, challenge=text)
    assert list(challenge(Page.read(unit, unit.require_challenge()))) == []
