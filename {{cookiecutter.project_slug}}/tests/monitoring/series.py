"""Invented series of a service ``fraud`` in the namespace ``services``, with the labels that scraping gives them."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import accumulate

SERVICE = "fraud"
ROUTE = "/v1/predict"
Phase = tuple[int, float, float]
"""For so many steps, so many predictions a step, so many of them bad."""


def own(metric: str, instance: str = "a", **labels: str) -> str:
    """A series of the service's own; its name is written out in each case, so that renaming a metric fails there."""
    return _series(metric, job=SERVICE, namespace="services", instance=instance, **labels)


def pod(metric: str, name: str = "fraud-6c9d7-x2x4z", **labels: str) -> str:
    """A series that the cluster has about a pod."""
    return _series(metric, namespace="services", pod=name, **labels)


def cluster(metric: str, **labels: str) -> str:
    """A series that the cluster has about some object."""
    return _series(metric, namespace="services", **labels)


def asked(status: str, route: str = ROUTE, instance: str = "a") -> str:
    """Requests to a route that were answered with a status."""
    return own("http_requests_total", instance, method="POST", route=route, status=status)


def failing(*phases: Phase) -> dict[str, str]:
    """Predictions of which the bad ones fail."""
    good = _count(every - bad for steps, every, bad in phases for _ in range(steps))
    return {asked("200"): good, asked("503"): _count(bad for steps, _, bad in phases for _ in range(steps))}


def slow(*phases: Phase) -> dict[str, str]:
    """Predictions of which the bad ones take longer than a quarter of a second."""
    quick = _count(every - bad for steps, every, bad in phases for _ in range(steps))
    return {
        own("http_request_duration_seconds_bucket", route=ROUTE, le="0.25"): quick,
        own("http_request_duration_seconds_count", route=ROUTE): _count(
            every for steps, every, _ in phases for _ in range(steps)
        ),
    }


def _count(events: Iterable[float]) -> str:
    """A counter's values."""
    return " ".join(f"{value:.10g}" for value in accumulate(events, initial=0.0))


def _series(metric: str, **labels: str) -> str:
    matchers = ", ".join(f'{name}="{value}"' for name, value in labels.items())
    return f"{metric}{{{matchers}}}"
