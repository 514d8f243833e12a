"""What the cluster tells of the service's pods and of its release."""

from __future__ import annotations

from deploy.monitoring.alerts.alert import Alert
from deploy.monitoring.target import Target, increase


def alerts(target: Target) -> list[Alert]:
    """Restarts, readiness, and releases that were taken back."""
    restarts = target.pods("kube_pod_container_status_restarts_total")
    ready = target.pods("kube_pod_status_ready", 'condition="true"')
    return [
        Alert(
            "PodsRestarting",
            "ticket",
            f"sum by (namespace, pod) ({increase(restarts, '30m')}) > 2",
            "0m",
            "a pod restarts again and again",
            "{{ $labels.pod }} restarted {{ $value | humanize }} times within half an hour.",
        ),
        Alert(
            "PodsNotReady",
            "ticket",
            f"sum by (namespace) ({ready}) / count by (namespace) ({ready}) < 0.7",
            "15m",
            "many pods are not ready",
            "Only {{ $value | humanizePercentage }} of the pods take requests.",
        ),
        Alert(
            "RolloutAborted",
            "ticket",
            target.rollout('phase=~"Abort|Error|Timeout|InvalidSpec"') + " > 0",
            "1m",
            "a release was taken back",
            "The new release failed its analysis or never became ready; the one before goes on answering.",
        ),
    ]
