"""The two small challenges that cases answer: plain functions, and models with seeds."""

from __future__ import annotations

from dataclasses import dataclass

import engine_samples

DEEP_SETUP = """import keras
import numpy as np

x = np.linspace(-1, 1, 64, dtype="float32").reshape(-1, 2)
y = x.sum(axis=1, keepdims=True)
"""
DEEP_SOLUTIONS = {
    "q1_build": '''def build():
    """Return a model of 2 inputs, 4 ReLU units and 1 output."""
    return keras.Sequential(
        [
            keras.Input(shape=(2,)),
            keras.layers.Dense(4, activation="relu"),
            keras.layers.Dense(1),
        ]
    )''',
    "q2_train": '''def train():
    """Return a compiled model that adds its 2 inputs."""
    model = keras.Sequential([keras.Input(shape=(2,)), keras.layers.Dense(1)])
    model.compile(optimizer="sgd", loss="mse")
    model.set_weights([np.ones((2, 1)), np.zeros(1)])
    return model''',
    "q3_mean": '''def mean(values):
    """Return the mean of the values."""
    return float(np.sum(values) / len(values))''',
}
BUILD = """_model = build()
assert isinstance(_model, keras.Model), f"a {type(_model).__name__} is no model"
assert _model.output_shape == (None, 1), f"the output has shape {_model.output_shape}"
assert _model.count_params() == 17, f"{_model.count_params()} parameters"
### BEGIN HIDDEN TESTS
_made = _model(np.random.default_rng(7310942).normal(size=(3, 2)).astype("float32"))
assert _made.shape == (3, 1), "secret-7310942"
_kinds = [type(_layer).__name__ for _layer in _model.layers]
assert [_kind for _kind in _kinds if _kind != "InputLayer"] == ["Dense", "Dense"], _kinds
### END HIDDEN TESTS
"""
TRAIN = """_model = train()
_loss = float(_model.evaluate(x, y, verbose=0))
assert _loss < 0.01, f"the loss is {_loss:.3f}"
### BEGIN HIDDEN TESTS
_x = np.random.default_rng(7310942).normal(size=(40, 2)).astype("float32")
_error = np.abs(np.asarray(_model(_x))[:, 0] - _x.sum(axis=1)).mean()
assert _error < 0.01, f"secret-7310942: the error is {_error:.3f}"
### END HIDDEN TESTS
"""
MEAN = """keras.utils.set_random_seed(11)
_values = np.random.rand(5)
assert abs(mean(_values) - _values.mean()) < 1e-9, "the mean of 5 numbers"
### BEGIN HIDDEN TESTS
keras.utils.set_random_seed(7310942)
_values = np.random.rand(5)
_rest = np.random.default_rng(7310942).normal(size=9)
assert abs(mean(_values) - _values.mean()) < 1e-9, "secret-7310942: the mean of 5 more"
assert abs(mean(_rest) - _rest.mean()) < 1e-9, "secret-7310942: the mean of 9"
### END HIDDEN TESTS
"""
DEEP_CHECKS = {"q1_build": BUILD, "q2_train": TRAIN, "q3_mean": MEAN}


@dataclass(frozen=True)
class Challenge:
    """A challenge, and three ways to answer it whole.

    Attributes
    ----------
    text : str
        Its source.
    points : dict of str to float
        By question.
    answers : dict of str to dict
        ``right``, ``wrong`` and ``none``: each question's code; without one, the stub stays.
    """

    text: str
    points: dict[str, float]
    answers: dict[str, dict[str, str]]


def _challenge(
    setup: str,
    solutions: dict[str, str],
    checks: dict[str, str],
    points: dict[str, float],
    wrong: dict[str, str],
) -> Challenge:
    cells = [f'# %% [markdown]\n# # A challenge\n\n# %% given="setup"\n{setup.strip()}']
    for name, solution in solutions.items():
        head, body = _cut(solution)
        answer = f"{head}\n    ### BEGIN SOLUTION\n{body}\n    ### END SOLUTION"
        cells += [
            f'# %% [markdown] prompt="{name}"\n# Write it.',
            f'# %% answer="{name}"\n{answer}',
            f'# %% check="{name}" points={points[name]:g}\n{checks[name].strip()}',
        ]
    answers = {"right": solutions, "wrong": wrong, "none": {}}
    return Challenge("\n\n".join(cells) + "\n", points, answers)


def _cut(solution: str) -> tuple[str, str]:
    """Split a function where what students are given ends: after its first line or docstring."""
    lines = solution.split("\n")
    at = 2 if '"""' in lines[1] else 1
    return "\n".join(lines[:at]), "\n".join(lines[at:])


SMALL = _challenge(
    engine_samples.SETUP,
    engine_samples.SOLUTIONS,
    engine_samples.CHECKS,
    engine_samples.POINTS,
    {
        "q1_double": "def double(x):\n    return 0",
        "q2_total": "def total(values):\n    return 0",
        "q3_fill": "def fill(array):\n    return None",
        "q4_last": "def last(values):\n    return 0",
    },
)
DEEP = _challenge(
    DEEP_SETUP,
    DEEP_SOLUTIONS,
    DEEP_CHECKS,
    {"q1_build": 3.0, "q2_train": 4.0, "q3_mean": 3.0},
    {
        "q1_build": "def build():\n    return None",
        "q2_train": "def train():\n    return None",
        "q3_mean": "def mean(values):\n    return 0.0",
    },
)
CHALLENGES = {"small": SMALL, "deep": DEEP}
DEEP_FAMILIES = ("model", "seeds")


def unit_of(family: str) -> str:
    """Return which challenge the cases of a family answer."""
    return "deep" if family in DEEP_FAMILIES else "small"
