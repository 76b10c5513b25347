"""`import coursekit` is light; the timing itself is measured in tests/bench/import_time.py."""

import subprocess
import sys

import pytest

HEAVY = {"keras", "matplotlib", "numpy", "pandas", "tensorflow"}
PROBE = "import sys; {code}; print(*sys.modules)"


def loaded(code):
    done = subprocess.run(
        [sys.executable, "-c", PROBE.format(code=code)], capture_output=True, text=True, check=True
    )
    assert done.stderr == ""
    return HEAVY & {*done.stdout.split()}


@pytest.mark.parametrize(
    ("code", "heavy"),
    [
        ("import coursekit; dir(coursekit)", set()),
        ("import coursekit; coursekit.__version__", set()),
        ("from coursekit import setup", set()),
        ("from coursekit import expect, predict", {"numpy"}),
        ("from coursekit import plots", {"matplotlib", "numpy"}),
    ],
)
def test_what_an_import_loads(code, heavy):
    assert loaded(code) == heavy


def test_submodules_are_attributes_and_others_are_refused():
    import coursekit

    assert {"data", "expect", "plots", "predict", "setup", "__version__"} <= {*dir(coursekit)}
    assert coursekit.predict.record
    assert coursekit.__version__[0].isdigit()
    with pytest.raises(AttributeError, match="no attribute 'grading_secrets'"):
        _ = coursekit.grading_secrets
