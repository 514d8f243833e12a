"""The promise is being broken: SLO alerts, by how fast the error budget of 30 days is used up."""

from __future__ import annotations

from collections.abc import Iterable

from deploy.monitoring.alerts.alert import Alert
from deploy.monitoring.recording import FAILED, SLOW, rate, ratio
from deploy.monitoring.slo import FAST as FAST_BURNS
from deploy.monitoring.slo import SECONDS_OF, Burn, Slo
from deploy.monitoring.slo import SLOW as SLOW_BURNS
from deploy.monitoring.target import Target


def alerts(target: Target, slo: Slo) -> list[Alert]:
    """For each objective one alert that wakes somebody and one that waits for working hours."""
    failing = "{{ $value | humanizePercentage }} of predictions end in an error of ours; the promise is "
    waiting = f"{{{{ $value | humanizePercentage }}}} of predictions take longer than {slo.seconds} s; the promise is "
    failing, waiting = f"{failing}{_share(slo.available)}.", f"{waiting}{_share(slo.fast)}."
    return [
        Alert(
            "AvailabilityFastBurn",
            "page",
            _burning(target, FAILED, 1 - slo.available, slo.fewest, FAST_BURNS),
            "1m",
            "predictions fail, the month's error budget is going within days",
            f"{failing} Roll back what changed last, then look at statuses and reasons.",
        ),
        Alert(
            "AvailabilitySlowBurn",
            "ticket",
            _burning(target, FAILED, 1 - slo.available, slo.fewest, SLOW_BURNS),
            "15m",
            "predictions fail more often than promised",
            f"{failing} If it goes on like this the month's budget will not last.",
        ),
        Alert(
            "LatencyFastBurn",
            "page",
            _burning(target, SLOW, 1 - slo.fast, slo.fewest, FAST_BURNS),
            "1m",
            "predictions are slow, the month's latency budget is going within days",
            f"{waiting} Roll back what changed last, then look at load, batches and the model's own time.",
        ),
        Alert(
            "LatencySlowBurn",
            "ticket",
            _burning(target, SLOW, 1 - slo.fast, slo.fewest, SLOW_BURNS),
            "15m",
            "predictions are slow more often than promised",
            f"{waiting} If it goes on like this the month's budget will not last.",
        ),
    ]


def _burning(target: Target, indicator: str, budget: float, fewest: int, burns: Iterable[Burn]) -> str:
    """Some burn rate is exceeded in both its windows, and enough predictions are concerned to mean something."""
    return "\nor\n".join(_exceeded(target, indicator, f"{burn.factor * budget:.6g}", fewest, burn) for burn in burns)


def _exceeded(target: Target, indicator: str, limit: str, fewest: int, burn: Burn) -> str:
    long, short = (target.of(ratio(indicator, window)) for window in (burn.long, burn.short))
    number = f"{target.of(rate(indicator, burn.long))} * {SECONDS_OF[burn.long]}"
    return f"({long} > {limit} and {short} > {limit} and {number} >= {fewest})"


def _share(share: float) -> str:
    return f"that {share * 100:g} % do not"
