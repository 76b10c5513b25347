"""Pictures: what is drawn, what they say, and that a notebook shows each of them once."""

import subprocess
import sys
from html.parser import HTMLParser
from types import SimpleNamespace

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from nbconvert import HTMLExporter

from coursekit import plots

HISTORY = {"loss": [4.0, 2.0, 1.0], "val_loss": [4.0, 2.0, 3.0], "mae": [1.0, 1.0, 1.0]}
POINTS = np.random.default_rng(0).random((20, 2))


@pytest.fixture(autouse=True)
def closed_afterwards():
    yield
    plt.close("all")


def picture(axes):
    """Render a figure as the notebook does; every text must lie inside and be readable."""
    figure = plots._all_axes(axes)[0].figure
    assert figure.get_size_inches()[0] <= 8
    assert mpl.colors.to_rgba(figure.get_facecolor()) == (1, 1, 1, 1)
    figure.canvas.draw()
    box = figure.get_tightbbox()
    for ax in figure.axes:
        names = [ax.xaxis.label, ax.yaxis.label, ax.title]
        names += [ax.zaxis.label] if hasattr(ax, "zaxis") else []
        for label in names:
            assert label.get_text()
            assert label.get_fontsize() >= 10
            extent = label.get_window_extent().transformed(figure.dpi_scale_trans.inverted())
            assert box.x0 - 0.01 <= extent.x0 < extent.x1 <= box.x1 + 0.01, label
    assert plots.alt_text(axes)
    return figure


def test_learning_curves():
    ax = plots.learning_curves(HISTORY, floor=0.5, log=True)
    picture(ax)
    training, validation, floor = ax.get_lines()
    assert training.get_xdata().tolist() == [0.5, 1.5, 2.5]
    assert validation.get_xdata().tolist() == [1, 2, 3]
    assert floor.get_ydata() == [0.5, 0.5]
    looks = {(line.get_linestyle(), line.get_marker(), line.get_color()) for line in ax.get_lines()}
    assert len(looks) == 3
    assert len({look[0] for look in looks}) == 3
    assert [t.get_text() for t in ax.get_legend().get_texts()] == [
        "training", "validation", "noise floor",
    ]  # fmt: skip
    assert ax.get_yscale() == "log"
    assert "lowest 2 at epoch 2" in plots.alt_text(ax)


def test_learning_curves_of_other_histories():
    history = SimpleNamespace(history={"loss": [np.nan] * 200})
    _, ax = plt.subplots()
    assert plots.learning_curves(history, ax=ax) is ax
    assert ax.get_lines()[0].get_markevery() == 20
    ax = plots.learning_curves(HISTORY, metric="mae")
    assert len(ax.get_lines()) == 1
    assert ax.get_ylabel() == "mae"
    for empty in ({}, {"loss": []}):
        with pytest.raises(ValueError, match="no 'loss'"):
            plots.learning_curves(empty)


def test_of_an_accuracy_the_highest_is_told():
    ax = plots.learning_curves({"accuracy": [0.5, 0.9, 0.8]}, metric="accuracy")
    assert "highest 0.9 at epoch 2" in plots.alt_text(ax)
    picture(ax)


def test_surface_beside_the_truth():
    seen = []

    def predict(x):
        seen.append(x.shape)
        return x.sum(axis=1, keepdims=True)

    axes = plots.surface(predict, truth=lambda x: 3 * x[:, 0], n=6, labels=("a", "b", "c [m]"))
    figure = picture(axes)
    assert seen == [(36, 2)]
    assert axes.shape == (2,)
    assert len(figure.axes) == 2
    assert axes[0].get_zlim() == axes[1].get_zlim()
    scales = [ax.collections[0].get_clim() for ax in axes]
    assert scales == [(0, 3), (0, 3)]
    assert "c [m] from 0 at (0, 0) to 2 at (1, 1)" in plots.alt_text(axes[0])
    assert plots.alt_text(axes) == plots.alt_text(figure)
    assert [ax.get_title() for ax in axes] == ["Predicted surface", "Truth"]
    # x1 runs along the first axis: a swapped grid would put the truth's top elsewhere
    assert "to 3 at (1, 0)" in plots.alt_text(axes[1])
    assert picture(plots.surface(predict, n=3)).get_size_inches()[0] < 8
    with pytest.raises(ValueError, match="reshape"):
        plots.surface(lambda x: x, n=3)
    with pytest.raises(ValueError, match="diverge"):
        plots.surface(lambda x: x[:, 0] * np.nan, n=3)


def test_residuals():
    y = np.arange(6.0)
    ax = plots.residuals(
        y[:, None], y[:, None] - [[0.0], [1], [0], [0], [0], [-5]], noise_sd=1, unit="m"
    )
    picture(ax)
    assert ax.get_xlabel() == "prediction [m]"
    assert "[m]" in ax.get_ylabel()
    assert "5 of 6 lie" in plots.alt_text(ax)
    assert ax.patches[0].get_hatch()
    assert plots.residuals(y, y).get_legend() is None
    with pytest.raises(ValueError, match=r"\(6,\).*\(6, 1\)"):
        plots.residuals(y, y[:, None])


def test_alt_text_of_other_pictures():
    _, ax = plt.subplots()
    assert plots.alt_text(ax) == "Figure"
    ax.set_title("Iris")
    assert plots.alt_text(ax) == "Iris"


def test_show_outside_ipython_only_closes(capfd):
    ax = plots.learning_curves(HISTORY)
    plots.show(ax)
    assert plt.get_fignums() == []
    assert capfd.readouterr() == ("", "")


def test_show_needs_no_ipython():
    code = "import sys; sys.modules['IPython'] = None\nfrom coursekit import plots\n"
    code += "plots.show(plots.learning_curves({'loss': [1]}))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.fixture(scope="module")
def notebook():
    sources = [
        "from coursekit import plots\nplots.show(plots.learning_curves({'loss': [2, 1]}))",
        "plots.show(plots.surface(lambda x: x[:, 0], truth=lambda x: x[:, 1], n=4))",
        "ax = plots.residuals([1, 2], [1, 2])\n"
        "plots.show(ax.figure, alt='\"Two\" <residuals> & more')",
        "ax = plots.learning_curves({'loss': [2, 1]})",
    ]
    made = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(s) for s in sources])
    NotebookClient(made, timeout=120).execute()
    return made


def test_show_displays_once_with_alt_text(notebook):
    for cell in notebook.cells:
        assert [o.output_type for o in cell.outputs] == ["display_data"]
    for cell in notebook.cells[:3]:
        data, metadata = cell.outputs[0].data, cell.outputs[0].metadata
        assert set(data) == {"image/png", "text/html", "text/plain"}
        assert metadata["image/png"]["alt"] == data["text/plain"]


@pytest.mark.parametrize("template", ["lab", "classic", "basic"])
def test_html_export_has_the_alt_texts(notebook, template):
    page, _ = HTMLExporter(template_name=template).from_notebook_node(notebook)
    texts = []

    class Images(HTMLParser):
        def handle_starttag(self, tag, attrs):
            if tag == "img":
                texts.append(dict(attrs)["alt"])

    Images().feed(page)
    assert texts[0].startswith("Learning curves: loss over 2 epochs. Training from 2 to 1")
    assert "Truth. Surface" in texts[1]
    assert texts[2] == '"Two" <residuals> & more'
    assert len(texts) == 4
