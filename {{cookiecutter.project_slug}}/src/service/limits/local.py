"""Counts calls in this process. Several processes each count for themselves: give each its share (``Rate.divided``)."""

from __future__ import annotations

import time
from collections.abc import Callable
from heapq import nlargest
from operator import itemgetter

from service.limits.gcra import Left, Limit, Refused

KEYS = 10_000
"""Callers' limits kept at once, a few megabytes."""


class LocalLimiter:
    """A :class:`~service.limits.gcra.Limiter` for one event loop.

    Args:
        keys: how many callers' limits to remember. When there are more, those are forgotten first that are restored,
            then those that are nearest to it.
        clock: nanoseconds; never goes back.
    """

    def __init__(self, keys: int = KEYS, clock: Callable[[], int] = time.monotonic_ns) -> None:
        self._keys = keys
        self._clock = clock
        self._arrivals: dict[tuple[str, str], int] = {}

    def hit(self, key: str, limits: tuple[Limit, ...], cost: int = 1) -> Left:
        """Count a call, at once; see :class:`~service.limits.gcra.Limiter`."""
        now = self._clock()
        arrivals = self._arrivals
        moved = []
        left: Left = ()
        for limit in limits:
            bucket = (key, limit.bucket)
            arrival = arrivals.get(bucket, now)
            if arrival < now:
                arrival = now
            arrival += cost * limit.interval
            room = now + limit.full - arrival
            if room < 0:
                raise Refused(limits, self._rooms(key, limits, now), cost)
            moved.append((bucket, arrival))
            left += limit.left(room)
        for bucket, arrival in moved:
            arrivals[bucket] = arrival
        if len(arrivals) > self._keys:
            self._forget(now)
        return left

    def _rooms(self, key: str, limits: tuple[Limit, ...], now: int) -> list[int]:
        return [now + limit.full - max(self._arrivals.get((key, limit.bucket), 0), now) for limit in limits]

    async def close(self) -> None:
        """Nothing is open."""

    def _forget(self, now: int) -> None:
        """Make room: half of it, so that this happens rarely however many callers there are."""
        kept = {bucket: arrival for bucket, arrival in self._arrivals.items() if arrival > now}
        if len(kept) > self._keys // 2:
            kept = dict(nlargest(self._keys // 2, kept.items(), key=itemgetter(1)))
        self._arrivals = kept
