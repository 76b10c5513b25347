"""A warm parent for all tests of this folder: it takes seconds to start."""

from collections.abc import Iterator

import pytest

from coursekit.grading.forks import WarmParent


@pytest.fixture(scope="session")
def parent() -> Iterator[WarmParent]:
    with WarmParent() as made:
        yield made
