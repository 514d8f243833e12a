"""The model: loaded, the newest, the same everywhere, and itself the one that answers."""

from __future__ import annotations

from deploy.monitoring import names
from deploy.monitoring.alerts.alert import Alert
from deploy.monitoring.recording import PREDICTING
from deploy.monitoring.target import Target, increase, rate, total


def alerts(target: Target) -> list[Alert]:
    """Loading, reloading, versions and stand-ins."""
    refused = target.of(names.RELOADS, 'outcome="refused"')
    answering = total(rate(target.of(names.PREDICTIONS), "10m"), "model", "version")
    instead = total(rate(target.of(names.DEGRADED), "10m"), "how")
    asked = total(rate(target.of(names.REQUESTS, PREDICTING), "10m"))
    return [
        Alert(
            "ModelNotLoaded",
            "page",
            f"max by (job, namespace) ({target.of(names.READY)}) == 0",
            "5m",
            "no instance has an approved model",
            "Every request for a prediction is answered with 503.",
        ),
        Alert(
            "ModelReloadRefused",
            "ticket",
            total(increase(refused, "1h")) + " > 0",
            "0m",
            "a new model was refused",
            "Instances found a newer bundle that they may not or cannot serve; the one before goes on answering.",
        ),
        Alert(
            "ModelVersionsDiffer",
            "ticket",
            f"count by (job, namespace, model) ({answering} > 0) > 1",
            "30m",
            "instances answer from different versions of the model",
            "Of {{ $labels.model }}, {{ $value }} versions answer; equal questions get different answers.",
        ),
        Alert(
            "DegradedAnswers",
            "ticket",
            f"{instead} / on (job, namespace) group_left () ({asked} > 0) > 0.01",
            "10m",
            "the model does not answer all questions itself",
            "{{ $value | humanizePercentage }} of answers are a stand-in ({{ $labels.how }}), not the model's own.",
        ),
    ]
