"""Nobody answers, or nobody asks."""

from __future__ import annotations

from deploy.monitoring import names
from deploy.monitoring.alerts.alert import Alert
from deploy.monitoring.recording import PREDICTING
from deploy.monitoring.target import Target, rate, total


def alerts(target: Target) -> list[Alert]:
    """Instances, their metrics, and the calls that should come."""
    up = target.of("up")
    lacking = "\nor\n".join(f"({up} == 1 unless on (instance) {target.of(name)})" for name in names.ALWAYS)
    calls = target.of(names.REQUESTS, PREDICTING)
    before, now = total(f"rate({calls}[1h] offset 1w)"), total(rate(calls, "15m"))
    return [
        Alert(
            "ServiceDown",
            "page",
            f"{total(up)} == 0 or absent({up})",
            "3m",
            "no instance answers",
            "Prometheus reaches no instance, or knows of none. Callers most likely get no predictions at all.",
        ),
        Alert(
            "InstanceDown",
            "ticket",
            f"{up} == 0 and on (job, namespace) {total(up)} > 0",
            "10m",
            "an instance does not answer",
            "Prometheus does not reach {{ $labels.instance }}; the other instances carry its share.",
        ),
        Alert(
            "MetricsAbsent",
            "ticket",
            lacking,
            "10m",
            "an instance does not tell what the alerts rest on",
            "{{ $labels.instance }} answers, but lacks metrics that it always had: alerts on them cannot fire.",
        ),
        Alert(
            "TrafficStopped",
            "ticket",
            f"({before} > 0.1) unless ({now} > 0)",
            "15m",
            "calls have stopped",
            "A week ago at this hour callers asked for {{ $value | humanize }} predictions a second; now none does.",
        ),
    ]
