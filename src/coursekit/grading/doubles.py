"""What cells see in place of Keras' seed and of the quality check, so that both can be followed.

No library is changed: a cell's names, and what it imports, are stand-ins where there is one, and
the real things everywhere else.
"""

from __future__ import annotations

import builtins
import contextlib
import functools
from collections.abc import Callable
from types import ModuleType
from typing import Any

import coursekit
from coursekit import expect, setup

Call = Callable[..., Any]


class Doubles:
    """Stand-ins for `keras.utils.set_random_seed`, `setup.start` and `expect.better`.

    Parameters
    ----------
    on_seed : callable
        Given a seed that a cell sets, returns the one to set.
    on_margin : callable
        Told (name, ratio) of each quality that a cell measures: score / limit, at most 1 passes.

    Examples
    --------
    >>> doubles = Doubles(on_seed=lambda seed: seed + 1, on_margin=print)
    >>> names = {}
    >>> doubles.put_into(names)
    >>> exec("from coursekit import expect; expect.better(1, 4, name='the error')", names)
    the error 0.25
    [pass] the error is at most 4 (baseline 4): 1
    """

    def __init__(
        self, *, on_seed: Callable[[int], int], on_margin: Callable[[str, float], object]
    ) -> None:
        import keras  # seconds, where TensorFlow is not loaded yet

        self._on_seed, self._on_margin = on_seed, on_margin
        self._set_seed = keras.utils.set_random_seed
        self._of: dict[int, object] = {}
        for real, double in (
            (keras.utils.set_random_seed, self._seed),
            (setup.start, self._start),
            (expect.better, self._better),
        ):
            self._of[id(real)] = _named_as(real, double)
        for module in (keras, keras.utils, coursekit, setup, expect):
            self._of[id(module)] = _Module(module, self.of)

    def of(self, thing: Any) -> Any:
        """Return what stands for `thing`, or `thing` itself."""
        return self._of.get(id(thing), thing)

    def put_into(self, names: dict[str, Any]) -> None:
        """Put the stand-ins into cells' names, and before whatever code with these names imports.

        Call it before the first cell, and after each for what came in without an import.
        """
        names["__builtins__"] = {**vars(builtins), "__import__": self._import}
        names.update({name: self.of(value) for name, value in names.items()})

    def _import(self, *arguments: Any, **options: Any) -> Any:
        return self.of(builtins.__import__(*arguments, **options))

    def _seed(self, seed: int) -> None:
        self._set_seed(self._on_seed(seed))

    def _start(self, *, seed: int = 0) -> None:
        setup.start(seed=seed)  # its line tells the seed that the cell asks for
        self._seed(seed)

    def _better(self, score: Any, baseline: Any, *, factor: Any = 1.0, **options: Any) -> None:
        # What cannot be divided is the check's own business: it says so.
        with contextlib.suppress(TypeError, ValueError, ZeroDivisionError):
            ratio = float(score) / (factor * float(baseline))
            higher_wins = not options.get("lower_is_better", True)
            self._on_margin(options.get("name", "score"), 1 / ratio if higher_wins else ratio)
        expect.better(score, baseline, factor=factor, **options)


def _named_as(real: Call, double: Call) -> Call:
    @functools.wraps(real)
    def call(*arguments: Any, **options: Any) -> Any:
        return double(*arguments, **options)

    return call


class _Module(ModuleType):
    """Stands for a module: all is as it was there, but what has a stand-in of its own."""

    def __init__(self, real: ModuleType, of: Callable[[Any], Any]) -> None:
        super().__init__(real.__name__, real.__doc__)
        self._real, self._double = real, of
        public = [name for name in dir(real) if not name.startswith("_")]
        self.__all__ = getattr(real, "__all__", public)

    def __getattr__(self, name: str) -> Any:
        return self._double(getattr(self._real, name))

    def __dir__(self) -> list[str]:
        return dir(self._real)
