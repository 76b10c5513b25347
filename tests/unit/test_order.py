"""The longest files of the suite are run first, and are still there."""

import runpy
from pathlib import Path


def test_files_have_their_turn_by_how_long_they_take(root: Path) -> None:
    hooks = runpy.run_path(str(root / "conftest.py"))
    turn, longest = hooks["turn"], hooks["LONGEST"]
    files = [*root.glob("tests/*/test_*.py"), *root.glob("notebooks/lectures/*.ipynb")]
    assert set(longest) <= {file.stem for file in files}
    order = [file.stem for file in sorted(files, key=turn)]
    assert order[: len(longest)] == list(longest)
    assert order.index("00_foundations_1_neurons") < order.index("test_quiz")
