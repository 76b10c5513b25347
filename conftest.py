"""What holds for a whole run: which tests come first, and what nbval lets a notebook do.

It lies here because nbval collects notebooks/ and solutions/, which tests/conftest.py does not see.
"""

from collections.abc import Callable, Generator
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from nbval.plugin import IPyNbCell, IPyNbFile

# Files by how long they take, then the other notebooks, then the rest.
LONGEST = (
    *("test_same_points", "test_units", "test_orders", "test_fence_elsewhere", "test_cluster"),
    *("05_fashion_4_tuning", "test_regression_class", "test_corpus", "test_killed", "test_stopped"),
    *("test_handed_in", "test_unchanged", "05_fashion_3_callbacks", "test_site", "test_by_chance"),
    *("03_mnist_2_network", "02_iris_2_overfit", "test_verify_small", "test_lab", "test_colab"),
)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begin with the longest files, or one core does them at the end while the other waits."""
    items.sort(key=lambda item: turn(item.path))


def turn(file: Path) -> int:
    """Return when a file has its turn: first the smallest."""
    if file.stem in LONGEST:
        return LONGEST.index(file.stem)
    return len(LONGEST) + (file.suffix != ".ipynb")


@pytest.hookimpl(wrapper=True)
def pytest_collect_file() -> Generator[None, list[Any], list[Any]]:
    """Let each notebook's kernel run as a student's does."""
    found = yield
    for file in found:
        if isinstance(file, IPyNbFile):
            file.setup = partial(_apart, file, file.setup)
            file.teardown = partial(_apart, file, file.teardown)
    return found


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, Any, Any]:
    """Fail a notebook's cell that has passed, yet wrote to stderr or raised another error."""
    result = yield
    if isinstance(item, IPyNbCell):
        for output in item.test_outputs:
            if output.get("name") == "stderr":
                item.raise_cell_error(f"The cell writes to stderr: {output.text.strip()}")
        if item.path.parts[-3] == "notebooks" and item.path.parts[-2] != "lectures":
            _say_not_tried(item)
    return result


def _say_not_tried(item: IPyNbCell) -> None:
    """Fail a cell of a release that says more than "not tried yet", or a check that does not.

    The tags of a release let nbval pass any error.
    """
    raised = [output.ename for output in item.test_outputs if output.output_type == "error"]
    check = item.cell.metadata.get("nbgrader", {}).get("grade", False)
    if raised != ["NotImplementedError"] and (raised or check):
        what = raised[0] if raised else "nothing"
        item.raise_cell_error(f"The cell of an unanswered challenge raises {what}.")


def _apart(file: IPyNbFile, function: Callable[[], None]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        # A kernel that sees this leaves to pytest what C and C++ write, and nobody reads it.
        patch.delenv("PYTEST_CURRENT_TEST", raising=False)
        # With this nbval would measure coverage in the kernel, which slows training down.
        patch.setattr(file.config.option, "cov_source", None, raising=False)
        function()
