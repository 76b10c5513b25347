"""Start a notebook: quiet logs, a random seed, and one line that says what runs here.

Source: TensorFlow's documented ``TF_CPP_MIN_LOG_LEVEL``, Keras' ``set_random_seed``.
"""

import logging
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from coursekit.handin import attach


class MissingPackageError(ModuleNotFoundError):
    """TensorFlow or Keras is not installed; shown as one sentence, not as a traceback."""

    def _render_traceback_(self) -> list[str]:
        return [str(self)]


def start(*, seed: int = 0) -> None:
    """Prepare a notebook; call it once, in the set-up cell.

    Quiets the logs of TensorFlow, seeds Python, NumPy and Keras, and under IPython shows an
    unfinished answer in one line. It prints one line: versions, device, seed.

    Parameters
    ----------
    seed : int
        Seed of Python's, NumPy's and Keras' random numbers, 0 to 2**32 - 1. Results still differ
        a little from one machine to another.

    Raises
    ------
    MissingPackageError
        TensorFlow or Keras is not installed.

    Examples
    --------
    >>> start(seed=7)  # doctest: +ELLIPSIS
    Python 3..., TensorFlow 2..., Keras 3..., ..., seed 7
    """
    ipython = sys.modules.get("IPython")
    if ipython and (shell := ipython.get_ipython()):
        attach(shell)
    # setdefault: whoever needs the full log can still ask for it before calling.
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    os.environ.setdefault("KERAS_BACKEND", "tensorflow")
    try:
        with quiet_native_stderr():
            import keras
            import tensorflow as tf

            gpus = len(tf.config.list_physical_devices("GPU"))
    except ModuleNotFoundError as error:
        if error.name not in {"keras", "tensorflow"}:
            raise
        todo = "run `%pip install tensorflow keras` in a cell, then this cell again."
        raise MissingPackageError(f"{error.name} is not installed here: {todo}") from None
    except ImportError as error:
        if "DLL" not in str(error):
            raise
        todo = "install https://aka.ms/vs/17/release/vc_redist.x64.exe and restart the kernel."
        raise MissingPackageError(f"TensorFlow lacks Microsoft's C++ runtime: {todo}") from None
    for name in ("tensorflow", "absl"):
        # ERROR also hides the retracing warning, which would be a false alarm in a notebook.
        logging.getLogger(name).setLevel(logging.ERROR)
    keras.utils.set_random_seed(seed)
    device = f"{gpus} GPU" if gpus else "CPU"
    versions = f"TensorFlow {tf.__version__}, Keras {keras.__version__}"
    print(f"Python {platform.python_version()}, {versions}, {device}, seed {seed}")


@contextmanager
def quiet_native_stderr() -> Iterator[None]:
    """Drop what C++ writes to file descriptor 2; Python's own sys.stderr in a kernel stays.

    TensorFlow logs two CUDA notices before it reads any environment variable, so that nothing
    else keeps them out of the notebook.
    """
    saved, sink = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    os.dup2(sink, 2)
    try:
        yield
    finally:
        os.dup2(saved, 2)
        os.close(saved)
        os.close(sink)
