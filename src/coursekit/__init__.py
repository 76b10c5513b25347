"""What students import: data, checks, plots, predictions, quizzes and a quiet start.

The submodules load on first use, so ``import coursekit`` itself stays fast and imports no
TensorFlow, pandas or Matplotlib.

Examples
--------
>>> from coursekit import expect, predict
>>> expect.equal(1 + 1, 2, name="1 + 1")
[pass] 1 + 1 equals 2
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from coursekit import data, expect, handin, plots, predict, quiz, setup

__version__: str
__all__ = ["__version__", "data", "expect", "handin", "plots", "predict", "quiz", "setup"]


def __getattr__(name: str) -> Any:
    """Load a submodule, or look the version up, when it is first asked for (PEP 562)."""
    if name == "__version__":
        from importlib.metadata import version

        return version("coursekit")
    if name in __all__:
        return import_module(f"{__name__}.{name}")
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
