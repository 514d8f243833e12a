"""Requests that fail for reasons of which an SLO says nothing."""

from __future__ import annotations

from deploy.monitoring import names
from deploy.monitoring.alerts.alert import Alert
from deploy.monitoring.recording import PREDICTING
from deploy.monitoring.target import Target, increase, rate, total


def alerts(target: Target) -> list[Alert]:
    """Faults of the code, callers that are not let in, callers that ask too often."""
    faults = total(increase(target.of(names.REQUESTS, 'status="500"'), "15m"))
    asked = total(rate(target.of(names.REQUESTS, PREDICTING), "10m"))
    unknown = total(rate(target.of(names.REQUESTS, PREDICTING, 'status=~"401|403"'), "10m"))
    often = total(rate(target.of(names.REQUESTS, PREDICTING, 'status="429"'), "10m"))
    return [
        Alert(
            "InternalErrors",
            "ticket",
            f"{faults} > 5",
            "0m",
            "the service or its model fails",
            "{{ $value | humanize }} requests within 15 minutes ended in status 500: a fault of the code or the model.",
        ),
        Alert(
            "CallersNotLetIn",
            "ticket",
            f"{unknown} / ({asked} > 0.1) > 0.3",
            "10m",
            "many callers are not let in",
            "{{ $value | humanizePercentage }} of requests have no valid key: one has expired, or somebody tries keys.",
        ),
        Alert(
            "CallersRateLimited",
            "info",
            f"{often} / ({asked} > 0.1) > 0.1",
            "10m",
            "callers ask more often than they may",
            "{{ $value | humanizePercentage }} of requests are refused by a rate or quota.",
        ),
    ]
