"""Counts calls in Redis or Valkey, so that several processes share one limit.

A round trip costs more than all the rest of a request, so there is one at a time: what arrives meanwhile goes together
in the next. When Redis does not answer, the choice is to go on: each process enforces the whole limits by itself until
Redis is back, and no call waits for Redis longer than two of its time-outs.
"""

from __future__ import annotations

import asyncio
import logging
from asyncio import Future
from functools import partial

from service.errors import RemoteUnavailable
from service.limits.gcra import MICROSECOND, Left, Limit, Rate, Refused, left
from service.limits.local import LocalLimiter
from service.limits.redis_store import Kind, RedisStore
from service.metrics import Metrics
from service.remote import Policy, Remote

log = logging.getLogger("service")

POLICY = Policy(timeout=0.25, retries=0, failures=3, reset=1.0)
"""How Redis is called: without retries, as an attempt whose answer was lost may have counted."""
PROBE: Kind = ("probe", (Limit("probe", Rate(1000, 1)),), 1)

Batch = dict[Kind, list[Future[Left]]]


class SharedLimiter:
    """A :class:`~service.limits.gcra.Limiter` that asks Redis, for one event loop.

    Args:
        url: ``redis://``, ``rediss://`` (TLS) or ``unix://``, with a password if need be.
        remote: limits the time of a round trip; see ``POLICY``.
        fallback: counts while Redis does not.
        metrics: shows whether it does.
        prefix: begins all keys; services with different prefixes share nothing.
        pause: between looks whether Redis is back, in seconds.

    Raises:
        ValueError: the URL is wrong; it is not repeated, as it may hold a password.
    """

    def __init__(
        self,
        url: str,
        remote: Remote,
        fallback: LocalLimiter,
        metrics: Metrics,
        prefix: str = "limits",
        pause: float = 0.5,
    ) -> None:
        self._store = RedisStore(url, prefix)
        self._remote = remote
        self._fallback = fallback
        self._degraded = metrics.limiter_degraded
        self._degraded.set(0)
        self._pause = pause
        self._waiting: Batch = {}
        self._sending: asyncio.Task[None] | None = None
        self._returning: asyncio.Task[None] | None = None

    def hit(self, key: str, limits: tuple[Limit, ...], cost: int = 1) -> Left | Future[Left]:
        """Count a call; see :class:`~service.limits.gcra.Limiter`."""
        if self._returning is not None:
            return self._fallback.hit(key, limits, cost)
        caller: Future[Left] = asyncio.get_running_loop().create_future()
        self._waiting.setdefault((key, limits, cost), []).append(caller)
        if self._sending is None:
            self._sending = asyncio.create_task(self._send())
        return caller

    async def close(self) -> None:
        """Leave Redis. Calls that still wait are counted in this process."""
        tasks = [task for task in (self._sending, self._returning) if task is not None]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._store.close()

    async def _send(self) -> None:
        """Ask for all that wait, in one round trip after the other, until nobody does."""
        batch: Batch = {}
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, {}
                await self._ask(batch)
        except Exception as error:  # whatever it is, no call may fail for it
            self._degrade(error)
        finally:
            self._sending = None
            for kind, callers in (*batch.items(), *self._waiting.items()):
                self._fall_back(kind, callers)
            self._waiting = {}

    async def _ask(self, batch: Batch) -> None:
        calls = [(kind, len(callers)) for kind, callers in batch.items()]
        answers = await self._remote.call(partial(self._store.count, calls))
        for ((_, limits, cost), callers), (passed, *used) in zip(batch.items(), answers, strict=True):
            _tell(callers, limits, cost, passed, used)

    def _fall_back(self, kind: Kind, callers: list[Future[Left]]) -> None:
        for caller in callers:
            if not caller.done():
                try:
                    caller.set_result(self._fallback.hit(*kind))
                except Refused as refused:
                    caller.set_exception(refused)

    def _degrade(self, error: Exception) -> None:
        self._degraded.set(1)
        reason = type(error.__cause__ or error).__name__
        log.warning("each process limits by itself: the shared limit is away", extra={"reason": reason})
        self._returning = asyncio.create_task(self._return())

    async def _return(self) -> None:
        """Wait until Redis counts again, then use it again."""
        back = False
        while not back:
            await asyncio.sleep(self._pause)
            back = await self._probe()
        self._returning = None
        self._degraded.set(0)
        log.info("the shared limit is back")

    async def _probe(self) -> bool:
        if not self._remote.available:
            return False
        try:
            await self._remote.call(partial(self._store.count, [(PROBE, 1)]))
        except RemoteUnavailable:
            return False
        return True


def _tell(callers: list[Future[Left]], limits: tuple[Limit, ...], cost: int, passed: int, used: list[int]) -> None:
    """Let the first ``passed`` callers through; ``used`` is what is used of each limit, in microseconds."""
    rooms = [limit.full - spent * MICROSECOND for limit, spent in zip(limits, used, strict=True)]
    for number, caller in enumerate(callers):
        if caller.done():
            continue  # gave up meanwhile
        if number < passed:
            caller.set_result(left(limits, rooms))
        else:
            caller.set_exception(Refused(limits, rooms, cost))
