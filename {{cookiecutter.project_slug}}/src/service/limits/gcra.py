"""The generic cell rate algorithm (GCRA, ITU-T I.371): a caller's whole state is one moment in time.

That moment, the theoretical arrival time, is when all that the caller has used will be restored. Each call moves it on
by the interval between calls at the full rate, and is admitted if that leaves it no further ahead of now than a burst
takes. So no timer refills anything, there are no windows at whose edges a double burst passes, and the time to wait is
exact. All times here are integers: rounded sums would now and then refuse the last call of a burst.
"""

from __future__ import annotations

import re
from asyncio import Future
from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil, inf
from typing import Protocol

SECOND = 1_000_000_000
MICROSECOND = 1_000
"""The finest that Redis can tell; intervals are rounded up to it, so that a rate is never exceeded."""
LONGEST = 10 * 366 * 86_400 * SECOND
"""Of what may be used, so that the sums are exact in Redis's doubles too."""
UNITS = {"second": 1, "minute": 60, "hour": 3_600, "day": 86_400}
FORM = re.compile(r"(\d{1,12})\s*/\s*(second|minute|hour|day)(?:\s+burst\s+(\d{1,12}))?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Rate:
    """So many calls in so much time, and so many of them at once.

    Any stretch of time admits at most the burst and what the rate restores meanwhile. With the usual burst, somebody
    who was idle can thus get up to twice ``amount`` into the first ``seconds``; a smaller burst makes that less.

    Attributes:
        amount: calls in ``seconds``.
        seconds: the time in which ``amount`` is restored.
        burst: calls at once; ``amount`` unless given.

    Raises:
        ValueError: a number is out of range.
    """

    amount: int
    seconds: float
    burst: int | None = None

    def __post_init__(self) -> None:
        if self.amount < 1 or self.seconds <= 0 or self.capacity < 1:
            raise ValueError("a rate and its burst must be at least 1; write none for no limit")
        if self.amount > self.seconds * SECOND / MICROSECOND:
            raise ValueError("a rate cannot be over 1000000/second")
        if self.capacity * self.interval > LONGEST:
            raise ValueError("the burst would take over ten years to be restored; give a smaller one")

    @classmethod
    def parse(cls, text: str) -> Rate:
        """Read ``200/second``, ``1000/minute``, ``500000/day`` or ``200/second burst 400``.

        Raises:
            ValueError: it is none of these; says what would do.
        """
        found = FORM.fullmatch(text.strip().lower())
        if found is None:
            raise ValueError(
                f"{text!r} is not a rate; write 200/second, 1000/minute, 500000/day or 200/second burst 400"
            )
        amount, unit, burst = found.groups()
        return cls(int(amount), UNITS[unit], int(burst) if burst else None)

    def divided(self, among: int) -> Rate:
        """The share of one of ``among`` processes that cannot count together. The burst is at least 1 for each."""
        burst = max(1, self.capacity // among)
        if self.amount % among:
            return Rate(self.amount, self.seconds * among, burst)
        return Rate(self.amount // among, self.seconds, burst)

    @property
    def capacity(self) -> int:
        """Calls at once."""
        return self.amount if self.burst is None else self.burst

    @property
    def interval(self) -> int:
        """Time in which one call is restored, in nanoseconds."""
        return ceil(self.seconds * SECOND / MICROSECOND / self.amount) * MICROSECOND

    def __str__(self) -> str:
        return f"{self.amount} in {self.seconds:g} s, at most {self.capacity} at once"


class Limit:
    """A rate that is counted under a name, with its numbers worked out.

    Attributes:
        name: what callers and metrics know it by.
        bucket: keeps its counts apart from those of other limits.
        rate: what is allowed.
        interval: time in which one call is restored, in nanoseconds.
        full: time in which a whole burst is restored, in nanoseconds.
    """

    __slots__ = ("bucket", "full", "interval", "name", "rate")

    def __init__(self, name: str, rate: Rate, bucket: str = "") -> None:
        self.name = name
        self.bucket = bucket or name
        self.rate = rate
        self.interval = rate.interval
        self.full = rate.capacity * rate.interval

    def left(self, room: int) -> tuple[int, int]:
        """How many calls are left, and in how many seconds, rounded up, there is one more.

        Args:
            room: how much more may be used, as the time in which that much is restored, in nanoseconds.
        """
        interval = self.interval
        return room // interval, 1 if interval <= SECOND else -((room % interval - interval) // SECOND)


Left = tuple[int, ...]
"""For each limit in turn, how many calls are left, and in how many seconds, rounded up, there is one more."""


class Refused(Exception):
    """A call may not pass now.

    Attributes:
        limit: what keeps it out the longest.
        wait: until it would pass, in nanoseconds; infinite if it costs more than a burst.
        left: of all limits.
    """

    def __init__(self, limits: tuple[Limit, ...], rooms: Sequence[int], cost: int) -> None:
        """
        Args:
            limits: what the call was to be counted against.
            rooms: how much more of each may be used, as the time in which that much is restored, in nanoseconds.
            cost: how many calls it was to count as.
        """
        self.wait = -inf
        for limit, room in zip(limits, rooms, strict=True):
            needed = cost * limit.interval
            wait = needed - room if needed <= limit.full else inf
            if wait > self.wait:
                self.limit, self.wait = limit, wait
        self.left = left(limits, rooms)
        super().__init__(self.limit.name)


def left(limits: tuple[Limit, ...], rooms: Sequence[int]) -> Left:
    """What is left of several limits; ``rooms`` as for :class:`Refused`."""
    return tuple(number for limit, room in zip(limits, rooms, strict=True) for number in limit.left(room))


class Limiter(Protocol):
    """Where calls are counted."""

    def hit(self, key: str, limits: tuple[Limit, ...], cost: int = 1) -> Left | Future[Left]:
        """Count a call against several limits: against all of them if all have room, else against none.

        Args:
            key: who calls.
            limits: what the call is counted against.
            cost: how many calls it counts as, at least 1.

        Returns:
            What is left afterwards, at once or, when somebody else has to be asked, later.

        Raises:
            Refused: one of the limits is used up. The future raises the same.
        """
        ...

    async def close(self) -> None:
        """Leave whoever is asked."""
        ...
