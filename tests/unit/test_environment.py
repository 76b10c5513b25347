"""Executing a notebook: what a widget shows belongs to its cell, and nobody waits for ever."""

from pathlib import Path

from nbformat.v4 import new_code_cell, new_notebook

from coursekit.authoring.environment import notebook_client

WIDGET = """import ipywidgets as widgets
_ = widgets.interact(lambda n: print("n is", n), n=(1, 9))"""


def test_what_an_interactive_piece_shows_is_its_cells_output(tmp_path: Path) -> None:
    notebook = new_notebook(cells=[new_code_cell(WIDGET), new_code_cell("print('after')")])
    notebook_client(notebook, tmp_path, timeout=60).execute()
    piece, after = notebook.cells
    assert "n is 5\n" in [output.get("text") for output in piece.outputs]
    assert [output.text for output in after.outputs] == ["after\n"]
