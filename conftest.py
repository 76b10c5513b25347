"""nbval fails on what a cell writes to stderr: notebooks and solutions run without a warning.

It lies here because nbval collects notebooks/ and solutions/, which tests/conftest.py does not see.
"""

from collections.abc import Callable, Generator
from functools import partial
from typing import Any

import pytest
from nbval.plugin import IPyNbCell, IPyNbFile


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
    """Fail a notebook's cell that has passed, yet wrote to stderr."""
    result = yield
    if isinstance(item, IPyNbCell):
        for output in item.test_outputs:
            if output.get("name") == "stderr":
                item.raise_cell_error(f"The cell writes to stderr: {output.text.strip()}")
    return result


def _apart(file: IPyNbFile, function: Callable[[], None]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        # A kernel that sees this leaves to pytest what C and C++ write, and nobody reads it.
        patch.delenv("PYTEST_CURRENT_TEST", raising=False)
        # With this nbval would measure coverage in the kernel, which slows training down.
        patch.setattr(file.config.option, "cov_source", None, raising=False)
        function()
