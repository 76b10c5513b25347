"""Execute every built notebook, and write its HTML and a screenshot into rendered/, to look at."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
from nbconvert import HTMLExporter
from nbconvert.preprocessors import CoalesceStreamsPreprocessor, TagRemovePreprocessor

from browser.chromium import FLAGS
from coursekit.authoring.environment import notebook_client

ROOT = Path(__file__).resolve().parents[2]
CHROMIUM = ["chromium", "--headless", *FLAGS, "--virtual-time-budget=5000"]
WIDTH, HEIGHT_OF_A_CELL = 1000, 700  # pixels; a cell with a picture needs about as much


def render(path: Path, folder: Path) -> Path:
    """Execute the notebook at `path` and return the path of its screenshot in `folder`."""
    notebook = nbformat.read(path, as_version=4)
    with tempfile.TemporaryDirectory() as sockets:
        notebook_client(notebook, Path(sockets), timeout=600, allow_errors=True).execute()
    CoalesceStreamsPreprocessor().preprocess(notebook, {})
    # As JupyterLab shows a folded cell; nbconvert alone would print a quiz's answers above it.
    TagRemovePreprocessor(remove_input_tags={"hide-input"}).preprocess(notebook, {})
    page = folder / f"{path.parent.parent.name}_{path.stem}.html"
    page.write_text(HTMLExporter().from_notebook_node(notebook)[0], encoding="utf-8")
    shot = page.with_suffix(".png")
    size = f"--window-size={WIDTH},{HEIGHT_OF_A_CELL * len(notebook.cells)}"
    with tempfile.TemporaryDirectory() as profile:
        command = [*CHROMIUM, size, f"--user-data-dir={profile}", f"--screenshot={shot}"]
        subprocess.run([*command, page.as_uri()], check=True, capture_output=True)
    return shot


def main() -> int:
    """Render the notebooks named, or all."""
    os.environ.setdefault("COURSEKIT_HELD_OUT", str(ROOT / "course"))
    folder = ROOT / "rendered"
    folder.mkdir(exist_ok=True)
    paths = [Path(name).resolve() for name in sys.argv[1:]]
    paths = paths or sorted([*ROOT.glob("notebooks/*/*.ipynb"), *ROOT.glob("solutions/*/*.ipynb")])
    for number, path in enumerate(paths, 1):
        print(f"{number}/{len(paths)} {path.relative_to(ROOT)}", flush=True)
        print("   ", render(path, folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
