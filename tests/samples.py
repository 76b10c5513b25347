"""Small sources, and the small course made of them, that several tests share."""

from importlib.metadata import version
from pathlib import Path

from coursekit.authoring.build import build
from coursekit.sources.layout import Course, Unit

CHALLENGE = """# %% [markdown]
# # A challenge

# %% given="setup"
import math

# %% [markdown] prompt="q1_double"
# Double it.

# %% answer="q1_double"
def double(x):
    ### BEGIN SOLUTION
    return 2 * x
    ### END SOLUTION

# %% check="q1_double" part="small" points=1
assert double(1) == 2
### BEGIN HIDDEN TESTS
assert double(3) == 6
### END HIDDEN TESTS

# %% check="q1_double" part="large" points=0.5
assert double(100) == 200

# %% [markdown] task="q2_why" points=4
# Why?
# ### BEGIN MARK SCHEME
# Because.
# ### END MARK SCHEME

# %% [markdown]
# *Your answer.*
"""

VARIANTS = """# %% [markdown]
# Answers to the small challenge.

# %% q1_double right="adds"
def double(x):
    return x + x

# %% q1_double wrong="squares" loses="q1_double-small, q1_double-large"
def double(x):
    return x * x
"""


def make_unit(
    root: Path, challenge: str = CHALLENGE, variants: str = VARIANTS, name: str = "01_small"
) -> Unit:
    """Write a course of one unit into `root`, build it, and return the unit."""
    folder = root / "course" / name
    folder.mkdir(parents=True)
    (folder / "challenge.py").write_text(challenge, encoding="utf-8")
    (folder / "variants.py").write_text(variants, encoding="utf-8")
    (root / "pyproject.toml").write_text(
        '[tool.coursekit]\nstudent_repository = "https://github.com/someone/course"\n'
    )
    build(Course(root).units)
    return Course(root).units[0]


def lock(course: Course, **others: str) -> None:
    """Write a lock file that pins what is installed, and some libraries in another version."""
    from coursekit.proving.decisive import LIBRARIES

    pins = {name: version(name) for name in LIBRARIES} | others
    text = "".join(f"{name}=={pin}\n" for name, pin in pins.items())
    (course.root / "requirements.lock").write_text(text, encoding="utf-8")
