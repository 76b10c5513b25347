"""A warm parent for all tests of this folder: it takes seconds to start."""

from collections.abc import Iterator

import pytest

from coursekit.grading.forks import WarmParent
from engine_samples import ALL_LAYERS


@pytest.fixture(scope="session")
def parent() -> Iterator[WarmParent]:
    with WarmParent() as made:
        yield made


@pytest.fixture(scope="session")
def open_parent() -> Iterator[WarmParent]:
    """A warm parent without any fence, as where the system offers none."""
    with WarmParent(without=ALL_LAYERS) as made:
        yield made
