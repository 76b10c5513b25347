"""Keras models as plain data, and back: what the grader does with a model that a student returns.

`describe` writes a model down as numbers, text and arrays. `rebuild` makes a model of that, and
trusts nothing it is given.

Source: Keras' own ``get_config`` and the way it rebuilds a functional model.
"""

import inspect
import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coursekit._assembly import flat, rebuild
from coursekit._compiling import compile_options
from coursekit._parts import (
    ModelError,
    UnsendableModelError,
    activations,
    kind_of,
    said,
    table,
    unknown,
    word,
)

__all__ = ["ModelError", "UnsendableModelError", "describe", "rebuild"]

Description = dict[str, Any]
Arrays = list[NDArray[Any]]


def describe(model: Any) -> tuple[Description, Arrays]:
    """Write a model down as plain data.

    Parameters
    ----------
    model : keras.Model
        Sequential or functional, built; models within it likewise.

    Returns
    -------
    description : dict
        None, bool, int, float, str, list and dict only: layers, how they are connected, and how
        the model is compiled. A loss of one's own is not carried; its place holds the reason.
    arrays : list of array
        All weights and the states of random layers, in Keras' order. Those of the optimiser stay
        behind.

    Raises
    ------
    UnsendableModelError
        The model, or a layer in it, is of a class that is not on the list, or it is not built.

    Examples
    --------
    >>> import keras
    >>> model = keras.Sequential([keras.Input(shape=(2,)), keras.layers.Dense(1)])
    >>> description, arrays = describe(model)
    >>> [array.shape for array in arrays]
    [(2, 1), (1,)]
    >>> rebuild(description, arrays).count_params()
    3
    """
    if isinstance(why := getattr(model, "why_not_sendable", None), str):
        raise UnsendableModelError(why)  # it stands for one that is elsewhere
    kind = type(model)
    entry = {"class_name": kind.__name__, "module": kind.__module__, "registered_name": None}
    try:
        if _model_kind(entry) is None:
            raise UnsendableModelError(_not_ours(kind.__name__))
        if not model.built:
            raise UnsendableModelError("The model is not built: begin with keras.Input(...).")
        _check_layers(model)
        description = _member({**entry, "config": model.get_config()})
        description["compile"] = _compiled(model)
        return description, [np.array(variable.numpy()) for variable in model.variables]
    except UnsendableModelError:
        raise
    except Exception as error:  # a layer's own get_config may do anything
        raise UnsendableModelError(f"The model cannot be written down: {said(error)}") from error


def _model_kind(entry: Description) -> str | None:
    """Return the kind of a model of Keras' own; None for everything else."""
    name, own = entry["class_name"], str(entry["module"]).split(".")[0] == "keras"
    return name if name in ("Functional", "Sequential") and own else None


def _not_ours(name: str) -> str:
    return (
        f"The grader does not rebuild a {name[:60]}: build a keras.Sequential or a functional "
        "keras.Model of Keras' own layers."
    )


def _check_layers(model: Any) -> None:
    """Refuse layers and activations that are not Keras' own, whatever they are called."""
    for layer in flat(model):
        kind = type(layer)
        is_model = _model_kind({"class_name": kind.__name__, "module": kind.__module__})
        if not is_model and table("layer").get(kind.__name__) is not kind:
            raise UnsendableModelError(unknown("layer", kind.__name__))
        for name in ("activation", "recurrent_activation"):
            function = getattr(layer, name, None)
            if inspect.isroutine(function) and function not in activations():
                raise UnsendableModelError(unknown("activation", function.__name__))


def _member(entry: Description) -> Description:
    """Write down a layer, an operation or a model, from what Keras says of it."""
    config, kind = entry["config"], _model_kind(entry)
    if kind is None:
        for what in ("layer", "operation"):
            if _is_ours(what, entry):
                return {what: entry["class_name"], "config": _config(config)}
        raise UnsendableModelError(unknown("layer", entry["class_name"]))
    members = [_member(each) for each in config["layers"]]
    for member, each in zip(members, config["layers"], strict=True):
        calls = each.get("inbound_nodes", [])
        if kind == "Functional":
            member["calls"] = [{k: _argument(v) for k, v in call.items()} for call in calls]
    made = {"model": kind, "name": config["name"], "trainable": config["trainable"]}
    made["layers"] = members
    if kind == "Sequential":
        if not members or members[0].get("layer") != "InputLayer":
            raise UnsendableModelError("The model is not built: begin with keras.Input(...).")
        return made
    # In these two lists Keras counts a functional model's calls from 1, elsewhere from 0.
    nested = {m["name"] for m in members if m.get("model") == "Functional"}
    made["inputs"] = _references(config["input_layers"], nested)
    made["outputs"] = _references(config["output_layers"], nested)
    return made


def _is_ours(kind: str, entry: Description) -> bool:
    """Whether a class that Keras has written down is on the list, and Keras' own."""
    name = entry["class_name"]
    own = str(entry["module"]).split(".")[0] == "keras" and name in table(kind)
    # Operations share names with layers; Keras registers only them.
    marks = {"operation": (name,), "layer": (None,)}.get(kind, (None, name))
    return own and entry["registered_name"] in marks


def _config(config: Description) -> Description:
    return {str(key): _plain(value, key) for key, value in config.items()}


def _plain(value: Any, key: str) -> Any:
    """Return a value of a configuration as plain data."""
    if isinstance(value, np.generic | np.ndarray):
        value = value.tolist()
    if isinstance(value, list | tuple):
        return [_plain(each, key) for each in value]
    if not isinstance(value, dict):
        return value
    if "class_name" not in value:  # by the name of an output
        return {str(name): _plain(each, key) for name, each in value.items()}
    name, config = value["class_name"], value.get("config")
    if name == "DTypePolicy" and config:
        return config["name"]
    if name == "function" and isinstance(config, str):  # what it may name is looked at below
        return config
    kind = kind_of(key) or key
    if not isinstance(config, dict) or not _is_ours(kind, value):
        raise UnsendableModelError(unknown(kind, config if name == "function" else name))
    return {"class": name, "config": _config(config)}


def _argument(value: Any) -> Any:
    """Return an argument of a call as plain data; a tensor is named by the call that made it."""
    if isinstance(value, list | tuple):
        return [_argument(each) for each in value]
    if not isinstance(value, dict):
        return _plain(value, "")
    name, config = value.get("class_name"), value.get("config", {})
    if name is None:
        return {str(key): _argument(each) for key, each in value.items()}
    if name == "__keras_tensor__":
        return {"tensor": list(config["keras_history"])}
    if name == "__slice__":
        return {"slice": [config["start"], config["stop"], config["step"]]}
    if name in ("__numpy__", "__tensor__"):
        return {"array": _plain(config["value"], ""), "dtype": str(config["dtype"])}
    if name == "__ellipsis__":
        return {"ellipsis": True}
    raise UnsendableModelError(unknown("operation", name))


def _references(value: Any, nested: set[str]) -> Any:
    if isinstance(value, dict):
        return {str(key): _references(each, nested) for key, each in value.items()}
    if len(value) == 3 and isinstance(value[0], str):
        name, call, index = value
        return {"tensor": [name, call - (name in nested), index]}
    return [_references(each, nested) for each in value]


def _compiled(model: Any) -> Description | None:
    """Return how a model is compiled, or the reason why that is not carried."""
    if not model.compiled:
        return None
    try:
        _own_loss(model.loss)
        with warnings.catch_warnings():  # Keras warns of a lambda; what is said here is a reason
            warnings.simplefilter("ignore")
            config = model.get_compile_config()
        keys = {"loss": "loss", "metrics": "metric", "weighted_metrics": "metric"}
        made = {name: _plain(config.get(name), key) for name, key in keys.items()}
        made["loss_weights"] = _plain(config.get("loss_weights"), "")
        made["optimizer"] = _plain(config["optimizer"], "optimizer")
        compile_options(made)
        return made
    except Exception as error:  # an own loss, an own optimiser
        return {"reason": said(error)}


def _own_loss(loss: Any) -> None:
    """Refuse functions that are not Keras' own, whatever they are called."""
    import keras

    for each in keras.tree.flatten(loss):
        name = getattr(each, "__name__", None)
        if not callable(each) or name is None:  # a name, or an object, whose class is looked at
            continue
        if each is not keras.losses.get(word("loss", name)):
            raise UnsendableModelError(unknown("loss", name))
