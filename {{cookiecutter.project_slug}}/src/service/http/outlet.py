"""Where answers leave: whole ones at the end of the event loop's turn, one connection's right after another's.

A turn ends many requests. Written together, their answers wake whoever reads them once. Between each two of them would
else be what it takes to make one, in which a fast reader falls asleep again, and to wake it costs more than to write.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable


class Outbox:
    """Flushes outlets at the end of the turn.

    Args:
        loop: the event loop.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._due: list[Outlet] = []

    def add(self, outlet: Outlet) -> None:
        """Flush it at the end of this turn."""
        if not self._due:
            self._loop.call_soon(self._flush)
        self._due.append(outlet)

    def _flush(self) -> None:
        due, self._due = self._due, []
        for outlet in due:
            outlet.flush()


class Outlet:
    """What the answers of one connection are written to.

    Args:
        transport: the connection's.
        outbox: shared by all connections.
        close: the connection's way to end; it flushes first.
    """

    __slots__ = ("_kept", "_outbox", "_write", "close", "is_closing")

    def __init__(self, transport: asyncio.Transport, outbox: Outbox, close: Callable[[], None]) -> None:
        self._write = transport.write
        self._outbox = outbox
        self._kept = b""
        self.is_closing = transport.is_closing
        self.close = close

    def write(self, data: bytes) -> None:
        """Write now."""
        self.flush()
        self._write(data)

    def write_soon(self, data: bytes) -> None:
        """Write at the end of this turn of the event loop, or before anything else that is written."""
        if not self._kept:
            self._outbox.add(self)
        self._kept += data

    def flush(self) -> None:
        """Write what was to be written soon, unless the connection is gone."""
        kept, self._kept = self._kept, b""
        if kept and not self.is_closing():
            self._write(kept)
