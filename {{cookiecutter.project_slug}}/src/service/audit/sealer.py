"""Signs a writer's head every so often, in a thread, while the event loop goes on."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec

from service.audit.head import Head
from service.audit.writer import Writer
from service.metrics import Metrics

log = logging.getLogger("service")

OnHead = Callable[[Mapping[str, Any]], None]
"""Gets each signed head as plain data, in the event loop."""


class Sealer:
    """Seals what there is some time after it was written, all at once.

    Args:
        thread: where the disk is waited for; one thread, so that seals keep their order.
        seconds: longest time from a record to the head that covers it.
        on_head: gets each head.
        metrics: counts failures.
    """

    def __init__(self, thread: ThreadPoolExecutor, seconds: float, on_head: OnHead, metrics: Metrics) -> None:
        self._thread = thread
        self._seconds = seconds
        self._on_head = on_head
        self._metrics = metrics
        self._timer: asyncio.TimerHandle | None = None
        self._ended = False

    def begun(self, writer: Writer) -> None:
        """A chain was begun, and sealed already."""
        self._on_head(msgspec.structs.asdict(writer.begun))

    def soon(self, writer: Writer) -> None:
        """Something was written: seal it when its time has come, or now if a segment was ended."""
        if self._ended:
            return
        if writer.retired:
            self._start(writer)
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._seconds, self._start, writer)

    async def last(self, writer: Writer) -> None:
        """Seal all, for good."""
        self._ended = True
        self._stop_timer()
        seal = asyncio.get_running_loop().run_in_executor(self._thread, writer.seal(closed=True))
        try:
            self._on_head(msgspec.structs.asdict(await seal))
        except OSError as error:
            self._failed(error)

    def _start(self, writer: Writer) -> None:
        self._stop_timer()
        seal = asyncio.get_running_loop().run_in_executor(self._thread, writer.seal())
        seal.add_done_callback(lambda done: self._done(done, writer))

    def _done(self, seal: asyncio.Future[Head], writer: Writer) -> None:
        error = seal.exception()
        if error is None:
            self._on_head(msgspec.structs.asdict(seal.result()))
        else:
            self._failed(error)
            self.soon(writer)

    def _stop_timer(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _failed(self, error: BaseException) -> None:
        self._metrics.audit_failures.labels("head").inc()
        log.error("the head of the audit trail cannot be sealed", extra={"reason": str(error)})
