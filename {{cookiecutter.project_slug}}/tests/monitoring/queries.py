"""What there is to be asked for."""

from __future__ import annotations

from typing import Any

from service.metrics import Metrics

CLUSTER = {
    "container_memory_working_set_bytes",  # the kubelet's
    "kube_horizontalpodautoscaler_spec_max_replicas",  # these of kube-state-metrics
    "kube_horizontalpodautoscaler_spec_min_replicas",
    "kube_horizontalpodautoscaler_status_current_replicas",
    "kube_pod_container_resource_limits",
    "kube_pod_container_status_restarts_total",
    "kube_pod_status_ready",
    "rollout_info",  # Argo Rollouts'
}
PROMETHEUS = {"up", "ALERTS"}
PROCESS = {"process_cpu_seconds_total", "process_open_fds", "process_max_fds", "process_resident_memory_bytes"}


def exported() -> set[str]:
    """The series that the service exports, by name."""
    found = set(PROCESS)
    for family in Metrics().registry.collect():
        if family.type == "histogram":
            found |= {f"{family.name}_{part}" for part in ("bucket", "count", "sum")}
        else:
            found.add(f"{family.name}_total" if family.type == "counter" else family.name)
    return found


def recorded(rules: dict[str, Any]) -> set[str]:
    """The names under which rules record."""
    return {rule["record"] for group in rules["groups"] for rule in group["rules"] if "record" in rule}
