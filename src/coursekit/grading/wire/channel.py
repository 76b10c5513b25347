"""The two ends of a conversation: frames over an inherited socket."""

from __future__ import annotations

import json
import socket
import struct
from collections.abc import Callable, Iterator
from typing import Any

from coursekit.grading.wire.frame import (
    MAX_BUFFERS,
    MAX_BYTES,
    MAX_HEAD,
    MAX_NODES,
    ClosedError,
    Frame,
    References,
    WireError,
    need,
)

HEADER = struct.Struct(">II")
LENGTH = struct.Struct(">Q")


class Channel:
    """One end of a conversation over a socket.

    Parameters
    ----------
    connection : socket.socket
        A connected stream socket.
    references : References
    watch : callable, optional
        Called again and again while this end waits; may raise to stop waiting.
    """

    TICK = 0.05  # seconds between two looks at what is waited for

    def __init__(
        self,
        connection: socket.socket,
        references: References,
        watch: Callable[[], None] | None = None,
    ) -> None:
        self._socket, self._watch, self.references = connection, watch, references
        connection.settimeout(self.TICK if watch else None)

    def frame(self) -> Frame:
        """Return an empty frame to pack values into."""
        return Frame(self.references)

    def send(self, head: dict[str, Any], frame: Frame | None = None) -> None:
        """Send a message.

        Raises
        ------
        WireError
            If it is too large.
        ClosedError
            If nobody is there.
        """
        buffers = frame.buffers if frame else []
        text = json.dumps(head, ensure_ascii=True, separators=(",", ":")).encode()
        if len(text) > MAX_HEAD:
            raise WireError(f"a message has more than {MAX_HEAD >> 20} MB of text")
        lengths = b"".join(LENGTH.pack(len(buffer)) for buffer in buffers)
        self._send(HEADER.pack(len(text), len(buffers)) + lengths + text)
        for buffer in buffers:
            self._send(buffer)

    def _send(self, data: Any) -> None:
        view = memoryview(data)
        while view:
            try:
                view = view[self._socket.send(view) :]
                self._look()
            except TimeoutError:
                self._look()
            except OSError as error:
                raise ClosedError("the other side is gone") from error

    def receive(self) -> tuple[dict[str, Any], Frame]:
        """Return the next message: its head, and a frame to unpack values from.

        Raises
        ------
        WireError
            If it is malformed or too large.
        ClosedError
            If nobody is there any more.
        """
        size, count = HEADER.unpack(self._read(HEADER.size))
        need(size <= MAX_HEAD and count <= MAX_BUFFERS)
        lengths = [n for (n,) in LENGTH.iter_unpack(self._read(LENGTH.size * count))]
        need(sum(lengths) <= MAX_BYTES)
        text = self._read(size)
        need(text.count(b"[") + text.count(b"{") <= 2 * MAX_NODES)
        try:
            head = json.loads(text)
        except (ValueError, RecursionError):
            raise WireError("a message is malformed") from None
        need(type(head) is dict)
        return head, Frame(self.references, [self._read(n) for n in lengths])

    def _read(self, size: int) -> bytearray:
        data = bytearray(size)
        view = memoryview(data)
        while view:
            try:
                got = self._socket.recv_into(view)
            except TimeoutError:
                self._look()
                continue
            except OSError as error:
                raise ClosedError("the other side is gone") from error
            if not got:
                raise ClosedError("the other side is gone")
            view = view[got:]
            self._look()  # also while bytes come, one by one
        return data

    def _look(self) -> None:
        if self._watch:
            self._watch()

    def close(self) -> None:
        """Close this end."""
        self._socket.close()


def numbers(start: int = 1) -> Iterator[int]:
    """Yield the ids of requests."""
    while True:
        yield start
        start += 1
