"""Cells that set a seed or measure a quality are followed, however they came by the function."""

from typing import Any

import keras
import numpy as np
import pytest

import coursekit
from coursekit import expect, setup
from coursekit.grading.doubles import Doubles

Told = dict[str, Any]


@pytest.fixture
def told() -> Told:
    return {"seeds": [], "margins": []}


@pytest.fixture
def names(told: Told) -> dict[str, Any]:
    def on_seed(seed: int) -> int:
        told["seeds"].append(seed)
        return seed + 100

    def on_margin(name: str, ratio: float) -> None:
        told["margins"].append((name, ratio))

    told["doubles"] = Doubles(on_seed=on_seed, on_margin=on_margin)
    names: dict[str, Any] = {}
    told["doubles"].put_into(names)
    return names


def drawn(seed: int) -> float:
    keras.utils.set_random_seed(seed)
    return float(np.random.rand())


@pytest.mark.parametrize(
    "code",
    [
        "import keras\nkeras.utils.set_random_seed(7)",
        "import keras as k\nk.utils.set_random_seed(seed=7)",
        "import keras.utils as u\nu.set_random_seed(7)",
        "from keras import utils\nutils.set_random_seed(7)",
        "from keras.utils import set_random_seed as seed\nseed(7)",
        "from keras.utils import *\nset_random_seed(7)",
        "def later():\n    import keras\n    keras.utils.set_random_seed(7)\nlater()",
        "from coursekit import setup\nsetup.start(seed=7)",
        "import coursekit.setup\ncoursekit.setup.start(seed=7)",
        "from coursekit.setup import start\nstart(seed=7)",
    ],
)
def test_a_seed_is_told_and_the_other_one_set(code: str, told: Told, names: dict[str, Any]) -> None:
    exec(code, names)
    assert told["seeds"] == [7]
    assert float(np.random.rand()) == drawn(107)


@pytest.mark.parametrize(
    "code",
    [
        "from coursekit import expect\nexpect.better(1, 4, factor=0.5, name='error')",
        "import coursekit\ncoursekit.expect.better(1, 4, factor=0.5, name='error')",
        "from coursekit.expect import better\nbetter(1, 4, factor=0.5, name='error')",
        "from coursekit.expect import better\n"
        "better(4, 1, factor=2, lower_is_better=False, name='error')",
    ],
)
def test_a_margin_is_told_and_the_check_runs(
    code: str, told: Told, names: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    exec(code, names)
    assert told["margins"] == [("error", 0.5)]
    assert capsys.readouterr().out.startswith("[pass] error is at ")


def test_a_check_that_fails_is_told_and_fails(told: Told, names: dict[str, Any]) -> None:
    with pytest.raises(expect.ExpectationError, match="expected: the score is at most 1"):
        exec("from coursekit import expect\nexpect.better(3, 1)", names)
    assert told["margins"] == [("score", 3.0)]


def test_what_is_no_number_is_the_checks_own_business(told: Told, names: dict[str, Any]) -> None:
    with pytest.raises(expect.ExpectationError, match="is one number"):
        exec("from coursekit import expect\nexpect.better('high', 1)", names)
    assert told["margins"] == []


def test_names_that_were_bound_without_an_import_get_their_double(
    told: Told, names: dict[str, Any]
) -> None:
    exec(
        "import importlib\nk = importlib.import_module('keras')\n"
        "def train():\n    k.utils.set_random_seed(3)",
        names,
    )
    assert names["k"] is keras
    told["doubles"].put_into(names)
    assert names["k"] is not keras
    names["train"]()
    assert told["seeds"] == [3], "a function sees the names of its cell"


def test_all_else_is_the_real_thing(names: dict[str, Any]) -> None:
    exec("import keras, numpy, coursekit\nfrom coursekit import expect, plots", names)
    model = keras.Sequential([keras.layers.Input((2,)), keras.layers.Dense(1)])
    exec("class Mine(keras.Model):\n    pass", names)
    assert isinstance(model, names["keras"].Model)
    assert issubclass(names["Mine"], keras.Model)
    assert names["keras"].layers is keras.layers
    assert names["keras"].__version__ == keras.__version__
    assert names["expect"].equal is expect.equal
    assert dir(names["expect"]) == dir(expect)
    assert names["numpy"] is np
    assert names["plots"] is coursekit.plots
    with pytest.raises(AttributeError, match="no attribute 'layer'"):
        _ = names["keras"].layer


def test_the_libraries_stay_as_they_are(names: dict[str, Any]) -> None:
    before = keras.utils.set_random_seed, setup.start, expect.better, __import__
    exec("import keras\nfrom coursekit import expect\nexpect.better = None", names)
    assert before == (keras.utils.set_random_seed, setup.start, expect.better, __import__)
