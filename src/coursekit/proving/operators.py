"""Wrong turns a student of this course takes: each operator changes one node of a syntax tree.

An operator is given a node and where it stands, and yields what to put in its place, with a text
that says so (empty where "this becomes that" is enough). What it is given is never changed.

Code that builds or trains a model is *open*: widths, rates and epochs are the student's choice, and
most other choices are right too. There, only what no choice makes right is derived: a loss for
another task, labels that do not belong to their rows, no training, inputs or outputs of another
size. Widths, hidden activations and the number of layers follow where the architecture is fixed.
"""

from __future__ import annotations

import ast
import itertools
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TypeGuard

Turn = tuple[ast.AST, str]
Function = (ast.FunctionDef, ast.AsyncFunctionDef)
MOVABLE = (ast.Name, ast.BinOp, ast.Call)  # positions; literal ones are numbers like others

TRAINS = re.compile(r"(^|\.)(compile|fit|Sequential|Model|Functional)$")
LAYER = re.compile(r"(^|\.)layers\.\w+$|(^|\.)(Dense|Conv\w+|LSTM|GRU|Dropout|\w+Pooling\w*)$")
LABELS = re.compile(r"(y|labels?|targets?)(_(true|train|val|test))?")
LOSSES = {
    "mse": ("binary_crossentropy", "categorical_crossentropy"),
    "mae": ("binary_crossentropy", "categorical_crossentropy"),
    "binary_crossentropy": ("categorical_crossentropy", "sparse_categorical_crossentropy"),
    "categorical_crossentropy": ("sparse_categorical_crossentropy", "binary_crossentropy"),
    "sparse_categorical_crossentropy": ("categorical_crossentropy", "mse"),
}
LOSS_CLASSES = {
    "MeanSquaredError": "mse",
    "MeanAbsoluteError": "mae",
    "BinaryCrossentropy": "binary_crossentropy",
    "CategoricalCrossentropy": "categorical_crossentropy",
    "SparseCategoricalCrossentropy": "sparse_categorical_crossentropy",
}
OUTPUTS = {"linear": ("sigmoid", "softmax"), "sigmoid": (None, "softmax"), "softmax": (None,)}
PAIRS = {
    "mean": "sum", "sum": "mean", "argmax": "argmin", "argmin": "argmax", "max": "min",
    "min": "max", "maximum": "minimum", "minimum": "maximum", "std": "var", "var": "std",
    "sin": "cos", "cos": "sin", "floor": "ceil", "ceil": "floor", "any": "all", "all": "any",
    "zeros": "ones", "ones": "zeros", "hstack": "vstack", "vstack": "hstack",
}  # fmt: skip
BUILT_IN = {"max", "min", "any", "all"}
DROPPED = {
    "sqrt", "abs", "square", "exp", "log", "softmax", "sigmoid", "relu", "tanh", "flip", "sorted",
    "reversed",
}  # fmt: skip
NO_STEP = {"print", "show", "summary", "seed", "set_random_seed"}
RESHAPED = {"reshape", "ravel", "flatten", "squeeze", "transpose"}
SYMMETRIC = {
    "max", "min", "maximum", "minimum", "add", "multiply", "equal", "isclose", "allclose",
    "array_equal",
}  # fmt: skip


@dataclass(frozen=True)
class Place:
    """Where a node stands.

    Attributes
    ----------
    function : ast.FunctionDef or None
        The innermost function around it.
    open : bool
        Whether it belongs to code that builds or trains a model.
    fixed : bool
        Whether the question prescribes the model's architecture.
    last_layer : ast.Call or None
        The call that makes the model's last layer.
    """

    function: ast.FunctionDef | ast.AsyncFunctionDef | None = None
    open: bool = False
    fixed: bool = False
    last_layer: ast.Call | None = field(default=None, repr=False)

    def enter(self, node: ast.AST) -> Place:
        """Return the place of the nodes in `node`."""
        if isinstance(node, ast.ClassDef):
            model = any("keras" in _text(base) or is_builder(base) for base in node.bases)
            return Place(None, self.open or model, self.fixed, self.last_layer or last_layer(node))
        if isinstance(node, Function):
            opened = self.open or trains(node)
            return Place(node, opened, self.fixed, self.last_layer or last_layer(node))
        return self


def trains(node: ast.AST) -> bool:
    """Whether the code builds, compiles or fits a model."""
    return any(is_builder(call.func) for call in _calls(node))


def is_builder(name: ast.AST) -> bool:
    """Whether calling `name` builds, compiles or fits a model, or makes a layer."""
    return bool(TRAINS.search(_text(name)) or LAYER.search(_text(name)))


def last_layer(node: ast.AST) -> ast.Call | None:
    """Return the last call in the text that makes a dense layer."""
    dense = [call for call in _calls(node) if re.search(r"(^|\.)Dense$", _text(call.func))]
    return max(dense, key=lambda call: (call.lineno, call.col_offset), default=None)


def constant_return(node: ast.AST, place: Place) -> Iterator[Turn]:
    """Return a constant, the first argument, or what another return returns."""
    returns = _returns(place.function)
    if isinstance(node, Function) and _returns(node):
        values = ["None", "0", "1.0", *_parameters(node)[:1]]
        values += [_text(r.value) for r in _returns(node) if isinstance(r.value, ast.Constant)]
        for value in dict.fromkeys(values):
            yield _with_body(node, f"return {value}"), f"always returns {value}"
    elif isinstance(node, ast.Return):
        for other in returns if len(returns) > 1 else ():
            yield other, ""


def off_by_one(node: ast.AST, place: Place) -> Iterator[Turn]:
    """Count one too many or too few: ranges, lengths, slices, positions."""
    if place.open and not (place.fixed and _is_call(node, "range")):
        return
    if _is_call(node, "range"):
        stop = min(len(node.args) - 1, 1)
        for sign in "-+":
            yield _with_argument(node, stop, _shift(node.args[stop], sign)), ""
    elif _is_call(node, "len"):
        yield _shift(node, "-"), ""
    elif isinstance(node, ast.Slice):
        for sign in "-+":
            if isinstance(node.lower, MOVABLE):
                yield ast.Slice(_shift(node.lower, sign), node.upper, node.step), ""
            if isinstance(node.upper, MOVABLE):
                yield ast.Slice(node.lower, _shift(node.upper, sign), node.step), ""
    elif isinstance(node, ast.Subscript) and isinstance(node.slice, MOVABLE):
        yield ast.Subscript(node.value, _shift(node.slice, "-"), node.ctx), ""


def wrong_axis(node: ast.AST, place: Place) -> Iterator[Turn]:
    """Reduce along another axis, along all of them, or lose the axis that was to be kept."""
    if not isinstance(node, ast.Call) or place.open:
        return
    for keyword in node.keywords:
        if keyword.arg == "axis":
            for axis in {"0": ("1", "-1"), "1": ("0",), "-1": ("0",)}.get(_text(keyword.value), ()):
                yield _with_keyword(node, "axis", _parse(axis)), ""
        if keyword.arg in ("axis", "keepdims"):
            yield _with_keyword(node, keyword.arg, None), ""


def wrong_loss(node: ast.AST, place: Place) -> Iterator[Turn]:
    """Take the loss of another task, or say the wrong thing about logits."""
    if isinstance(node, ast.keyword) and node.arg == "loss":
        name = node.value.value if isinstance(node.value, ast.Constant) else None
        name = {"mean_squared_error": "mse", "mean_absolute_error": "mae"}.get(str(name), name)
        for other in LOSSES.get(str(name), ()):
            yield ast.keyword("loss", ast.Constant(other)), ""
    elif isinstance(node, ast.Attribute) and node.attr in LOSS_CLASSES:
        for other in LOSSES[LOSS_CLASSES[node.attr]]:
            (name,) = (cls for cls, short in LOSS_CLASSES.items() if short == other)
            yield ast.Attribute(node.value, name, node.ctx), ""
    elif isinstance(node, ast.Call):
        for keyword in node.keywords:
            if keyword.arg == "from_logits":
                flipped = ast.Constant(_text(keyword.value) != "True")
                yield _with_keyword(node, "from_logits", flipped), ""


def labels_shuffled(node: ast.AST, place: Place) -> Iterator[Turn]:
    """Give every row the label of another: a reversed order is a shuffle that needs no seed."""
    if _is_call(node, "fit"):
        text = f"labels in reverse order in {_text(node.func)}"
        if len(node.args) > 1:
            labels = _parse(f"({_text(node.args[1])})[::-1]")
            yield ast.Call(node.func, [node.args[0], labels, *node.args[2:]], node.keywords), text
        for keyword in node.keywords:
            if keyword.arg == "y":
                labels = _parse(f"({_text(keyword.value)})[::-1]")
                yield _with_keyword(node, "y", labels), text
    elif isinstance(node, Function) and not any(_is_call(n, "fit") for n in ast.walk(node)):
        for name in filter(LABELS.fullmatch, _parameters(node)):
            yield _with_first(node, f"{name} = {name}[::-1]"), f"{name} in reverse order"


def swapped_arguments(node: ast.AST, place: Place) -> Iterator[Turn]:
    """Exchange two neighbours: parameters, arguments of a call, parts of a pair."""
    if isinstance(node, Function):
        names = _parameters(node)
        for one, other in itertools.pairwise(names):
            swap = f"{one}, {other} = ({other}, {one})"
            yield _with_first(node, swap), f"{one} and {other} swapped"
    elif isinstance(node, ast.Call) and not _is_symmetric(node, place):
        if len(node.args) > 1 and not any(isinstance(a, ast.Starred) for a in node.args[:2]):
            swapped = [node.args[1], node.args[0], *node.args[2:]]
            yield ast.Call(node.func, swapped, node.keywords), ""
    elif isinstance(node, ast.Tuple) and len(node.elts) == 2 and not place.open:
        yield ast.Tuple(node.elts[::-1], node.ctx), ""


def dropped_statement(node: ast.AST, place: Place) -> Iterator[Turn]:
    """Leave a step out: the fit, the compile, an update."""
    fits = isinstance(node, ast.Assign) and _name(getattr(node.value, "func", node)) == "fit"
    called = isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)
    called = called and _name(node.value.func) not in NO_STEP  # type: ignore[attr-defined]
    adds_layer = called and trains(node) and _name(node.value.func) == "add"  # type: ignore[attr-defined]
    if fits or isinstance(node, ast.AugAssign) or (called and (place.fixed or not adds_layer)):
        yield ast.Pass(), f"{_brief(node)} is dropped"


def wrong_ends(node: ast.AST, place: Place) -> Iterator[Turn]:
    """Take inputs of another size, or give outputs of another size or range."""
    if not isinstance(node, ast.Call):
        return
    if place.open and _is_call(node, "Input", "InputLayer"):
        for shape in (*node.args[:1], *(k.value for k in node.keywords if k.arg == "shape")):
            if isinstance(shape, ast.Tuple):
                wider = ast.Tuple([_shift(size, "+") for size in shape.elts], shape.ctx)
                yield ast.Call(node.func, [], [ast.keyword("shape", wider)]), ""
    if node is place.last_layer:
        if node.args and isinstance(node.args[0], ast.Constant):
            units = ast.Constant(node.args[0].value + 1)  # type: ignore[operator]
            yield ast.Call(node.func, [units, *node.args[1:]], node.keywords), ""
        given = {k.arg: getattr(k.value, "value", "?") for k in node.keywords}
        for other in OUTPUTS.get(str(given.get("activation", "linear")), ()):
            value = None if other is None else ast.Constant(other)
            yield _with_keyword(node, "activation", value), ""


def wrong_function(node: ast.AST, place: Place) -> Iterator[Turn]:
    """Call the neighbour of a function, or none at all."""
    if not isinstance(node, ast.Call) or place.open:
        return
    name, func = _name(node.func), node.func
    if name in PAIRS and isinstance(func, ast.Attribute):
        other = ast.Attribute(func.value, PAIRS[name], func.ctx)
        yield ast.Call(other, node.args, node.keywords), ""
    if name in BUILT_IN and isinstance(func, ast.Name):
        yield ast.Call(_parse(PAIRS[name]), node.args, node.keywords), ""
    if name in DROPPED and len(node.args) == 1:
        yield node.args[0], ""
    if name in RESHAPED and isinstance(func, ast.Attribute):
        by_module = isinstance(func.value, ast.Name) and func.value.id in ("np", "numpy", "tf")
        yield (node.args[0] if by_module and node.args else func.value), ""


def dropped_operand(node: ast.AST, place: Place) -> Iterator[Turn]:
    """Forget a term, a factor, a division or a power."""
    if isinstance(node, ast.BinOp) and not place.open:
        yield node.left, ""
        if isinstance(node.op, (ast.Add, ast.Mult)):
            yield node.right, ""


def wrong_architecture(node: ast.AST, place: Place) -> Iterator[Turn]:
    """Change a layer's width, its activation, or leave it out; only where the layers are fixed."""
    if not (isinstance(node, (ast.Call, ast.List)) and place.open and place.fixed):
        return
    if isinstance(node, ast.List):
        for layer in node.elts:
            if isinstance(layer, ast.Call) and LAYER.search(_text(layer.func)):
                rest = [element for element in node.elts if element is not layer]
                yield ast.List(rest, node.ctx), f"{_brief(layer)} is dropped"
    elif LAYER.search(_text(node.func)) and node is not place.last_layer:
        if node.args and isinstance(node.args[0], ast.Constant) and node.args[0].value:
            changed = ast.Constant(node.args[0].value * 2)  # type: ignore[operator]
            yield ast.Call(node.func, [changed, *node.args[1:]], node.keywords), ""
        if any(keyword.arg == "activation" for keyword in node.keywords):
            yield _with_keyword(node, "activation", None), ""


OPERATORS: dict[str, Callable[[ast.AST, Place], Iterator[Turn]]] = {
    "constant return": constant_return,
    "off by one": off_by_one,
    "wrong axis": wrong_axis,
    "wrong loss": wrong_loss,
    "labels shuffled": labels_shuffled,
    "swapped arguments": swapped_arguments,
    "dropped statement": dropped_statement,
    "wrong ends": wrong_ends,
    "wrong function": wrong_function,
    "dropped operand": dropped_operand,
    "wrong architecture": wrong_architecture,
}
"""Every operator by its name, in the order in which a capped question takes them in turn."""


def _text(node: ast.AST | None) -> str:
    return "" if node is None else ast.unparse(node)


def _brief(node: ast.AST) -> str:
    text = " ".join(_text(node).split())
    return text if len(text) <= 60 else text[:57] + "..."


def _parse(expression: str) -> ast.expr:
    return ast.parse(expression, mode="eval").body


def _name(func: ast.AST) -> str:
    return _text(func).rsplit(".", 1)[-1]


def _is_call(node: ast.AST, *names: str) -> TypeGuard[ast.Call]:
    return isinstance(node, ast.Call) and _name(node.func) in names


def _is_symmetric(call: ast.Call, place: Place) -> bool:
    """Whether both orders of the arguments are right, or are two choices of a layer's sizes."""
    chosen = LAYER.search(_text(call.func)) and not place.fixed
    return _name(call.func) in SYMMETRIC or bool(chosen)


def _calls(node: ast.AST) -> list[ast.Call]:
    return [child for child in ast.walk(node) if isinstance(child, ast.Call)]


def _returns(node: ast.AST | None) -> list[ast.Return]:
    found = ast.walk(node) if node else ()
    return [child for child in found if isinstance(child, ast.Return) and child.value]


def _parameters(node: ast.FunctionDef | ast.AsyncFunctionDef) -> list[str]:
    names = [argument.arg for argument in [*node.args.posonlyargs, *node.args.args]]
    return names[1:] if names[:1] in (["self"], ["cls"]) else names


def _shift(node: ast.expr, sign: str) -> ast.expr:
    """Return the number one smaller or larger, or the expression with one taken off or added."""
    if isinstance(node, ast.Constant) and isinstance(node.value, int):
        return ast.Constant(node.value + int(f"{sign}1"))
    return ast.BinOp(node, ast.Sub() if sign == "-" else ast.Add(), ast.Constant(1))


def _with_argument(call: ast.Call, position: int, value: ast.expr) -> ast.Call:
    arguments = [value if n == position else old for n, old in enumerate(call.args)]
    return ast.Call(call.func, arguments, call.keywords)


def _with_keyword(call: ast.Call, name: str, value: ast.expr | None) -> ast.Call:
    """Return the call with one keyword set, in its place if it has one, or without it."""
    new = [] if value is None else [ast.keyword(name, value)]
    at = next((n for n, k in enumerate(call.keywords) if k.arg == name), len(call.keywords))
    return ast.Call(call.func, call.args, [*call.keywords[:at], *new, *call.keywords[at + 1 :]])


def _with_body(node: ast.AST, statement: str) -> ast.AST:
    """Return the function with one statement for a body."""
    return type(node)(**{**dict(ast.iter_fields(node)), "body": ast.parse(statement).body})


def _with_first(node: ast.FunctionDef | ast.AsyncFunctionDef, statement: str) -> ast.AST:
    """Return the function with a statement before all others."""
    body = [*ast.parse(statement).body, *node.body]
    return type(node)(**{**dict(ast.iter_fields(node)), "body": body})
