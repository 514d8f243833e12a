"""Bodies are decoded: small ones in the event loop; large ones in a thread, one at a time, if in time for an answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TypeVar

from service.call import Call
from service.errors import DeadlineExceeded, Overloaded

T = TypeVar("T")

LARGE = 100_000
"""Bytes from which a body is decoded in a thread, so that others do not wait for it."""

SHARE = 0.2
"""Weight of the newest body in what is known of how long decoding takes."""


class Decoding:
    """Decodes one large body after another: two at the same time would only take turns at the interpreter.

    Args:
        seconds: for an answer once its request has arrived.
    """

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._pace = 1e-8  # seconds a byte, until it is known
        self._free = asyncio.Lock()
        self._bytes = 0  # of those that wait or are being decoded

    async def run(self, call: Call, body: bytes, read: Callable[[bytes], T]) -> T:
        """What ``read`` makes of a body, which has just arrived.

        Raises:
            Overloaded: it could not be decoded before the call's deadline.
            DeadlineExceeded: its deadline passed while others were decoded.
        """
        now = time.perf_counter()
        call.size = size = len(body)
        if now + self._seconds < call.deadline:
            call.deadline = now + self._seconds
        if size < LARGE:
            return read(body)
        wait = (
            (self._bytes + size) * self._pace if self._bytes else 0.0
        )  # alone it is tried: a wrong pace must not stay
        if now + wait > call.deadline:
            raise Overloaded.late(wait)
        self._bytes += size
        try:
            async with self._free:
                return await self._decode(call, body, read)
        finally:
            self._bytes -= size

    async def _decode(self, call: Call, body: bytes, read: Callable[[bytes], T]) -> T:
        began = time.perf_counter()
        if began > call.deadline:
            raise DeadlineExceeded("the deadline passed before the body was decoded")
        try:
            return await asyncio.to_thread(read, body)
        finally:
            self._pace += SHARE * ((time.perf_counter() - began) / len(body) - self._pace)
