"""Answers already given, by model and input. An old answer may stand in when the model cannot answer (RFC 5861)."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from service.metrics import Metrics
from service.signature import Decoded

Outputs = NDArray[np.float32]
ENTRY = 300
"""What an entry takes beside its outputs, in bytes: key, time, and the objects around them."""


class Cache:
    """The last answers, bounded in bytes; the least recently asked go first.

    Args:
        most_bytes: size; 0 keeps nothing.
        fresh: how long an answer may be repeated, in seconds.
        metrics: counts hits and misses.
        clock: seconds.
    """

    def __init__(
        self, most_bytes: int, fresh: float, metrics: Metrics, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._most = most_bytes
        self._fresh = fresh
        self._clock = clock
        self._kept: OrderedDict[bytes, tuple[float, Outputs]] = OrderedDict()
        self._bytes = 0
        self._size = metrics.cache_bytes
        self._hit, self._miss = metrics.cache.labels("hit"), metrics.cache.labels("miss")

    def key(self, digest: str, decoded: Decoded) -> bytes:
        """Names an input to a bundle; empty when nothing is kept."""
        if not self._most:
            return b""
        return blake2b(decoded.canonical(), digest_size=24, key=digest[-64:].encode()).digest()

    def get(self, key: bytes) -> Outputs | None:
        """A fresh answer, if there is one."""
        if not key:
            return None
        kept = self._kept.get(key)
        if kept is None or self._clock() - kept[0] > self._fresh:
            self._miss.inc()
            return None
        self._kept.move_to_end(key)
        self._hit.inc()
        return kept[1]

    def stale(self, key: bytes) -> Outputs | None:
        """An answer of any age, if there is one."""
        kept = self._kept.get(key)
        return kept[1] if kept else None

    def put(self, key: bytes, outputs: Outputs) -> None:
        """Keep an answer. It is copied: what was given is a view into the whole batch."""
        size = outputs.nbytes + ENTRY
        if not key or size > self._most:
            return
        self._forget(key)
        self._kept[key] = (self._clock(), outputs.copy())
        self._bytes += size
        while self._bytes > self._most:
            self._forget(next(iter(self._kept)))
        self._size.set(self._bytes)

    def clear(self) -> None:
        """Forget everything, as when a model was replaced."""
        self._kept.clear()
        self._bytes = 0
        self._size.set(0)

    def _forget(self, key: bytes) -> None:
        kept = self._kept.pop(key, None)
        if kept:
            self._bytes -= kept[1].nbytes + ENTRY
