"""What can pass between a check and a student's answer, in an author's words.

The wire carries these kinds and no others; the lint and ``docs/check-cells.md`` name them.
"""

from __future__ import annotations

CROSSES = {
    "list": "lists",
    "tuple": "tuples",
    "dict": "dicts",
    "array": "NumPy arrays of numbers, truth values, text or dates",
    "scalar": "NumPy numbers",
    "set": "sets",
    "frozenset": "frozen sets",
    "complex": "complex numbers",
    "bytes": "bytes",
    "range": "ranges",
    "objects": "NumPy arrays of any of these",
    "tensor": "tensors",
    "series": "pandas series",
    "frame": "pandas frames",
    "model": "Keras models that can be rebuilt",
}
"""Tag on the wire -> what it is; beside None, truth values, numbers and text."""

STAYS = {
    *("bytearray", "Counter", "Decimal", "defaultdict", "deque", "enumerate", "filter", "Fraction"),
    *("items", "iter", "keys", "map", "memoryview", "object", "open", "OrderedDict", "partial"),
    *("reversed", "slice", "values", "zip"),
}
"""Calls of these names make what cannot be sent; ``list(...)`` around them helps."""
