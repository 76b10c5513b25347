"""What nbval does not see: errors of the wrong kind, and marked cells with nothing to compare."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

from coursekit.authoring.source import COMPARED

ROOT = Path(__file__).resolve().parents[2]
RELEASES = sorted(p for p in ROOT.glob("notebooks/*/*.ipynb") if p.parent.name != "lectures")
COMPARED_NOTEBOOKS = sorted([*ROOT.glob("notebooks/lectures/*.ipynb"), *ROOT.glob("solutions/*/*")])


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_there_is_something_to_test() -> None:
    assert RELEASES
    assert len(COMPARED_NOTEBOOKS) > len(RELEASES)


@pytest.mark.parametrize("path", RELEASES, ids=name)
def test_an_unanswered_release_raises_nothing_but_not_tried(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    tags = [cell.metadata.pop("tags", []) for cell in notebook.cells]
    assert ["raises-exception"] in tags, "the tags would hide any error, so they are taken off"
    client = NotebookClient(
        notebook, timeout=300, kernel_name="python3", allow_error_names=["NotImplementedError"]
    )
    client.execute()
    checks = [cell for cell in notebook.cells if cell.metadata.get("nbgrader", {}).get("grade")]
    for cell in checks:
        errors = [o.ename for o in cell.outputs if o.output_type == "error"]
        assert errors == ["NotImplementedError"], cell.id
    streams = [
        o.name for c in notebook.cells if c.cell_type == "code" for o in c.outputs if "name" in o
    ]
    assert "stderr" not in streams


@pytest.mark.parametrize("path", COMPARED_NOTEBOOKS, ids=name)
def test_marked_cells_and_no_others_have_outputs(path: Path) -> None:
    notebook = nbformat.read(path, as_version=4)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            marked = COMPARED in cell.source.splitlines()
            assert bool(cell.outputs) == marked, cell.id
            assert (cell.execution_count is not None) == marked, cell.id
