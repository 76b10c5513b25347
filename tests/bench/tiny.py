"""A small course in a folder of its own, whose submissions train for about a second."""

from __future__ import annotations

from pathlib import Path

from coursekit.sources.layout import Unit
from samples import make_unit

TRAINS = "keras.utils.set_random_seed(0)"  # in the cell to play with; each student's own
CHALLENGE = f"""# %% [markdown]
# # A tiny network

# %% given="setup"
from coursekit import expect, setup

setup.start()
import keras
import numpy as np

x = np.linspace(-1, 1, 256, dtype="float32")[:, None]
y = x**2

# %% [markdown] prompt="q1_build"
# Return a compiled model.

# %% answer="q1_build"
def build():
    ### BEGIN SOLUTION
    layers = [keras.Input((1,)), keras.layers.Dense(16, "tanh"), keras.layers.Dense(1)]
    model = keras.Sequential(layers)
    model.compile("adam", "mse")
    return model
    ### END SOLUTION

# %% check="q1_build" part="shape" points=1
expect.output_shape(build(), (None, 1))

# %% check="q1_build" part="rows" points=1
_model = build()
expect.shape(np.asarray(_model(x[:5])), (5, 1))

# %% [markdown] prompt="q2_error"
# Return the mean squared error.

# %% answer="q2_error"
def error(truth, guess):
    ### BEGIN SOLUTION
    return float(np.mean((truth - guess) ** 2))
    ### END SOLUTION

# %% check="q2_error" points=2
expect.close(error(y, y), 0.0)
### BEGIN HIDDEN TESTS
expect.close(error(y, y + 2), 4.0)
### END HIDDEN TESTS

# %%
{TRAINS}
model = build()
history = model.fit(x, y, batch_size=32, epochs=20, verbose=0)
print(error(y, np.asarray(model(x))))
"""
VARIANTS = """# %% [markdown]
# Answers to the tiny challenge.

# %% q2_error wrong="sums" loses="q2_error-check"
def error(truth, guess):
    return float(np.sum((truth - guess) ** 2))
"""


def make_course(root: Path) -> Unit:
    """Write the course into `root`, build it, and return its unit."""
    return make_unit(root, CHALLENGE, VARIANTS)
