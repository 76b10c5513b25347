"""The course's data sets: five loaders, each one call.

========================  ==============================================  ==================
loader                    what                                            gives
========================  ==============================================  ==================
`load_regression`         greenhouse temperatures, made for the course    `Split`, 110 + 40
`load_iris`               three species of iris                           `Table`, 150
`load_heart`              heart disease, Cleveland                        `Table`, 303
`load_mnist`              handwritten digits                              `Split`, images
`load_fashion`            clothes                                         `Split`, images
========================  ==============================================  ==================

Every result says what it is: `.description`, `.license`, `.source`, and `.columns`, a dictionary of
what each column means and its unit. Everything but ``size="full"`` works without a network.
"""

from __future__ import annotations

import copy
import hashlib
import io
import math
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from coursekit._fetch import ABOUT, DataError, damaged, full_set

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["DataError", "Split", "Table", "load_fashion", "load_heart", "load_iris"]
__all__ += ["load_mnist", "load_regression", "make_regression", "true_surface"]

REINSTALL = "install coursekit, or clone the course, again"
NOISE_SD = 0.1  # degrees Celsius, of the greenhouse's sensor
# data/regression_*.csv are the first 110 and the last 40 of these 150 rows, rounded to 4 decimals.
# Of thirty seeds this one draws noise close to the stated variance in both parts.
REGRESSION_SEED = 20260108


@dataclass(frozen=True, repr=False, eq=False)
class Table:
    """A small table, not split: you decide what is training, validation and test data.

    Attributes
    ----------
    name, description, license, source : str
        What it is, who may use it how, and where it comes from.
    columns : dict of str to str
        What each column of `frame` means, with its unit.
    frame : pandas.DataFrame
        The rows; a missing value is NaN.
    features : list of str
        The columns that may be inputs.
    y : numpy.ndarray of int64, shape (n,)
        The class of each row, an index into `target_names`.
    target_names : list of str
        The names of the classes.
    """

    name: str
    description: str
    license: str
    source: str
    columns: dict[str, str]
    frame: pd.DataFrame
    features: list[str]
    y: NDArray[np.int64]
    target_names: list[str]

    @property
    def x(self) -> NDArray[np.float32]:
        """Inputs, float32, shape (n, number of features); only where every feature is a number.

        Raises
        ------
        AttributeError
            If a feature is text or has missing values.
        """
        inputs = self.frame[self.features]
        numbers = inputs.select_dtypes("number").dropna()
        if numbers.shape != inputs.shape:
            raise AttributeError(
                f"{self.name} has text or missing values, so it has no ready-made x: "
                "choose columns of .frame and encode them."
            )
        return np.asarray(inputs, dtype=np.float32)

    def __repr__(self) -> str:
        """Name, size and classes in one line."""
        classes = ", ".join(self.target_names)
        return f"<{self.name}: {len(self.frame)} rows, {len(self.features)} features, {classes}>"


@dataclass(frozen=True, repr=False, eq=False)
class Split:
    """Training and test data as arrays. Take validation data from the training part.

    Attributes
    ----------
    name, description, license, source : str
        What it is, who may use it how, and where it comes from.
    columns : dict of str to str
        What each column, or array, means, with its unit.
    x_train, x_test : numpy.ndarray
        Inputs: float32 (n, 2) for the regression; uint8 (n, 28, 28), 0 to 255, for images.
    y_train, y_test : numpy.ndarray
        Targets: float32 (n,) for the regression; for images uint8 (n,), indices into `class_names`.
    class_names : list of str
        The names of the classes; empty for the regression.
    noise_sd : float
        Standard deviation of the noise in y; NaN where nobody knows it, as in all real data.
    """

    name: str
    description: str
    license: str
    source: str
    columns: dict[str, str]
    x_train: NDArray[Any]
    y_train: NDArray[Any]
    x_test: NDArray[Any]
    y_test: NDArray[Any]
    class_names: list[str] = field(default_factory=list)
    noise_sd: float = math.nan

    @property
    def noise_variance(self) -> float:
        """The noise floor: no model has a lower expected mean squared error on noisy rows."""
        return self.noise_sd**2

    def __repr__(self) -> str:
        """Name and sizes in one line."""
        shapes = f"x_train {self.x_train.shape}, x_test {self.x_test.shape}"
        return f"<{self.name}: {shapes}, {self.x_train.dtype}>"


def true_surface(x: ArrayLike) -> NDArray[np.float64]:
    """Return the noise-free temperature difference f(x1, x2) = 4 (x1 − ½)² + sin(2π x2).

    Parameters
    ----------
    x : array_like, shape (..., 2)
        x1, the position across the greenhouse, and x2, the time of day, both in [0, 1].

    Returns
    -------
    numpy.ndarray of float64, shape (...)
        Degrees Celsius above the set point, in [-1, 2].

    Raises
    ------
    ValueError
        If the last axis of `x` is not 2 long.

    Examples
    --------
    >>> print(true_surface([[0.5, 0.25], [0.0, 0.25], [0.5, 0.75]]))
    [ 1.  2. -1.]
    """
    x = np.asarray(x, dtype=np.float64)
    if x.ndim == 0 or x.shape[-1] != 2:
        raise ValueError(f"x must have shape (..., 2), one column for x1 and x2, not {x.shape}.")
    return np.asarray(4 * (x[..., 0] - 0.5) ** 2 + np.sin(2 * np.pi * x[..., 1]))


def make_regression(
    n: int, *, noise_sd: float = NOISE_SD, seed: int
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Make `n` rows of greenhouse data: x uniform in [0, 1]², y = `true_surface` + Gaussian noise.

    Parameters
    ----------
    n : int
        Number of rows, at least 1.
    noise_sd : float, default 0.1
        Standard deviation of the noise in degrees Celsius; 0 for none.
    seed : int
        The same seed gives the same rows.

    Returns
    -------
    x : numpy.ndarray of float32, shape (n, 2)
        Position and time of day, see `load_regression`.
    y : numpy.ndarray of float32, shape (n,)
        Degrees Celsius above the set point.

    Raises
    ------
    ValueError
        If `n` is less than 1 or `noise_sd` is negative.

    Examples
    --------
    >>> x, y = make_regression(1000, seed=1)
    >>> x.shape, y.shape
    ((1000, 2), (1000,))
    >>> print(round(float(np.std(y - true_surface(x))), 1))
    0.1
    """
    if n < 1 or noise_sd < 0:
        raise ValueError(f"n must be at least 1 and noise_sd at least 0, not {n} and {noise_sd}.")
    rng = np.random.default_rng(seed)
    x = rng.random((n, 2))
    y = true_surface(x) + noise_sd * rng.standard_normal(n)
    return x.astype(np.float32), y.astype(np.float32)


def load_regression() -> Split:
    """Load the greenhouse: a temperature difference as a function of place and time.

    The data are made up, openly: 110 training and 40 test rows of `make_regression`. So the true
    function (`true_surface`) and the noise floor (`noise_variance`) are known.

    Returns
    -------
    Split
        x float32 (110, 2) and (40, 2), both columns in [0, 1]; y float32 (110,) and (40,), in
        degrees Celsius.

    Raises
    ------
    DataError
        If a shipped file is missing or damaged.

    Notes
    -----
    Source: made for this course by ``data/build_data.py``. Licence: CC0 1.0.

    Examples
    --------
    >>> load_regression()
    <Greenhouse regression: x_train (110, 2), x_test (40, 2), float32>
    >>> print(round(load_regression().noise_variance, 4))
    0.01
    """
    train, test = (
        np.loadtxt(_shipped(f"regression_{part}.csv"), np.float32, delimiter=",", skiprows=1)
        for part in ("train", "test")
    )
    return Split(
        **_about("regression"),
        x_train=train[:, :2].copy(),
        y_train=train[:, 2].copy(),
        x_test=test[:, :2].copy(),
        y_test=test[:, 2].copy(),
        noise_sd=NOISE_SD,
    )


def load_iris() -> Table:
    """Load Fisher's irises: 150 flowers of three species, four lengths each.

    Returns
    -------
    Table
        `x` float32 (150, 4) in centimetres, `y` int64 (150,), 50 of each species; `frame` has the
        four lengths and the species' name.

    Notes
    -----
    Source: ``sklearn.datasets.load_iris`` (R. A. Fisher 1936, UCI). Licence: CC BY 4.0.

    Examples
    --------
    >>> load_iris()
    <Iris: 150 rows, 4 features, setosa, versicolor, virginica>
    """
    import pandas as pd
    from sklearn.datasets import load_iris as sklearn_iris

    bunch = sklearn_iris()
    about = _about("iris")
    *features, species = about["columns"]
    frame = pd.DataFrame(bunch.data, columns=features)
    frame[species] = [about["target_names"][i] for i in bunch.target]
    return Table(**about, frame=frame, features=features, y=bunch.target.astype(np.int64))


def load_heart() -> Table:
    """Load the Cleveland heart-disease data: 303 patients, 13 findings each.

    `y` is 1 where the angiogram showed disease (``num > 0``), 139 times. Many copies of these data
    on the web flip it. Missing stay missing: NaN in `ca` (4 rows) and in `thal` (2 rows).

    Returns
    -------
    Table
        `frame` has the 13 findings, ``num`` (0 to 4, the angiogram's grade) and
        ``disease`` (0 or 1). Neither of the last two may be an input: they are the answer.

    Raises
    ------
    DataError
        If the shipped file is missing or damaged.

    Notes
    -----
    Source: Detrano et al. (1989), UCI Machine Learning Repository, doi.org/10.24432/C52P4X.
    Licence: CC BY 4.0.

    Examples
    --------
    >>> heart = load_heart()
    >>> heart
    <Heart disease: 303 rows, 13 features, no disease, disease>
    >>> int(heart.y.sum()), int(heart.frame["ca"].isna().sum())
    (139, 4)
    """
    import pandas as pd

    frame = pd.read_csv(_shipped("heart_cleveland.csv"))
    frame["disease"] = (frame["num"] > 0).astype(np.int64)
    y = frame["disease"].to_numpy(np.int64)
    return Table(**_about("heart"), frame=frame, features=list(ABOUT["heart"]["columns"])[:13], y=y)


def load_mnist(*, size: Literal["mini", "full"] = "mini") -> Split:
    """Load MNIST: grey images of handwritten digits.

    Parameters
    ----------
    size : {"mini", "full"}, default "mini"
        "mini": 12,000 training and 2,000 test images, which came with the course; every class has
        its official share. "full": the official 60,000 + 10,000, taken from the folder that the
        environment variable COURSEKIT_DATA names, else from Keras' cache, else downloaded (12 MB).

    Returns
    -------
    Split
        x uint8 (n, 28, 28), 0 background to 255 ink; y uint8 (n,), the digit.

    Raises
    ------
    DataError
        If the full set is out of reach or damaged; the message names the offline ways.
    ValueError
        If `size` is neither.

    Notes
    -----
    Source: Y. LeCun, C. Cortes, C. Burges, "The MNIST database". Licence: CC BY-SA 3.0.

    Examples
    --------
    >>> load_mnist()
    <MNIST (mini): x_train (12000, 28, 28), x_test (2000, 28, 28), uint8>
    """
    return _images("mnist", size)


def load_fashion(*, size: Literal["mini", "full"] = "mini") -> Split:
    """Load Fashion-MNIST: grey images of clothes, a harder set of MNIST's shape.

    Parameters
    ----------
    size : {"mini", "full"}, default "mini"
        As for `load_mnist`; "full" downloads 31 MB.

    Returns
    -------
    Split
        x uint8 (n, 28, 28), 0 background to 255; y uint8 (n,), an index into `class_names`.

    Raises
    ------
    DataError
        If the full set is out of reach or damaged; the message names the offline ways.
    ValueError
        If `size` is neither.

    Notes
    -----
    Source: H. Xiao, K. Rasul, R. Vollgraf (2017), Zalando Research. Licence: MIT.

    Examples
    --------
    >>> fashion = load_fashion()
    >>> fashion.class_names[int(fashion.y_train[0])]
    'Ankle boot'
    """
    return _images("fashion", size)


def _images(name: str, size: str) -> Split:
    if size not in ("mini", "full"):
        raise ValueError(f'size must be "mini" or "full", not {size!r}.')
    about = _about(name)
    about["name"] += f" ({size})"
    if size == "full":
        return Split(**{**about, **full_set(name)})
    with np.load(_shipped(f"{name}_mini.npz"), allow_pickle=False) as file:
        return Split(**about, **file)


def _about(name: str) -> dict[str, Any]:
    # A change in one result stays there; where the full set is found is no business of a result.
    return {key: copy.deepcopy(value) for key, value in ABOUT[name].items() if key != "full"}


def _shipped(file: str) -> io.BytesIO:
    here = Path(__file__).resolve().parent
    # An installed wheel has the files inside the package; a clone has them in data/ beside src/.
    for path in (here / "_data" / file, here.parents[1] / "data" / file):
        if path.is_file():
            content = path.read_bytes()
            if file.endswith(".csv"):  # git may have given it Windows line ends
                content = content.replace(b"\r\n", b"\n")
            if hashlib.sha256(content).hexdigest() != ABOUT["files"][file]:
                raise damaged(path, "its SHA-256 differs", cure=REINSTALL)
            return io.BytesIO(content)
    raise DataError(f"{file} is missing from this installation: {REINSTALL}.")
