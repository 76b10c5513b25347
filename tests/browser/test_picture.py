"""A picture of the course in a real browser: it shows, and its alt text is there."""

import subprocess
from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient
from nbconvert import HTMLExporter

from browser.chromium import FLAGS

CODE = """from coursekit import data, plots
greenhouse = data.load_regression()
y = greenhouse.y_test
plots.show(plots.residuals(y, 0 * y), alt="Points in a cloud.")"""


@pytest.mark.browser
def test_a_picture_shows_with_its_alt_text(chromium: str, tmp_path: Path) -> None:
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(CODE)])
    NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
    page = tmp_path / "page.html"
    page.write_text(HTMLExporter().from_notebook_node(notebook)[0], encoding="utf-8")

    def browse(*arguments: str) -> str:
        command = [
            chromium,
            "--headless",
            *FLAGS,
            f"--user-data-dir={tmp_path / 'profile'}",
            *arguments,
        ]
        done = subprocess.run(
            [*command, page.as_uri()], capture_output=True, text=True, timeout=120, check=True
        )
        return done.stdout

    dom = browse("--dump-dom")
    assert dom.count("<img") == 1, "shown once"
    assert 'alt="Points in a cloud."' in dom
    shot = tmp_path / "shot.png"
    browse(f"--screenshot={shot}", "--window-size=900,1100")
    from matplotlib.image import imread

    picture = imread(shot)[..., :3]
    coloured = (picture.max(axis=-1) - picture.min(axis=-1)) > 0.2
    assert coloured.sum() > 1_000, "the points are drawn in colour"
