"""What is written together, and what its requests wait for."""

from __future__ import annotations

import asyncio
from typing import Any


class Written(asyncio.Future[None]):
    """Done once a group is in the file. One is shared by many requests, so none of them can cancel it."""

    def cancel(self, msg: Any = None) -> bool:
        """Refuse: a request that is cancelled meanwhile ends when its record is written."""
        return False


class Group:
    """The decisions of one turn of the event loop.

    Attributes:
        first: when the first of their requests arrived, in nanoseconds since 1970.
        contents: the decisions, encoded.
        written: what their requests wait for.
    """

    __slots__ = ("contents", "first", "written")

    def __init__(self, first: int, loop: asyncio.AbstractEventLoop) -> None:
        self.first = first
        self.contents: list[bytes] = []
        self.written = Written(loop=loop)

    def keep(self) -> None:
        """Let its requests be answered."""
        self.written.set_result(None)

    def refuse(self, error: Exception) -> None:
        """Make its requests fail."""
        self.written.set_exception(error)
        self.written.exception()  # seen, even if all of the requests have been cancelled
