"""A small course with something to hide in every place, for the tests of the leak gate."""

from pathlib import Path

import numpy as np

from coursekit.authoring.build import build
from coursekit.sources.layout import Course

SOLUTION = """\
    total_weight = sum(weights)
    products = [value * weight for value, weight in zip(values, weights)]
    if total_weight == 0:
        raise ValueError("all of the weights vanish")
    return sum(products) / total_weight"""
HIDDEN = 'assert weighted_mean([2.75, 8.125], [3, 1]) == 4.09375, "a heavy first value"'
SCHEME = "A weight of nought takes its value out of the mean altogether, whatever it is."
LECTURE = """# %% [markdown]
# # Means
#
# *About 20 minutes.* A mean weighs its values.

# %%
numbers = [1, 2, 3]
mean = sum(numbers) / len(numbers)
"""
CHALLENGE = f"""# %% [markdown]
# # A challenge about means
#
# About 10 minutes.

# %% given="setup"
import math

# %% [markdown] prompt="q1_mean"
# Write `weighted_mean`. The mean of 1 and 3 with equal weights is 2.

# %% answer="q1_mean"
def weighted_mean(values, weights):
    \"\"\"Return the weighted mean.\"\"\"
    ### BEGIN SOLUTION
{SOLUTION}
    ### END SOLUTION

# %% check="q1_mean" part="plain" points=1
_mean = weighted_mean([1, 3], [1, 1])
assert _mean == 2, "equal weights"
### BEGIN HIDDEN TESTS
{HIDDEN}
### END HIDDEN TESTS

# %% [markdown] task="q2_why" points=4
# What does a weight of 0 do?
# ### BEGIN MARK SCHEME
# - {SCHEME}
# ### END MARK SCHEME

# %% [markdown]
# *Your answer.*
"""
VARIANTS = """# %% q1_mean right="a loop over positions"
def weighted_mean(values, weights):
    above = below = 0
    for position in range(len(values)):
        above = above + values[position] * weights[position]
        below = below + weights[position]
    return above / below

# %% q1_mean wrong="forgets the weights" loses="q1_mean-plain"
def weighted_mean(values, weights):
    return 0
"""
TEACHING = """# Teaching

Pause when somebody asks whether the weights have to add up to one hundred percent of the class.
"""


def make_course(root: Path) -> Course:
    """Write and build a course of one unit into `root`, with one student's files."""
    folder = root / "course" / "01_means"
    (folder / "held_out").mkdir(parents=True)
    texts = {
        "lecture.py": LECTURE,
        "challenge.py": CHALLENGE,
        "variants.py": VARIANTS,
        "teaching.md": TEACHING,
        "margins.md": "# Margins\n",
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    random = np.random.default_rng(0)
    x, y = random.normal(size=(60, 2)).astype("float32"), random.normal(size=60)
    np.savez(folder / "held_out" / "means.npz", x=x, y=y)
    (root / "pyproject.toml").write_text(
        '[tool.coursekit]\nstudent_repository = "https://github.com/someone/course"\n'
    )
    course = Course(root)
    build(course.units)
    return course
