"""Rules that keep what alerts and dashboards ask for again and again: how many predictions, how many bad."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from deploy.monitoring import names
from deploy.monitoring.slo import LONG, SHORT, Slo
from deploy.monitoring.target import Target, total
from deploy.monitoring.target import rate as per_second

Rule = dict[str, Any]

FAILED = "job:predictions_failed"
"""Predictions that ended in a fault of ours. What callers do wrong (4xx) counts neither way."""

SLOW = "job:predictions_slow"
"""Predictions that took longer than promised."""

ASKED = "job:predictions"
PREDICTING = f'route=~"{names.PREDICTING}"'


def groups(target: Target, slo: Slo) -> list[dict[str, Any]]:
    """The groups of rules; long windows are worked out less often, as they change less and cost more."""
    return [
        {"name": f"{target.service}-slo", "rules": list(_rules(target, slo, SHORT))},
        {"name": f"{target.service}-slo-long", "interval": "5m", "rules": list(_rules(target, slo, LONG))},
    ]


def ratio(indicator: str, window: str) -> str:
    """The record that holds an indicator's share of all predictions in a window."""
    return f"{indicator}:ratio_rate{window}"


def rate(indicator: str, window: str) -> str:
    """The record that holds an indicator's predictions a second in a window."""
    return f"{indicator}:rate{window}"


def _rules(target: Target, slo: Slo, windows: Iterable[str]) -> Iterable[Rule]:
    for window in windows:
        asked, timed = rate(ASKED, window), _rate(target, f"{names.DURATION}_count", window)
        quick = _rate(target, f"{names.DURATION}_bucket", window, f'le="{float(slo.seconds)}"')
        failed = _rate(target, names.REQUESTS, window, 'status=~"5.."')
        yield {"record": asked, "expr": _rate(target, names.REQUESTS, window, 'status!~"4.."')}
        yield from _indicator(target, FAILED, f"{failed} or 0 * {target.of(asked)}", target.of(asked), window)
        yield from _indicator(target, SLOW, f"clamp_min({timed} - {quick}, 0)", timed, window)


def _indicator(target: Target, name: str, bad: str, every: str, window: str) -> Iterable[Rule]:
    """Nothing is recorded as a share of no predictions at all."""
    yield {"record": rate(name, window), "expr": bad}
    yield {"record": ratio(name, window), "expr": f"{target.of(rate(name, window))} / ({every} > 0)"}


def _rate(target: Target, metric: str, window: str, *matchers: str) -> str:
    return total(per_second(target.of(metric, PREDICTING, *matchers), window))
