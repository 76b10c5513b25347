"""A model built from its description, by code that trusts nothing in it.

Only classes and operations that ``models.json`` names are built, sizes are capped, and the shapes
of all arrays are compared before any memory is taken.
"""

import contextlib
import math
import random
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from coursekit._compiling import compile_as
from coursekit._parts import DTYPES, WORDS, ModelError, build, named, said, scalar

MAX_LAYERS, MAX_CALLS = 200, 1_000
MAX_PARAMETERS = 20_000_000
MAX_ACTIVATION, MAX_ACTIVATIONS = 1_000_000, 4_000_000
"""Numbers that a layer, and a model, may make of one row; a batch has hundreds of rows."""
ROWS = 7
"""How many rows stand for a batch where sizes are worked out."""
MAX_NODES, MAX_DEPTH, MAX_TEXT = 200_000, 40, 300

Description = dict[str, Any]
Tensors = dict[tuple[str, int], list[tuple[Any, Any]]]
"""By layer and call: each output, and the like of it for so many rows."""


def rebuild(description: Description, arrays: Sequence[NDArray[Any]]) -> Any:
    """Build the model that `describe` wrote down; both arguments may be anything.

    Draws no random number: the state of `random` is left as it was.

    Parameters
    ----------
    description : dict
    arrays : sequence of array
        Of the shapes and dtypes that the description asks for.

    Returns
    -------
    keras.Model
        Compiled if the original was. If its loss could not be carried, `fit` and `evaluate` raise
        a `ModelError` with the reason.

    Raises
    ------
    ModelError
        Something is not on the list, too large, malformed, or a weight is not finite.
    """
    state = random.getstate()  # what layers and initialisers draw their seeds from
    try:
        _check_size(description)
        _check_arrays(arrays)
        with _deferred() as pending:
            model = _Builder().model(description)
            pairs = _matched(model, arrays, pending)
        _fill(pairs)
        for layer in flat(model):
            if hasattr(layer, "finalize_state"):  # Normalization keeps a copy of what it adapted
                layer.finalize_state()
        compile_as(model, description.get("compile"))
        return model
    except ModelError:
        raise
    except Exception as error:  # a description may be malformed in any way
        raise ModelError(f"The model's description cannot be read: {said(error)}") from error
    finally:
        random.setstate(state)


def _check_size(description: Any) -> None:
    """Refuse what is not plain data, or more of it than a model needs."""
    if type(description) is not dict:
        raise ModelError("A model's description is a dictionary.")
    level: list[Any] = [description]
    nodes = depth = 0
    while level:
        nodes, depth = nodes + len(level), depth + 1
        if nodes > MAX_NODES or depth > MAX_DEPTH:
            raise ModelError("The model's description is too large: use fewer layers.")
        below: list[Any] = []
        for value in level:
            if type(value) is dict:
                if not all(type(key) is str and len(key) <= MAX_TEXT for key in value):
                    raise ModelError("A key in the model's description is no short text.")
                below += value.values()
            elif type(value) is list:
                below += value
            elif type(value) not in (type(None), bool, int, float, str):
                raise ModelError(f"The model's description holds a {type(value).__name__:.60}.")
            elif type(value) is str and len(value) > MAX_TEXT:
                raise ModelError("A text in the model's description is too long.")
        level = below


def _check_arrays(arrays: Any) -> None:
    """Refuse weights that are no numbers, too many, or not finite."""
    if type(arrays) not in (list, tuple):
        raise ModelError("A model's weights are a list of arrays.")
    for array in arrays:
        if type(array) is not np.ndarray or array.dtype.kind not in "fiub":
            raise ModelError("A model's weights are arrays of numbers.")
    if sum(array.size for array in arrays) > MAX_PARAMETERS:
        raise ModelError(f"The model has more than {MAX_PARAMETERS:,} parameters: make it smaller.")


@contextlib.contextmanager
def _deferred() -> Iterator[list[Any]]:
    """Let variables that are made in the block have a shape and no value yet; yield them.

    Keras has a public scope for it, but keeps a private list of such variables, to give them
    random values later. They are taken out of it: here they get the values that came.
    """
    import keras
    from keras.src.backend.common import global_state

    key = "uninitialized_variables"
    before, pending = global_state.get_global_attribute(key), list[Any]()
    global_state.set_global_attribute(key, pending)
    try:
        with keras.StatelessScope(initialize_variables=False):
            yield pending
    finally:
        global_state.set_global_attribute(key, before or [])


def _matched(model: Any, arrays: Sequence[Any], pending: list[Any]) -> list[tuple[Any, Any]]:
    """Pair each variable of a model with its array; nothing is allocated yet."""
    variables = model.variables
    made_here = {id(variable) for variable in pending}
    if len(variables) != len(arrays) or not {id(each) for each in variables} <= made_here:
        raise ModelError(f"The model has {len(variables)} weights, and {len(arrays)} came.")
    pairs = list(zip(variables, arrays, strict=True))
    for variable, array in pairs:
        if tuple(variable.shape) != array.shape or np.dtype(variable.dtype) != array.dtype:
            raise ModelError(
                f"The weight {variable.path} has shape {tuple(variable.shape)}, {variable.dtype}; "
                f"what came has shape {array.shape}, {array.dtype}."
            )
        if not np.isfinite(array).all():
            raise ModelError(
                f"its weights contain NaN or infinity: {variable.path}; train it with a lower "
                "learning rate."
            )
    return pairs


def _fill(pairs: list[tuple[Any, Any]]) -> None:
    """Give variables their first values. Public `assign` is for variables that have one already."""
    for variable, array in pairs:
        variable._initialize(array)
        variable._initializer = None


def flat(model: Any) -> Iterator[Any]:
    """Yield the layers of a model, and those within them."""
    for layer in model.layers:
        yield layer
        if hasattr(layer, "layers"):
            yield from flat(layer)
        for inner in ("layer", "forward_layer", "backward_layer"):
            if hasattr(layer, inner):
                yield getattr(layer, inner)


class _Builder:
    """Builds a model and those within it; counts layers, calls, and numbers made of one row."""

    def __init__(self) -> None:
        self.layers = self.calls = self.numbers = 0
        self.costs: dict[int, tuple[int, int]] = {}  # calls and numbers of models called as layers

    def model(self, plain: Description) -> Any:
        """Return the model that a description asks for."""
        before = self.calls, self.numbers
        made = self._model(plain)
        self.costs[id(made)] = self.calls - before[0], self.numbers - before[1]
        return made

    def _model(self, plain: Description) -> Any:
        import keras

        kind, members = plain.get("model"), plain.get("layers")
        if kind not in ("Sequential", "Functional") or type(members) is not list or not members:
            raise ModelError("A model's description names its kind and its layers.")
        name, trainable = named(plain.get("name")), plain.get("trainable")
        if type(trainable) is not bool:
            raise ModelError("Whether a model is trainable is True or False.")
        if kind == "Sequential":
            return keras.Sequential(self._chain(members), name=name, trainable=trainable)
        made_by = self._graph(members)
        ends = [_resolve(plain.get(end), made_by) for end in ("inputs", "outputs")]
        return keras.Model(*ends, name=name, trainable=trainable)

    def _chain(self, members: list[Any]) -> list[Any]:
        """Return the layers of a sequential model, after a look at the shape behind each."""
        layers = [self._make(member) for member in members]
        if members[0].get("layer") != "InputLayer":
            raise ModelError("A sequential model begins with its input.")
        shape: Any = _sample(layers[0])
        for layer in layers[1:]:
            self._call(layer)
            try:
                shape = layer.compute_output_shape(shape)
            except Exception as error:
                raise ModelError(f"Keras refuses the layer {layer.name}: {said(error)}") from error
            self._add(_row_size(shape, layer.name))
        return layers

    def _call(self, made: Any) -> None:
        """Count a call before it is made; that of a model costs what is in it, each time."""
        calls, numbers = self.costs.get(id(made), (0, 0))
        self.calls += calls + 1
        if self.calls > MAX_CALLS:
            raise ModelError(f"The model calls its layers more than {MAX_CALLS:,} times.")
        self._add(numbers)

    def _add(self, numbers: int) -> None:
        """Count what a call makes of one row."""
        self.numbers += numbers
        if self.numbers > MAX_ACTIVATIONS:
            raise ModelError(
                f"The layers make over {MAX_ACTIVATIONS:,} numbers of one row: use fewer units."
            )

    def _make(self, member: Any) -> Any:
        """Return a layer, an operation or a model, not yet called."""
        self.layers += 1
        if self.layers > MAX_LAYERS:
            raise ModelError(f"The model has more than {MAX_LAYERS} layers: use fewer.")
        if type(member) is not dict:
            raise ModelError("A layer's description is a dictionary.")
        if "model" in member:
            return self.model(member)
        kind = "operation" if "operation" in member else "layer"
        config = member.get("config")
        named(config.get("name") if isinstance(config, dict) else None)
        return build(kind, member.get(kind), config)

    def _graph(self, members: list[Any]) -> Tensors:
        """Call the layers of a functional model, each when its inputs are there."""
        import keras

        made_by: Tensors = {}
        waiting: list[tuple[Any, list[Any]]] = []
        names: set[str] = set()
        for member in members:
            made = self._make(member)
            if made.name in names:
                raise ModelError(f"Two layers are called {made.name!r}: give each its own name.")
            names.add(made.name)
            if member.get("layer") == "InputLayer":
                sample = keras.KerasTensor(_sample(made), dtype=made.dtype)
                made_by[made.name, 0] = [(made.output, sample)]
            else:
                calls = [(n, call, _needs(call)) for n, call in enumerate(member["calls"])]
                waiting.append((made, calls))
        while any(calls for _, calls in waiting):
            if not sum(self._advance(made, calls, made_by) for made, calls in waiting):
                raise ModelError("Layers of the model wait for one another, or for none.")
        return made_by

    def _advance(self, made: Any, calls: list[Any], made_by: Tensors) -> int:
        """Make those calls of a layer whose inputs are there; return how many that were."""
        done = 0
        while calls and calls[0][2] <= made_by.keys():
            count, call, _ = calls.pop(0)
            self._call(made)
            pairs = made_by[made.name, count] = _called(made, call, made_by)
            for tensor, size in pairs:
                _row_size((ROWS, *tensor.shape[1:]), made.name)
                self._add(_row_size(size.shape, made.name))
            done += 1
        return done


def _needs(call: Any) -> set[tuple[str, int]]:
    """Return the calls, by layer and number, whose outputs a call takes."""
    level, found = [call], set()
    while level:
        value = level.pop()
        if type(value) is dict:
            if set(value) == {"tensor"}:
                found.add(_place(value)[:2])
            level += value.values()
        elif type(value) is list:
            level += value
    return found


def _called(made: Any, call: Any, made_by: Tensors) -> list[tuple[Any, Any]]:
    """Call a layer on symbolic tensors and return what comes out, after a look at its size."""
    import keras

    if type(call["args"]) is not list or type(call["kwargs"]) is not dict:
        raise ModelError(f"A call of the layer {made.name} has no list of arguments.")
    # Layers know lists of inputs, operations (an index, for instance) know tuples.
    many = list if isinstance(made, keras.layers.Layer) else tuple
    given, sample = (
        [_resolve(call[part], made_by, many, which) for part in ("args", "kwargs")]
        for which in (0, 1)
    )
    if not any(isinstance(each, keras.KerasTensor) for each in keras.tree.flatten(given)):
        raise ModelError(f"A call of the layer {made.name} has no input.")  # it would be computed
    try:
        result = keras.tree.flatten(made(*given[0], **given[1]))
        # Once more with so many rows: an operation may turn columns into rows.
        sizes = keras.tree.flatten(made.compute_output_spec(*sample[0], **sample[1]))
    except Exception as error:
        raise ModelError(f"Keras refuses the layer {made.name}: {said(error)}") from error
    return list(zip(result, sizes, strict=True))


def _place(reference: Description) -> tuple[str, int, int]:
    """Return the layer, the call and the output that a reference names."""
    place = reference["tensor"]
    if type(place) is not list or [type(each) for each in place] != [str, int, int]:
        raise ModelError("A tensor is named by its layer, call and output.")
    return place[0], place[1], place[2]


def _resolve(value: Any, made_by: Tensors, many: type = list, which: int = 0) -> Any:
    """Return an argument of a call: a tensor for a reference, a slice, an array, a plain value."""
    if type(value) is list:
        return many(_resolve(each, made_by, many, which) for each in value)
    if type(value) is str and value not in WORDS | DTYPES:
        raise ModelError(f"A layer is called with {value[:60]!r}, which the grader does not know.")
    if type(value) is not dict:
        return value if type(value) is str else scalar(value)
    keys = value.keys()
    if keys == {"tensor"}:
        name, call, index = _place(value)
        made = made_by.get((name, call), [])
        if not 0 <= index < len(made):
            raise ModelError(f"The model names a tensor that no layer makes: {name[:60]!r}.")
        return made[index][which]
    if keys == {"slice"}:
        return slice(*(scalar(each) for each in value["slice"]))
    if keys == {"array", "dtype"} and value["dtype"] in DTYPES:
        return np.array(value["array"], dtype=value["dtype"])
    if keys == {"ellipsis"}:
        return ...
    return {named(key): _resolve(each, made_by, many, which) for key, each in value.items()}


def _sample(layer: Any) -> tuple[int, ...]:
    """Return the shape of some rows of an input, after a look at their size."""
    shape = (layer.batch_shape[0] or ROWS, *layer.batch_shape[1:])
    _row_size(shape, layer.name)
    return shape


def _row_size(shape: Any, name: str) -> int:
    """Return how many numbers there are for a row, if that is known and not too many.

    `shape` is that of `ROWS` rows, or several such shapes.
    """
    several = list(shape.values()) if isinstance(shape, dict) else list(shape)
    if several and isinstance(several[0], list | tuple):
        return sum(_row_size(each, name) for each in several)
    if None in several:
        raise ModelError(f"The size of what {name} makes is open: say it in keras.Input(...).")
    size: int = math.prod(several) // ROWS
    if size > MAX_ACTIVATION:
        raise ModelError(
            f"The layer {name} makes {size:,} numbers of one row: at most {MAX_ACTIVATION:,} are "
            "allowed."
        )
    return size
