"""What a model may be made of: the closed list in ``models.json``, and one part built from it.

A description may come from hostile code. A name in it is looked up in the tables here and nowhere
else, and each value is checked before Keras sees it: Keras' own ``deserialize`` and ``get`` import
modules, and run code, that they are given.
"""

import functools
import inspect
import json
import math
import re
from pathlib import Path
from typing import Any

LIST = json.loads(Path(__file__).with_name("models.json").read_text(encoding="utf-8"))
HOMES = {
    "layer": "keras.layers",
    "activation": "keras.layers",  # LeakyReLU(0.1), for instance, as an activation
    "initializer": "keras.initializers",
    "regularizer": "keras.regularizers",
    "constraint": "keras.constraints",
    "optimizer": "keras.optimizers",
    "learning_rate": "keras.optimizers.schedules",
    "loss": "keras.losses",
    "metric": "keras.metrics",
}
"""The public module of each kind of part."""
WORDS, DTYPES, POLICIES = (frozenset(LIST[key]) for key in ("words", "dtypes", "policies"))
ONLY_OFF = frozenset(LIST["only_off"])
"""Options that may be named but not used: they cost memory, or are not carried."""
NAME = re.compile(r"[\w.-][\w. -]{0,99}")
WRAPPERS = ("Bidirectional", "TimeDistributed")  # none in another: each copies what it holds
PARTS = ("activation", "constraint", "initializer", "layer", "regularizer")


class ModelError(ValueError):
    """No model that the grader builds; the text says why, and what to do."""


class UnsendableModelError(ModelError):
    """A model cannot be written down as plain data; the text says which part, and what to do."""


@functools.cache
def table(kind: str) -> dict[str, Any]:
    """Return the allowed classes of a kind of part, by name; none for a kind that there is not.

    Parameters
    ----------
    kind : str
        A key of `HOMES`, or ``operation``: what ``x + y`` or a function of ``keras.ops`` leaves in
        a functional model.
    """
    import keras  # not at the top: TensorFlow is slow to import

    if kind == "operation":
        return _operations()
    home: Any = keras
    for step in HOMES.get(kind, "").split(".")[1:]:
        home = getattr(home, step)
    found = [getattr(home, name, None) for name in LIST["classes"].get(kind, ())]
    return {each.__name__: each for each in found if each is not None}


def _operations() -> dict[str, Any]:
    """Return the classes of operations: private, but their names stand in each saved model."""
    from keras.src import ops
    from keras.src.activations import activations

    homes = {"numpy": ops.numpy, "nn": ops.nn, "math": ops.math, "core": ops.core}
    found: dict[str, Any] = {"ReLU": activations.ReLU}
    for home, names in LIST["operations"].items():
        found |= {name: getattr(homes[home], name) for name in names if hasattr(homes[home], name)}
    return found


@functools.cache
def activations() -> frozenset[Any]:
    """Return the allowed functions of ``keras.activations``."""
    import keras

    names = LIST["names"]["activation"]
    return frozenset(getattr(keras.activations, name, None) for name in names)


def build(kind: str, name: object, config: object) -> Any:
    """Build one part from the name of its class and its configuration.

    Raises
    ------
    ModelError
        The class is not on the list, or the configuration says what it may not say.
    """
    made = table(kind).get(name) if isinstance(name, str) else None
    if made is None:
        raise ModelError(unknown(kind, name))
    owner = made.__name__
    if not isinstance(config, dict) or not config.keys() <= _keys(made) | ONLY_OFF:
        raise ModelError(f"The configuration of a {owner} has options that it does not know.")
    options = {key: _option(key, value, owner) for key, value in config.items()}
    if owner == "InputLayer":
        _check_input(options.get("batch_shape"))
    try:
        return made(**{key: options[key] for key in options if key not in ONLY_OFF})
    except Exception as error:  # Keras checks what this module does not
        raise ModelError(f"Keras refuses the {owner}: {said(error)}") from error


def unknown(kind: str, name: object) -> str:
    """Say that a part is not on the list."""
    todo = "use Keras' own layers, no Lambda and no class of your own"
    if kind not in ("layer", "operation"):
        todo = (
            f"use one of {HOMES.get(kind, 'keras').replace('.layers', '.activations')}, unchanged"
        )
    return f"The grader does not rebuild the {kind.replace('_', ' ')} {str(name)[:60]!r}: {todo}."


def said(error: BaseException) -> str:
    """Return the first line of an error, shortened."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0][:200]


def word(kind: str, value: str) -> str:
    """Return the name of an activation, a loss or a metric, if it is on the list."""
    if value not in LIST["names"][kind]:
        raise ModelError(unknown(kind, value))
    return value


def named(value: object) -> str:
    """Return the name of a layer, a model or an output, if it is a plain one."""
    if not isinstance(value, str) or not NAME.fullmatch(value):
        raise ModelError(f"The name {value!r:.60} is none: use letters, digits and _.")
    return value


def scalar(value: Any, key: str = "") -> Any:
    """Return None, a truth value, or a number that is neither huge nor NaN."""
    if isinstance(value, bool) or value is None:
        return value
    if isinstance(value, int):
        limit = LIST["integers"].get(key, LIST["integers"][""])
        if abs(value) > limit:
            raise ModelError(f"A number in the model ({key}) is over {limit:,}: make it smaller.")
        return value
    if not isinstance(value, float) or not math.isfinite(value):
        raise ModelError(f"A number in the model ({key}) is NaN, infinite or none.")
    return value


def kind_of(key: str) -> str:
    """Return which kind of part an option holds; empty for numbers and words."""
    last = key.rsplit("_", 1)[-1]
    return key if key == "learning_rate" else last if last in PARTS else ""


def _option(key: str, value: Any, owner: str) -> Any:
    """Return one option as Keras takes it; lists become tuples."""
    kind = kind_of(key)
    if key in ONLY_OFF and value not in (None, False):
        raise ModelError(f"The grader does not rebuild a {owner} with the option {key}.")
    if isinstance(value, dict):
        if not kind or value.keys() != {"class", "config"} or value["class"] in WRAPPERS:
            raise ModelError(f"The option {key!r:.60} of a {owner} is no plain value.")
        return build(kind, value["class"], value["config"])
    if isinstance(value, list):
        return tuple(_option(key, each, owner) for each in value)
    return _text(key, kind, value, owner) if isinstance(value, str) else scalar(value, key)


def _text(key: str, kind: str, value: str, owner: str) -> str:
    if key == "name":
        return named(value)
    if kind == "activation":
        return word("activation", value)
    allowed = WORDS
    if key == "dtype":
        allowed = DTYPES if owner in ("InputLayer", "Cast") else POLICIES
    if kind or value not in allowed:
        raise ModelError(f"The grader does not rebuild a {owner} with {key}={value[:60]!r}.")
    return value


def _check_input(shape: Any) -> None:
    """Refuse an input whose shape leaves anything open but the number of rows."""
    if not isinstance(shape, tuple) or not all(type(n) is int and n > 0 for n in shape[1:]):
        raise ModelError("Say the whole shape of a row in keras.Input(...), without None.")


@functools.cache
def _keys(made: type) -> frozenset[str]:
    """Return the options that a class names, in its own constructor or in one that it calls."""
    found: set[str] = set()
    for each in made.__mro__:
        if each.__module__.startswith("keras.") and "__init__" in vars(each):
            parameters = inspect.signature(vars(each)["__init__"]).parameters.values()
            found |= {p.name for p in parameters if p.kind not in (p.VAR_KEYWORD, p.VAR_POSITIONAL)}
    return frozenset(found - {"self"})
