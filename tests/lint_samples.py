"""A lecture and a challenge without a fault, for the lint's tests to plant one in."""

from collections.abc import Callable, Iterable
from pathlib import Path

from coursekit.lint.page import Page
from coursekit.sources.findings import Finding
from coursekit.sources.layout import Course, Unit

Rules = Callable[[Page], Iterable[Finding]]

PARTS = ("Look at the data", "Baseline", "Build", "Train", "Judge", "Improve")
FILLER = "\n# %%\nassert 1 + 1 == 2\n" * 16

LECTURE = """# %% [markdown]
# # A small lecture
#
# {{badge}}
#
# On Colab: *File → Save a copy in Drive*.

# %% [markdown]
# ## Objectives *(2 min)*
#
# **30 minutes.** At the end you can
#
# 1. read;
# 2. write;
# 3. count.

# %%
from coursekit import data, expect, plots, predict, quiz, setup

setup.start(seed=0)
import keras
import matplotlib.pyplot as plt


# %% [markdown]
# ## Problem *(4 min)*
#
# The accuracy rises, and the loss falls. Train with a learning rate of 0.1.
""" + "".join(f"\n# %% [markdown]\n# ## {part} *(4 min)*\n" for part in PARTS)

LECTURE += """
# %% [markdown]
# ### Idea 1: counting
#
# Change **one thing** at a time. See [Keras](https://keras.io).

# %%
guess = None
predict.record("sum", guess)

# %%
predict.compare("sum", 1 + 1)
rows = data.load_regression()
expect.equal(len(rows.x_train), 110, name="rows")

# %%
fig, ax = plt.subplots()
ax.plot(rows.y_train)
ax.set(title="Targets", xlabel="row", ylabel="y [°C]")
plots.show(fig, alt="The targets go up and down from row to row.")

# %%
model = keras.Sequential([keras.Input(shape=(2,)), keras.layers.Dense(1)])
x_val, y_val = rows.x_train[80:], rows.y_train[80:]
model.compile(loss="mse")
model.fit(rows.x_train, rows.y_train, validation_data=(x_val, y_val), verbose=0)

# %%
answers = {"2": "Right: count.", "3": "Count again."}
quiz.ask("1 + 1?", answers)

# %% [markdown]
# ### Find the bug
#
# Which line is wrong?
"""
LECTURE += FILLER
LECTURE += """
# %% [markdown]
# ## Take away *(4 min)*
#
# Now {{challenge}}.
"""

QUESTION = """
# %% [markdown] prompt="q{n}_more"
# ## Question {n}: more (1 point)


# %% answer="q{n}_more"
def more_{n}(x):
    ### BEGIN SOLUTION
    return x + {n}
    ### END SOLUTION


# %% check="q{n}_more" points=1
expect.equal(more_{n}(1), {n} + 1, name="one more")
"""

CHALLENGE = """# %% [markdown]
# # A small challenge
#
# {{badge}}
#
# *About 30 minutes · 10 points.* On Colab: **File → Save a copy in Drive**.

# %% given="setup"
from coursekit import data, expect, setup

setup.start(seed=1)

import keras
import numpy as np

rows = data.load_regression()
x_val, y_val = rows.x_train[80:], rows.y_train[80:]
baseline_mse = float(np.var(y_val))


def measured(model):
    return float(np.mean((y_val - np.asarray(model(x_val)).reshape(-1)) ** 2))


# %%
my_note = "a plain cell"
"""
CHALLENGE += "".join(QUESTION.format(n=n) for n in (1, 2, 3))
CHALLENGE += """
# %% [markdown] prompt="q4_train"
# ## Question 4: train (3 points)
#
# | tier | error at most |
# |---|---|
# | silver | 70 % of the baseline's |
# | gold | half of it |


# %% answer="q4_train"
def train(x, y):
    ### BEGIN SOLUTION
    model = keras.Sequential([keras.Input(shape=(2,)), keras.layers.Dense(1)])
    model.compile(loss="mse")
    model.fit(x, y, verbose=0)
    return model
    ### END SOLUTION


# %% check="q4_train" part="silver" points=1
keras.utils.set_random_seed(4)
_model = train(rows.x_train, rows.y_train)
_error = measured(_model)
expect.better(_error, baseline_mse, factor=0.7, name="silver")

# %% check="q4_train" part="gold" points=2
keras.utils.set_random_seed(4)
_model = train(rows.x_train, rows.y_train)
expect.rebuilds(_model)
### BEGIN HIDDEN TESTS
from coursekit.grading import held_out

_x, _y = held_out.load("regression")
_error = float(np.mean((_y - np.asarray(_model(_x)).reshape(-1)) ** 2))
expect.better(_error, baseline_mse, factor=0.5, name="gold")
### END HIDDEN TESTS
"""
CHALLENGE += '\n# %%\nassert my_note == "a plain cell"\n' * 6
CHALLENGE += """
# %% [markdown] task="q5_why"
# ## Question 5: why? (4 points)
#
# ### BEGIN MARK SCHEME
# Because.
# ### END MARK SCHEME

# %% [markdown]
# *Replace this line with your answer.*

# %% [markdown]
# ## Hand in
#
# **File → Download**, and hand in `small_challenge.ipynb`.
"""
CHALLENGE = CHALLENGE.replace('task="q5_why"', 'task="q5_why" points=4')


def write_unit(root: Path, *, lecture: str = "", challenge: str = "") -> Unit:
    """Write a course of one unit into `root`, without building it."""
    folder = root / "course" / "01_small"
    folder.mkdir(parents=True)
    for name, text in (("lecture.py", lecture), ("challenge.py", challenge)):
        if text:
            (folder / name).write_text(text, encoding="utf-8")
    (root / "pyproject.toml").write_text(
        '[tool.coursekit]\nstudent_repository = "https://github.com/someone/course"\n'
    )
    return Unit(Course(root), "01_small")


def found(rules: Rules, unit: Unit) -> list[tuple[str, int]]:
    """Return (rule, line) of what some rules find in the unit's lecture or challenge."""
    path = unit.lectures[0] if unit.lectures else unit.folder / "challenge.py"
    return [(finding.rule, finding.line) for finding in rules(Page.read(unit, path))]


def plant(text: str, old: str, new: str) -> tuple[str, int]:
    """Replace `old` by `new`, once; return the text and the line where ``<<`` stood in `new`."""
    assert text.count(old) >= 1, old
    planted = text.replace(old, new, 1)
    before, mark, after = planted.partition("<<")
    return before + after, before.count("\n") + 1 if mark else 0
