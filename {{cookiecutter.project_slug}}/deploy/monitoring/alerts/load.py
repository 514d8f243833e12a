"""Too much work, or too little to do it with."""

from __future__ import annotations

from deploy.monitoring import names
from deploy.monitoring.alerts.alert import Alert
from deploy.monitoring.recording import PREDICTING
from deploy.monitoring.target import Target, rate, total


def alerts(target: Target) -> list[Alert]:
    """Requests turned away, and what instances use of what they have."""
    shed = total(rate(target.of(names.REFUSED, 'reason=~"queue|deadline"'), "5m"))
    asked = total(rate(target.of(names.REQUESTS, PREDICTING), "5m"))
    memory = target.pods("container_memory_working_set_bytes", 'container!=""')
    limit = target.pods("kube_pod_container_resource_limits", 'resource="memory"')
    current, most, least = (
        target.autoscaler(f"kube_horizontalpodautoscaler_{what}_replicas")
        for what in ("status_current", "spec_max", "spec_min")
    )
    return [
        Alert(
            "Overloaded",
            "ticket",
            f"{shed} / ({asked} > 0) > 0.01",
            "5m",
            "requests are turned away because they could not be answered in time",
            "{{ $value | humanizePercentage }} of requests are refused by the queue or miss their deadline.",
        ),
        Alert(
            "AtMaximumReplicas",
            "ticket",
            f"{current} >= {most} and {most} > {least}",
            "15m",
            "there are as many instances as there may be",
            "The autoscaler cannot add to {{ $value }} instances; more load will be turned away.",
        ),
        Alert(
            "ProcessorSaturated",
            "ticket",
            f"{rate(target.of(names.CPU_SECONDS), '5m')} > 0.9",
            "15m",
            "an instance's processor is busy all the time",
            "{{ $labels.instance }} uses {{ $value | humanize }} processors; its one event loop can use one.",
        ),
        Alert(
            "ConnectionsNearLimit",
            "ticket",
            f"{target.of(names.OPEN_FILES)} / {target.of(names.MOST_FILES)} > 0.8",
            "5m",
            "an instance is running out of connections",
            "{{ $labels.instance }} has {{ $value | humanizePercentage }} of the files open that it may have.",
        ),
        Alert(
            "MemoryNearLimit",
            "ticket",
            f"max by (namespace, pod, container) ({memory}) / max by (namespace, pod, container) ({limit}) > 0.9",
            "10m",
            "an instance is running out of memory",
            "{{ $labels.pod }} uses {{ $value | humanizePercentage }} of its limit and is killed when it reaches it.",
        ),
    ]
