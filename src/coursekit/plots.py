"""Pictures of data and training that everyone can read.

Each function returns its Axes, with a title, axis labels, colours that colour-blind people can tell
apart plus a second cue (dash, marker, hatch), and an alt text computed from the data. `show`
displays a figure once and carries that text along.

Source: colours after Okabe and Ito (2008), https://jfly.uni-koeln.de/color/.
"""

import base64
import html
import io
import sys
from collections.abc import Callable, Mapping
from typing import Any, TypeAlias
from weakref import WeakKeyDictionary

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

COLOURS = {
    "blue": "#0072B2",
    "orange": "#E69F00",
    "green": "#009E73",
    "vermillion": "#D55E00",
    "purple": "#CC79A7",
    "sky": "#56B4E9",
    "yellow": "#F0E442",
    "black": "#000000",
}
"""The eight colours of Okabe and Ito, by name."""

Labels: TypeAlias = tuple[str, str, str]
Model: TypeAlias = Callable[[NDArray[np.float64]], Any]
_XY: Labels = ("x1", "x2", "y")
_alt: "WeakKeyDictionary[Axes, str]" = WeakKeyDictionary()


def learning_curves(
    history: Any, *, metric: str = "loss", floor: float = 0, log: bool = False, ax: Any = None
) -> Axes:
    """Draw training and validation curves of one fit.

    A training value is an average over its epoch while the weights still move, a validation value
    is taken at the end; so training points stand half an epoch earlier.

    Parameters
    ----------
    history : keras.callbacks.History or dict of str to sequence of float
        What `fit` returned; one value an epoch.
    metric : str
        Name in the history; ``"val_" + metric`` is drawn too where there is one.
    floor : float
        Height of a line called "noise floor", in the unit of the metric; 0 for none.
    log : bool
        Logarithmic vertical axis.
    ax : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        The history has no such metric or no epoch.

    Examples
    --------
    >>> ax = learning_curves({"loss": [3.0, 2.0, 1.0], "val_loss": [3.5, 2.0, 2.5]})
    >>> print(alt_text(ax))
    Learning curves: loss over 3 epochs. Training from 3 to 1, lowest 1 at epoch 3. Validation \
from 3.5 to 2.5, lowest 2 at epoch 2.
    """
    values: Mapping[str, Any] = getattr(history, "history", history)
    if not len(values.get(metric, ())):
        have = ", ".join(values) or "nothing: has the model been fitted?"
        raise ValueError(f"The history has no {metric!r}. It has {have}.")
    ax = ax or _new_axes()[0]
    said = f"Learning curves: {metric} over {len(values[metric])} epochs."
    for key, word, early, style, colour in (
        (metric, "training", 0.5, "o-", "blue"),
        (f"val_{metric}", "validation", 0, "s--", "vermillion"),
    ):
        if key in values:
            y = np.asarray(values[key], dtype=float)
            x, up = np.arange(1, y.size + 1), "acc" in metric or "auc" in metric
            best = int(np.argmin(np.nan_to_num(-y if up else y, nan=np.inf)))
            every = max(1, y.size // 10)
            ax.plot(x - early, y, style, color=COLOURS[colour], label=word, markevery=every)
            said += f" {word.capitalize()} from {y[0]:.3g} to {y[-1]:.3g},"
            said += f" {'highest' if up else 'lowest'} {y[best]:.3g} at epoch {best + 1}."
    if floor:
        ax.axhline(floor, color=COLOURS["black"], linestyle=":", label="noise floor")
        said += f" The noise floor is {floor:.3g}."
    if log:
        ax.set_yscale("log")
    ax.set_xlim(left=0)
    ax.locator_params(axis="x", integer=True)
    ax.legend()
    return _finish(ax, said, title=f"Learning curves: {metric}", xlabel="epoch", ylabel=metric)


def surface(
    predict: Model,
    *,
    truth: Model | None = None,
    n: int = 25,
    labels: Labels = _XY,
    title: str = "Predicted surface",
) -> NDArray[Any]:
    """Draw what a model predicts over the unit square, beside the truth if that is known.

    Parameters
    ----------
    predict, truth : callable
        Take an array of shape (n*n, 2) with values in [0, 1], return n*n heights.
    n : int
        Grid points along each input.
    labels : tuple of three str
        Axis labels, with units where there are any.
    title : str
        Title of the prediction.

    Returns
    -------
    ndarray of Axes, shape (1,) or (2,)
        On the same height and colour scale.

    Raises
    ------
    ValueError
        A callable does not return one finite height for each point.

    Examples
    --------
    >>> axes = surface(lambda x: x[:, 0] + x[:, 1], n=5)
    >>> print(alt_text(axes))
    Predicted surface. Surface over x1 and x2; y from 0 at (0, 0) to 2 at (1, 1).
    """
    a, b = np.meshgrid(np.linspace(0, 1, n), np.linspace(0, 1, n), indexing="ij")
    points = np.column_stack([a.ravel(), b.ravel()])
    heights = [
        np.asarray(f(points), dtype=float).reshape(n, n) for f in (predict, truth) if f is not None
    ]
    low, high = float(np.min(heights)), float(np.max(heights))
    if not np.isfinite(high - low):
        raise ValueError("Some heights are NaN or infinite: did the training diverge?")
    axes = _new_axes(len(heights), projection="3d")
    for ax, z, name in zip(axes, heights, (title, "Truth"), strict=False):
        ax.plot_surface(a, b, z, cmap="viridis", vmin=low, vmax=high, rcount=n, ccount=n)
        ax.set_zlim(low, high)
        _finish_3d(ax, "Surface", points, z.ravel(), labels, name)
    return axes


def residuals(
    y: ArrayLike, y_pred: ArrayLike, *, noise_sd: float = 0, unit: str = "", ax: Any = None
) -> Axes:
    """Draw residuals ``y - y_pred`` against predictions, with a band of two noise deviations.

    Parameters
    ----------
    y, y_pred : array_like
        Of the same shape, (n,) or (n, 1).
    noise_sd : float
        Standard deviation of the noise, in the unit of `y`, 0 for no band; about 95 % of the
        residuals of a perfect model lie in the band.
    unit : str
        Unit of `y`, for the axis labels.
    ax : Axes, optional
        Where to draw; a new figure by default.

    Returns
    -------
    Axes

    Raises
    ------
    ValueError
        The shapes differ.

    Examples
    --------
    >>> ax = residuals([1.0, 2.0, 3.0], [1.1, 1.9, 2.0], noise_sd=0.1)
    >>> print(alt_text(ax))
    Residuals of 3 predictions, mean 0.333, sd 0.478. 2 of 3 lie within ± 2 sd of the \
noise, 0.2.
    """
    target, guess = np.asarray(y, dtype=float), np.asarray(y_pred, dtype=float)
    if target.shape != guess.shape:
        both = f"y has shape {target.shape} and y_pred {guess.shape}, so that NumPy would subtract"
        raise ValueError(f"{both} each from each: give both one shape, for instance y_pred[:, 0].")
    left = (target - guess).ravel()
    ax = ax or _new_axes()[0]
    ax.plot(guess.ravel(), left, "o", color=COLOURS["blue"], alpha=0.8)
    ax.axhline(0, color=COLOURS["black"], linewidth=1)
    said = f"Residuals of {left.size} predictions, mean {left.mean():.3g}, sd {left.std():.3g}."
    if noise_sd:
        face, edge = COLOURS["orange"] + "26", COLOURS["orange"] + "80"  # light, half transparent
        name, band = "± 2 sd of the noise", 2 * noise_sd
        ax.axhspan(-band, band, facecolor=face, edgecolor=edge, hatch="//", label=name)
        ax.legend()
        said += f" {(np.abs(left) <= band).sum()} of {left.size} lie within {name}, {band:.3g}."
    unit = unit and f" [{unit}]"
    x_text, y_text = f"prediction{unit}", f"residual: y − prediction{unit}"
    return _finish(ax, said, title="Residuals", xlabel=x_text, ylabel=y_text)


def alt_text(what: Axes | Figure | NDArray[Any]) -> str:
    """Return the text that stands for a picture, for screen readers and for broken images.

    Parameters
    ----------
    what : Axes, Figure or array of Axes
        The title stands in for axes that this module did not draw.

    Returns
    -------
    str
    """
    axes = _all_axes(what)
    said = [_alt[ax] for ax in axes if ax in _alt]  # a colour bar has axes, too, and no text
    return " ".join(said) or axes[0].get_title() or "Figure"


def show(what: Axes | Figure | NDArray[Any], *, alt: str | None = None) -> None:
    """Display a figure once, with its alt text, and close it; outside IPython only close it.

    Parameters
    ----------
    what : Axes, Figure or array of Axes
        The figure, or axes of the figure, to display.
    alt : str, optional
        A text better than the computed one: what should a reader see in the picture?
    """
    figure: Any = _all_axes(what)[0].figure
    ipython = sys.modules.get("IPython")
    if ipython and ipython.get_ipython():
        buffer, alt = io.BytesIO(), alt or alt_text(what)
        figure.savefig(buffer, format="png", dpi=100, bbox_inches="tight", pad_inches=0.1)
        png = base64.b64encode(buffer.getvalue()).decode()
        # JupyterLab, and nbconvert's template for it, know alt texts in HTML only; what shows no
        # HTML (PDF, an untrusted notebook) takes the plain image.
        tag = f'<img src="data:image/png;base64,{png}" alt="{html.escape(alt)}">'
        bundle = {"text/html": tag, "image/png": png, "text/plain": alt}
        ipython.display.display(bundle, raw=True, metadata={"image/png": {"alt": alt}})
    plt.close(figure)


def _all_axes(what: Any) -> list[Axes]:
    return list(what.axes if isinstance(what, Figure) else np.ravel(np.asarray(what)))


def _new_axes(count: int = 1, **kind: str) -> NDArray[Any]:
    # Opaque white: in a dark theme a transparent figure would lose its black text.
    size = (8 if count > 1 else 4.5, 3.8) if kind else (7, 4)
    figure = plt.figure(figsize=size, layout="constrained", facecolor="white")
    return np.asarray(figure.subplots(1, count, squeeze=False, subplot_kw=kind)[0])


def _finish(ax: Any, alt: str, **labels: str) -> Axes:
    ax.set(**labels)
    ax.grid(alpha=0.3)
    _alt[ax] = alt
    return ax  # type: ignore[no-any-return]


def _finish_3d(ax: Any, what: str, points: Any, heights: Any, labels: Labels, title: str) -> Axes:
    ends = (np.nanargmin(heights), np.nanargmax(heights))
    low, high = (f"{heights[i]:.3g} at ({points[i, 0]:.3g}, {points[i, 1]:.3g})" for i in ends)
    ax.set_box_aspect(None, zoom=0.9)  # room for the label of the vertical axis,
    ax.patch.set_visible(False)  # which the next axes would otherwise paint over
    ax.locator_params(nbins=5)
    for axis in (ax.xaxis, ax.yaxis, ax.zaxis):
        axis.labelpad = 8
    said = f"{title}. {what} over {labels[0]} and {labels[1]}; {labels[2]} from {low} to {high}."
    return _finish(ax, said, title=title, xlabel=labels[0], ylabel=labels[1], zlabel=labels[2])
