"""Lectures that want a full image set get it, where it is there, and do not quietly do without."""

import os
from pathlib import Path

import pytest

from coursekit import data

pytestmark = pytest.mark.fulldata


def test_a_run_by_make_gives_the_full_sets_to_its_notebooks(full_data: Path) -> None:
    if "MAKELEVEL" not in os.environ:
        pytest.skip("this run was not started by make")
    assert Path(os.environ["COURSEKIT_DATA"]) == full_data
    assert data.load_mnist(size="full").x_train.shape == (60000, 28, 28)
