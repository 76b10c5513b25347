"""What travels between the judge and a student's process: plain data, and names for the rest.

A frame is a JSON head and raw buffers. In the head ``None``, truth values, numbers and texts stand
for themselves, everything else is a list that begins with a tag::

    ["list", 1, 2]   ["array", "<f4", [2, 3], 0]   ["function", 7, "double"]

`KINDS` says which tags there are: a further kind is one entry. Nothing is ever pickled, no name
that came is ever looked up, and both ends count bytes, depth and nodes before they trust a frame.
"""

from coursekit.grading.wire import libraries, values  # they register what may cross
from coursekit.grading.wire.channel import Channel, numbers
from coursekit.grading.wire.frame import (
    ERRORS,
    KINDS,
    PLAIN,
    ClosedError,
    Frame,
    Opaque,
    StudentError,
    UnsendableError,
    WireError,
    brief,
    opaque,
)

__all__ = [
    "ERRORS",
    "KINDS",
    "PLAIN",
    "Channel",
    "ClosedError",
    "Frame",
    "Opaque",
    "StudentError",
    "UnsendableError",
    "WireError",
    "brief",
    "libraries",
    "numbers",
    "opaque",
    "values",
]
