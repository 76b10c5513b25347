"""The kinds that pandas, TensorFlow and Keras bring; none is imported before it is needed."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from coursekit.grading.wire.frame import (
    KINDS,
    Frame,
    Kind,
    UnsendableError,
    UnsuitedError,
    WireError,
    need,
)
from coursekit.grading.wire.values import is_array, pack_array, unpack_array


def _loaded(module: str, *names: str) -> tuple[type, ...]:
    """Return classes of a module that is loaded already: nothing is imported to ask."""
    found = sys.modules.get(module)
    return tuple(getattr(found, name) for name in names) if found else ()


# pandas' own kinds of column that are more than an array
EXTENSIONS = (
    *("string", "str", "boolean", "Float32", "Float64"),
    *(f"{sign}Int{bits}" for sign in ("", "U") for bits in (8, 16, 32, 64)),
)


def _pack_series(value: Any, frame: Frame, depth: int) -> list[Any]:
    parts = (value.name, *_index(value.index), *_column(value))
    return [frame.pack(part, depth) for part in parts]


def _unpack_series(rest: list[Any], frame: Frame, depth: int) -> Any:
    import pandas as pd

    need(len(rest) == 5)
    name, index, index_name, kept, column = (frame.unpack(part, depth) for part in rest)
    with _malformed():
        rows = _unpack_index(index, index_name)
        return pd.Series(_unpack_column(kept, column, len(rows)), index=rows, name=name)


def _pack_table(value: Any, frame: Frame, depth: int) -> list[Any]:
    parts = [*_index(value.columns), *_index(value.index)]
    for at in range(value.shape[1]):
        parts += _column(value.iloc[:, at])
    return [frame.pack(part, depth) for part in parts]


def _unpack_table(rest: list[Any], frame: Frame, depth: int) -> Any:
    import pandas as pd

    need(len(rest) >= 4 and len(rest) % 2 == 0)
    columns, columns_name, index, index_name, *parts = (frame.unpack(p, depth) for p in rest)
    with _malformed():
        rows = _unpack_index(index, index_name)
        series = {
            at: _unpack_column(parts[at], parts[at + 1], len(rows))
            for at in range(0, len(parts), 2)
        }
        table = pd.DataFrame(series, index=rows)
        table.columns = _unpack_index(columns, columns_name)
        return table


def _column(value: Any) -> tuple[str, Any]:
    """Return the name of a column's type where it is more than an array, and its values."""
    if isinstance(value.dtype, np.dtype):
        return "", value.to_numpy()
    kept = str(value.dtype)
    if kept == "category":
        kinds = value.cat.categories
        return kept, [value.cat.codes.to_numpy(), *_index(kinds), bool(value.cat.ordered)]
    if kept not in EXTENSIONS:
        raise UnsendableError(f"a column of the type {kept[:60]} cannot be sent")
    column = value.astype(object).to_numpy(copy=True)
    column[value.isna().to_numpy()] = None
    return kept, column


def _unpack_column(kept: Any, column: Any, rows: int) -> Any:
    import pandas as pd

    if kept == "category":
        codes, kinds, name, ordered = column
        need(type(codes) is np.ndarray and codes.shape == (rows,) and type(ordered) is bool)
        return pd.Categorical.from_codes(codes, _unpack_index(kinds, name), ordered=ordered)
    need(type(column) is np.ndarray and column.shape == (rows,))
    need(kept == "" or kept in EXTENSIONS)
    return pd.array(column, dtype=kept) if kept else column


def _index(index: Any) -> tuple[Any, Any]:
    if type(index).__name__ == "RangeIndex":
        return range(index.start, index.stop, index.step), index.name
    plain = index.nlevels == 1 and isinstance(index.dtype, np.dtype)
    values = index.to_numpy() if plain else index.tolist()
    return values, list(index.names) if index.nlevels > 1 else index.name


def _unpack_index(index: Any, name: Any) -> Any:
    import pandas as pd

    if type(index) is range:
        return pd.RangeIndex(index, name=name)
    if type(index) is np.ndarray:
        return pd.Index(index, name=name, dtype=index.dtype)
    need(type(index) is list)
    return (
        pd.MultiIndex.from_tuples(index, names=name)
        if type(name) is list
        else pd.Index(index, name=name)
    )


@contextmanager
def _malformed() -> Iterator[None]:
    """Turn whatever pandas says of values that do not go together into one error."""
    try:
        yield
    except Exception:
        raise WireError("a message is malformed") from None


def _is_tensor(value: Any, kind: type) -> bool:
    tensors = _loaded("tensorflow", "Tensor", "Variable") + _loaded("keras", "Variable")
    if not isinstance(value, tensors) or not hasattr(value, "numpy"):
        return False
    return is_array(np.asarray(value.numpy()), np.ndarray)


def _unpack_tensor(rest: list[Any], frame: Frame, depth: int) -> Any:
    import tensorflow as tf

    array = unpack_array(rest, frame, depth)
    try:
        return tf.constant(array)
    except (TypeError, ValueError, tf.errors.OpError):
        raise WireError("a message is malformed") from None


def _is_model(value: Any, kind: type) -> bool:
    return isinstance(value, _loaded("keras", "Model"))


def _pack_model(value: Any, frame: Frame, depth: int) -> list[Any]:
    from coursekit import models

    try:
        description, arrays = models.describe(value)
    except models.UnsendableModelError as error:
        raise UnsuitedError(str(error)) from None
    return [json.dumps(description), *(frame.pack(array, depth) for array in arrays)]


def _unpack_model(rest: list[Any], frame: Frame, depth: int) -> Any:
    from coursekit import models

    need(len(rest) > 0 and type(rest[0]) is str)
    arrays = [frame.unpack(array, depth) for array in rest[1:]]
    need(all(type(array) is np.ndarray for array in arrays))
    try:
        description = json.loads(rest[0])
    except (ValueError, RecursionError):
        raise WireError("a message is malformed") from None
    return models.rebuild(description, arrays)


KINDS |= {
    "tensor": Kind(
        _is_tensor,
        lambda value, frame, depth: pack_array(np.asarray(value.numpy()), frame, depth),
        _unpack_tensor,
    ),
    "series": Kind(
        lambda value, kind: kind in _loaded("pandas", "Series"), _pack_series, _unpack_series
    ),
    "frame": Kind(
        lambda value, kind: kind in _loaded("pandas", "DataFrame"), _pack_table, _unpack_table
    ),
    "model": Kind(_is_model, _pack_model, _unpack_model),
}
