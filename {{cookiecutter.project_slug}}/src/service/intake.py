"""The queue at the door: a request for a prediction is let in when it is its turn, or turned away at once.

The event loop reads, decodes and answers in one thread. If all that has arrived were begun in the same turn, each would
wait for all the others, and under overload every answer would be late. So a turn begins only as much as takes a few
milliseconds. The rest waits here with its body unread, and what could not be in time is turned away before it has cost
anything.
"""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections import deque
from collections.abc import Callable
from contextvars import Context
from typing import Any, Protocol, TypeVar

from msgspec import Struct
from prometheus_client import Counter

from service.errors import Overloaded, ServiceError
from service.metrics import Metrics

log = logging.getLogger("service")
T = TypeVar("T", contravariant=True)

TURN = 0.002
"""Seconds of work that one turn of the event loop begins: long enough for what a turn costs to be shared by many,
short for who is turned away, as that takes about one turn."""

BESIDE = 10_000
"""What a request costs beside its body, as the bytes of a body that would cost as much to read and decode."""

MARGIN = 3.0
"""How many times longer than expected the wait at the door may become without making an answer late.

Of a request that is nearly all body. To turn one away costs about what it costs beside its body, so where there is
hardly a body, early refusals only make room for more of the same: then only what is expected to be late is turned away.
"""

TURNED_AWAY = BESIDE // 2
"""What it costs to turn one away, in the same bytes. Measured: half of what a request costs that has hardly a body."""

HASTE = 0.02
"""Seconds that everybody waits at the door, whatever they say: nobody is known there yet, and a stranger who is turned
away for a hurry that nobody could satisfy would count as a fault of ours. Behind it, each one's own patience counts."""

STEPS = 4
"""Turns that a request takes once it is let in: to be decoded, answered, recorded and sent."""

SHARE = 0.1
"""Weight of the newest turn in what is known of how long work takes."""

USUAL_SHARE = 0.01
"""Weight of the newest request in what is known of their size."""

TELL_SECONDS = 1.0
"""The shortest time between two log lines about requests that were turned away."""


class Asked(Struct, frozen=True, gc=False):
    """What the head of a request tells.

    Attributes:
        route: the route's pattern.
        model: the model's name, if the path has one.
        size: of the body as announced, in bytes; 0 if it is not.
        began: when it arrived, by the intake's clock.
        patience: how long its caller says to wait, in seconds.
    """

    route: str
    model: str | None
    size: int
    began: float
    patience: float


class Host(Protocol[T]):
    """Whoever has a request."""

    @property
    def crowd(self) -> int:
        """How many requests there can be at the same time at most, all of them together: one a connection."""

    def begin(self, request: T, /) -> None:
        """Let it in."""

    def turn_away(self, request: T, error: ServiceError, /) -> None:
        """Answer it with an error."""


class Intake:
    """Begins requests in their order, a few milliseconds' worth in each turn of the event loop.

    Args:
        metrics: counts what is turned away.
        ahead: seconds until a model, by its name, would have answered a request of so many bytes.
        most_bytes: of a body that is decoded in the event loop; a larger one costs it no more than that.
        seconds: for an answer.
        hurry: whether callers may say that they will not wait as long.
        clock: seconds.
    """

    def __init__(
        self,
        metrics: Metrics,
        ahead: Callable[[str | None, int], float],
        most_bytes: int,
        seconds: float,
        *,
        hurry: bool = True,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._metrics = metrics
        self._ahead = ahead
        self._most_bytes = most_bytes
        self._most_seconds = seconds
        self._hurry = hurry
        self._clock = clock
        self._queue: deque[tuple[Asked, Any, Any]] = deque()
        self._waiting = 0  # weight of the queue
        self._begun = 0  # weight of what was begun since the last turn started
        self._running = 0  # weight of what was begun before that
        self._since = 0.0  # when the last turn started
        self._due = False  # whether there will be a next one
        self._seconds, self._weight = 1e-4, float(BESIDE)  # what turns take, and the weight of what they begin
        self._pace = self._seconds / self._weight  # all that the event loop does meanwhile included
        self._turned = 0  # weight of what was turned away since the last turn started
        self._effort = self._weight  # the weight of what turns begin and turn away
        self._usual = self._weight  # of a request
        self._counted: dict[str, tuple[Counter, Counter]] = {}
        self._told = -math.inf  # when it was logged last that somebody was turned away
        self._untold = 0

    def offer(self, asked: Asked, request: T, host: Host[T]) -> None:
        """Let a request in now or when it is its turn; or turn it away if its answer could not be in time."""
        weight = self._weigh(asked)
        self._usual += USUAL_SHARE * (weight - self._usual)
        wait = self._too_long(asked, weight, self._begun + self._waiting, host)
        if wait is not None:
            self._refuse(asked, request, host, wait)
        elif self._queue or self._full:
            self._queue.append((asked, request, host))
            self._waiting += weight
        else:
            self._let_in(weight, request, host)

    def _weigh(self, asked: Asked) -> int:
        """What a request costs the event loop."""
        return BESIDE + (asked.size if asked.size < self._most_bytes else self._most_bytes)

    @property
    def _full(self) -> bool:
        return self._begun * self._pace >= TURN

    def _too_long(self, asked: Asked, weight: int, before: int, host: Host[Any]) -> float | None:
        """Seconds until the answer to a request of some weight with so much before it; None if that is in time.

        While nothing is under way nobody waits for the event loop, however long past turns took: so a process that was
        held up for a while learns that it no longer is.
        """
        patience = min(self._most_seconds, max(asked.patience, HASTE)) if self._hurry else self._most_seconds
        wait = ahead = self._ahead(asked.model, asked.size)
        if self._due:
            margin = MARGIN - (MARGIN - 1) * BESIDE / weight
            turn = max(self._seconds, self._pace * self._running)  # when overload begins, turns outgrow past ones
            wait += margin * self._pace * before + STEPS * turn
        left = asked.began + patience - self._clock()
        return None if wait <= left or ahead + self._everybody(host) <= left else wait

    def _everybody(self, host: Host[Any]) -> float:
        """Seconds to answer as many requests as there can be at all, if none of them is turned away.

        Turning away makes the others wait, who then seem to be too many: once begun, it would never end.
        """
        return self._seconds / self._effort * self._usual * host.crowd

    def _let_in(self, weight: int, request: T, host: Host[T]) -> None:
        self._begun += weight
        if not self._due:
            self._due = True
            self._next()
        host.begin(request)

    def _next(self) -> None:
        # in a context of its own: what begins there is not part of the request that this turn began with
        asyncio.get_running_loop().call_soon(self._turn, context=Context())

    def _turn(self) -> None:
        """At the start of each turn in which there is work: learn how long the last one took, and begin what waits."""
        now = self._clock()
        if self._running:
            self._seconds += SHARE * (now - self._since - self._seconds)
            self._weight += SHARE * (self._running - self._weight)
            self._effort += SHARE * (self._running + self._turned - self._effort)
            self._pace = self._seconds / self._weight
        while self._queue and not self._full:
            asked, request, host = self._queue.popleft()
            weight = self._weigh(asked)
            self._waiting -= weight
            wait = self._too_long(asked, weight, self._begun, host)
            if wait is not None:
                self._refuse(asked, request, host, wait)
            else:
                self._let_in(weight, request, host)
        self._running, self._begun, self._turned, self._since = self._begun, 0, 0, now
        if self._running:
            self._next()
        else:
            self._due = False

    def _refuse(self, asked: Asked, request: T, host: Host[T], wait: float) -> None:
        error = Overloaded.late(wait)
        self._turned += TURNED_AWAY
        self._count(asked.route, error)
        host.turn_away(request, error)

    def _count(self, route: str, error: Overloaded) -> None:
        """In the metrics each, in the log not each: lines would cost more than the answers."""
        counted = self._counted.get(route)
        if counted is None:
            requests = self._metrics.requests.labels("POST", route, str(error.status))
            counted = self._counted[route] = requests, self._metrics.refused.labels(error.reason)
        for counter in counted:
            counter.inc()
        self._untold += 1
        now = self._clock()
        if now - self._told > TELL_SECONDS:
            log.warning("overloaded: requests turned away unread", extra={"requests": self._untold})
            self._untold, self._told = 0, now
