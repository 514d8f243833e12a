"""What the service promises, and how fast the promise may be used up before somebody is told."""

from __future__ import annotations

from dataclasses import dataclass

from deploy.monitoring.names import EDGES


class SloError(ValueError):
    """An objective cannot be measured; says which, and what would do."""


@dataclass(frozen=True)
class Slo:
    """Objectives over 30 days.

    Attributes:
        available: share of predictions that are not answered with a fault of ours (5xx).
        fast: share of predictions that are answered within ``seconds``.
        seconds: how long an answer may take, one of the edges in which the service counts durations.
        fewest: failed or slow predictions below which nobody is told, so that one of two at night wakes nobody.

    Raises:
        SloError: an objective cannot be measured.
    """

    available: float = 0.999
    fast: float = 0.99
    seconds: float = 0.25
    fewest: int = 10

    def __post_init__(self) -> None:
        for name, share in (("available", self.available), ("fast", self.fast)):
            if not 0.5 <= share < 1:
                raise SloError(f"{name}: {share} is no share to promise: give one from 0.5 to below 1, such as 0.999")
        if self.seconds not in EDGES:
            raise SloError(f"seconds: {self.seconds} is not counted; choose of {', '.join(map(str, EDGES))}")
        if self.fewest < 1:
            raise SloError(f"fewest: {self.fewest} would alert without a single failure; give 1 or more")


@dataclass(frozen=True)
class Burn:
    """A speed at which the budget of 30 days is used up.

    Two windows must agree: the long one so that it matters, the short one so that the alert ends with the trouble.
    Source: Google's Site Reliability Workbook, chapter 5, "Alerting on SLOs".

    Attributes:
        long: window.
        short: window.
        factor: how many times faster than the budget allows.
    """

    long: str
    short: str
    factor: float


FAST = (Burn("1h", "5m", 14.4), Burn("6h", "30m", 6))
"""2 % of the budget in an hour, 5 % in six: wakes somebody."""

SLOW = (Burn("1d", "2h", 3), Burn("3d", "6h", 1))
"""10 % of the budget in a day or in three: somebody looks at it in working hours."""

PERIOD = "30d"
SHORT = ("5m", "30m", "1h", "2h", "6h")
LONG = ("1d", "3d", PERIOD)

HOUR = 3600
SECONDS_OF = {"1h": HOUR, "6h": 6 * HOUR, "1d": 24 * HOUR, "3d": 72 * HOUR}
