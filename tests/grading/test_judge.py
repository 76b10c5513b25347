"""The judge's side: seeds, hidden parts, arguments, models, and a judge that dies."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from coursekit.grading.engine import WarmEngine
from coursekit.grading.forks import WarmParent
from coursekit.grading.judge import Judge, parts
from coursekit.grading.limits import Limits
from coursekit.grading.process import JudgeProcess
from coursekit.grading.record import Record, Verdict
from coursekit.sources.layout import Unit
from engine_samples import ALL_LAYERS, LIMITS, Graded, cells_of, grade, sheet, stub
from samples import make_unit

# --- parts -----------------------------------------------------------------------------------


def test_a_check_is_split_at_its_markers_and_keeps_its_lines() -> None:
    source = "a = 1\n### BEGIN HIDDEN TESTS\nb\n### END HIDDEN TESTS\nc"
    assert parts(source) == [(False, "a = 1"), (True, "\n\nb"), (False, "\n\n\n\nc")]


@pytest.mark.parametrize(
    "source",
    [
        "if x:\n    ### BEGIN HIDDEN TESTS\n    b\n    ### END HIDDEN TESTS",
        "### BEGIN HIDDEN TESTS\nb",
    ],
)
def test_what_cannot_be_split_is_hidden(source: str) -> None:
    assert all(hidden for hidden, _ in parts(source))


# --- seeds -----------------------------------------------------------------------------------

SEEDS = """import keras
keras.utils.set_random_seed(11)
_visible = draw(3)
assert _visible == draws(11), f"visible {_visible}"
### BEGIN HIDDEN TESTS
keras.utils.set_random_seed(5)
_hidden = draw(3)
assert _hidden != draws(5), "hidden seed travelled as it was"
keras.utils.set_random_seed(5)
assert draw(3) == _hidden, "hidden seed differs from itself"
keras.utils.set_random_seed(6)
assert draw(3) != _hidden
### END HIDDEN TESTS
"""
SEED_SETUP = """import numpy as np
import keras
def draws(seed):
    keras.utils.set_random_seed(seed)
    return [float(v) for v in np.random.rand(3)]
"""
DRAW = "import numpy as np\ndef draw(n):\n    return [float(v) for v in np.random.rand(n)]"


def one(
    parent: WarmParent, check: str, answer: str, *, setup: str = "", limits: Limits = LIMITS
) -> Graded:
    """Grade one answer to one check."""
    name = answer.split("def ")[-1].split("(")[0] if "def " in answer else "build"
    unit = cells_of(
        setup or "import numpy as np", {"q1_a": f"def {name}(*a):"}, {"q1_a": check}, {"q1_a": 1.0}
    )
    return grade(Judge(unit), parent, {"q1_a": answer}, unit=unit, limits=limits)


def test_seeds_travel_and_hidden_ones_in_disguise(parent: WarmParent) -> None:
    graded = one(parent, SEEDS, DRAW, setup=SEED_SETUP)
    assert graded.outcomes["q1_a"].text == ""
    assert graded.verdicts == ["pass"]


def test_a_seed_of_a_hidden_region_draws_no_hidden_data(parent: WarmParent) -> None:
    """What the judge draws from a seed cannot be drawn again by a student's function."""
    check = (
        "import keras\n### BEGIN HIDDEN TESTS\nkeras.utils.set_random_seed(5)\n"
        "_x = np.random.rand(3)\nassert guess(3) != [float(v) for v in _x]\n### END HIDDEN TESTS"
    )
    assert one(parent, check, DRAW.replace("draw", "guess")).verdicts == ["pass"]


# --- what the judge does itself --------------------------------------------------------------


def test_an_answer_that_makes_the_judge_count_is_stopped(parent: WarmParent) -> None:
    check = "_n = 0\nfor _i in range(count(1)):\n    _n += 1"
    limits = Limits(cpu_call=1, cpu_cell=1, cpu_check=0.3)
    graded = one(parent, check, "def count(x):\n    return 10**18", limits=limits)
    assert graded.verdicts == ["limit:cpu"]
    assert graded.points == 0


def test_a_check_that_swallows_errors_swallows_no_limit(parent: WarmParent) -> None:
    check = "try:\n    never(1)\nexcept Exception:\n    pass\n_done = True"
    graded = one(parent, check, "def never(x):\n    while True: pass")
    assert graded.verdicts == ["limit:cpu"]


def test_the_same_function_is_the_same_proxy(parent: WarmParent) -> None:
    setup = "import functools\n@functools.cache\ndef trained(f):\n    return [f(1)]"
    check = "assert trained(fit) is trained(fit)\nassert fit(0) == 1, 'trained twice'"
    count = "n = 0\ndef fit(x):\n    global n\n    if x: n += 1\n    return n"
    assert one(parent, check, count, setup=setup).verdicts == ["pass"]


def test_a_view_of_what_a_given_function_remembers_is_not_changed(parent: WarmParent) -> None:
    setup = (
        "import functools\nimport numpy as np\n@functools.lru_cache(maxsize=3)\n"
        "def data():\n    return {'x': np.arange(4.0)}, [1, 2]"
    )
    check = (
        "_d, _l = data()\nspoil(_d['x'][1:])\nspoil(_d['x'])\nspoil(_l)\nspoil(_d)\n"
        "assert data()[0]['x'].tolist() == [0, 1, 2, 3]\nassert data()[1] == [1, 2]\n"
        "_own = np.arange(3.0)\nspoil(_own)\nassert _own.tolist() == [0, 0, 0]\n"
        "_own = [[1], np.ones(1)]\nspoil(_own)\nassert _own == [0, 0], _own\n"
        "_own = [data()[0]['x'], [1]]\nspoil(_own[0])\nassert data()[0]['x'][1] == 1"
    )
    spoil = (
        "def spoil(v):\n    if isinstance(v, dict): v.clear()\n"
        "    else:\n        for i in range(len(v)): v[i] = 0"
    )
    graded = one(parent, check, spoil, setup=setup)
    assert (graded.outcomes["q1_a"].text, graded.verdicts) == ("", ["pass"])


# --- classes and models ----------------------------------------------------------------------

COUNTER = """class Counter:
    \"\"\"Counts.\"\"\"
    def __init__(self, start):
        self.n, self._private = start, 7310942
    def up(self, by=1):
        self.n += by
        return self
    def __eq__(self, other):
        return True
    def __array__(self, *a, **k):
        return [1.0]
    def __len__(self):
        return 3
"""


def test_an_instance_stays_on_its_side_and_answers_from_there(parent: WarmParent) -> None:
    check = (
        "_c = Counter(5)\nassert _c.n == 5\nassert _c.up(by=2) is _c\nassert _c.n == 7\n"
        "assert _c != 7 and not (_c == 8), 'it equals everything'\n"
        "try:\n    _c._private\nexcept AttributeError:\n    pass\nelse:\n    raise AssertionError\n"
        "try:\n    len(_c)\nexcept TypeError:\n    pass\nelse:\n    raise AssertionError"
    )
    unit = cells_of("", {"q1_a": "class Counter:"}, {"q1_a": check}, {"q1_a": 1.0})
    graded = grade(Judge(unit), parent, {"q1_a": COUNTER}, unit=unit)
    assert (graded.outcomes["q1_a"].text, graded.verdicts) == ("", ["pass"])


FIT = "_m.fit(np.zeros((4, 3)), np.zeros((4, 1)), epochs=1, verbose=0)"
MODEL_CHECK = """import keras
_m = build()
assert isinstance(_m, keras.Model)
assert np.shape(_m(np.zeros((2, 3), "float32"))) == (2, 1)
_m.fit(np.zeros((4, 3)), np.zeros((4, 1)), epochs=1, verbose=0)
### BEGIN HIDDEN TESTS
_y = {asks}
assert np.shape(_y) == (2, 1)
### END HIDDEN TESTS
"""
SEQUENTIAL = """import keras
def build():
    model = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])
    model.compile(loss="mse")
    return model
"""
OWN = """import keras
class Mine(keras.Model):
    def __init__(self):
        super().__init__()
        self.d = keras.layers.Dense(1)
    def call(self, x):
        return self.d(x)
def build():
    model = Mine()
    model.compile(loss="mse")
    return model
"""
ASKS = ["_m(np.ones((2, 3)))", "_m.predict(np.ones((2, 3)), verbose=0)", "_m.call(np.ones((2, 3)))"]


def test_a_model_of_keras_own_parts_is_the_judge_s(parent: WarmParent) -> None:
    graded = one(parent, MODEL_CHECK.format(asks=ASKS[0]), SEQUENTIAL)
    assert (graded.outcomes["q1_a"].text, graded.verdicts) == ("", ["pass"])
    assert len(graded.outcomes["q1_a"].calls) == 1  # what it is; all else happens in the judge


@pytest.mark.parametrize("asks", ASKS)
def test_hidden_inputs_never_go_to_a_model_of_a_class_of_its_own(
    parent: WarmParent, asks: str
) -> None:
    check = MODEL_CHECK.format(asks=asks).replace(FIT, "")
    graded = one(parent, check, OWN)
    outcome = graded.outcomes["q1_a"]
    assert graded.verdicts == ["fail"]
    assert outcome.hidden
    assert outcome.text.startswith("expected: the grader can rebuild the model")
    assert "class of the student's own, was believed" in "".join(outcome.flags)
    assert not any("ones" in call or "1., 1." in call for call in outcome.calls)


def test_weights_that_are_not_finite_are_a_message(parent: WarmParent) -> None:
    spoilt = SEQUENTIAL.replace(
        "    return", "    model.layers[0].kernel.assign([[float('nan')]] * 3)\n    return"
    )
    outcome = one(parent, MODEL_CHECK.format(asks=ASKS[0]), spoilt).outcomes["q1_a"]
    assert outcome.verdict is Verdict.FAIL
    assert "weights contain NaN or infinity" in outcome.text


def test_a_model_where_a_function_should_stand_costs_its_check(parent: WarmParent) -> None:
    spoilt = (
        "import keras\nbuild = keras.Sequential([keras.Input((3,)), keras.layers.Dense(1)])\n"
        "build.layers[0].kernel.assign([[float('nan')]] * 3)"
    )
    assert one(parent, MODEL_CHECK.format(asks=ASKS[0]), spoilt).points == 0


# --- a judge that dies -----------------------------------------------------------------------

KILLS = """import os
def double(x):
    if {when}:
        status = open(f"/proc/{{os.getppid()}}/status").read()
        judge = int(status.split("PPid:")[1].split()[0])
        os.kill(judge, 9)
    return 2 * x
"""


def test_a_judge_that_is_killed_stops_nobody(tmp_path: Path) -> None:
    """The submission is tried once more; who kills both times has a question for a person, no zero.

    It takes an engine without a fence: behind one, nobody reaches a judge.
    """
    mark = str(tmp_path / "mark")
    answers = {
        "always": KILLS.format(when="True"),
        "first": "def double(x):\n    return x + x",
        "once": KILLS.format(
            when=f"not os.path.exists({mark!r}) and not open({mark!r}, 'w').close()"
        ),
        "second": "def double(x):\n    return 2 if x == 1 else 0",
        "third": "def double(x):\n    return 2 * x",
    }
    unit = make_unit(tmp_path)
    for student, answer in answers.items():
        hand_in(unit, student, answer)
    with WarmEngine(tmp_path, unit, jobs=2, limits=LIMITS, without=ALL_LAYERS) as engine:
        records = {record.student: record for record in engine.grade(answers)}
    assert {name: record.status.value for name, record in records.items()} == dict.fromkeys(
        answers, "needs-manual"
    )
    assert {name: auto(record) for name, record in records.items()} == {
        "always": [None, None],
        "first": [1, 0.5],
        "once": [1, 0.5],
        "second": [0, 0],
        "third": [1, 0.5],
    }


def auto(record: Record) -> list[float | None]:
    return [outcome.points for outcome in record.outcomes]


def hand_in(unit: Unit, student: str, answer: str) -> None:
    """Hand in the released notebook with one answer."""
    root, name = unit.course.root, unit.challenge_notebook
    book = json.loads((root / "notebooks" / unit.id / name).read_text(encoding="utf-8"))
    for cell in book["cells"]:
        if cell["id"] == "q1_double":
            cell["source"] = answer
    folder = root / "submitted" / student / unit.id
    folder.mkdir(parents=True)
    (folder / name).write_text(json.dumps(book), encoding="utf-8")


def test_stubs_are_what_students_get() -> None:
    assert (
        stub("def f(x):\n    return 1")
        == 'def f(x):\n    raise NotImplementedError("not tried yet")'
    )


# --- what an answer makes the judge do -------------------------------------------------------

HEAVY = cells_of(
    "import numpy as np\nimport keras",
    {
        "q1_m": "def build():\n    return keras.Sequential([keras.Input((64, 64, 1)),"
        " keras.layers.Flatten()])",
        "q2_double": "def double(x):\n    return 2 * x",
    },
    {
        "q1_m": "assert len(build()(np.zeros((400, 64, 64, 1), 'float32'))) == 400",
        "q2_double": "assert double(2) == 4",
    },
    {"q1_m": 1.0, "q2_double": 1.0},
)
LAYERS_OF = "def build():\n    return keras.Sequential([keras.Input((64, 64, 1)), {}])"
COSTLY = {
    "a long operation": (
        "*(keras.layers.Conv2D(64, 15, padding='same') for _ in range(3))",
        "limit:cpu",
        "more than 4 s of computing time in the grader",
    ),
    "a large one": (
        "keras.layers.Conv2D(240, 1), *(keras.layers.ReLU() for _ in range(3))",
        "limit:memory",
        "more than 2,500 MB of memory in the grader",
    ),
    "a modest one": ("keras.layers.Flatten()", "pass", ""),
}


def test_what_a_model_costs_the_judge_counts_as_the_students(tmp_path: Path) -> None:
    """The judge is ended from outside, and the rest is judged in another."""
    limits = Limits(cpu_check=4, judge_memory=2500)
    double = "def double(x):\n    return 2 * x"
    with JudgeProcess(HEAVY, tmp_path, limits) as judge:
        for layers, verdict, text in COSTLY.values():
            answers = {"q1_m": LAYERS_OF.format(layers), "q2_double": double}
            told = judge.judge(sheet(answers, unit=HEAVY))
            model, other = told["outcomes"]
            assert (model["verdict"], other["verdict"]) == (verdict, "pass")
            assert text in model["text"]
            assert told["flags"] == ([f"q1_m: it used {text}"] if text else [])
