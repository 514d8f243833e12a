"""KEDA: its operator, what answers the autoscaler, and what checks objects, two of each."""

from __future__ import annotations

from typing import Any

from stacks.platform.charts import LOCKED, PRIORITY, resources

CALLED_BY_API = (6443, 9443)
"""The autoscaler's questions, and objects that are to be checked."""

PARTS = ("operator", "metricServer", "webhooks")


def values() -> dict[str, Any]:
    """The chart's values."""
    pod = {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}}
    return {
        **{part: {"replicaCount": 2} for part in ("operator", "metricsServer", "webhooks")},
        "podDisruptionBudget": {part: {"minAvailable": 1} for part in PARTS},
        "priorityClassName": PRIORITY,
        "resources": {
            "operator": resources("100m", "512Mi"),
            "metricServer": resources("50m", "256Mi"),
            "webhooks": resources("20m", "128Mi"),
        },
        "podSecurityContext": dict.fromkeys(PARTS, pod),
        "securityContext": dict.fromkeys(PARTS, LOCKED),
        "prometheus": {part: {"enabled": True} for part in PARTS},
        # It scales Deployments and Rollouts, and reads no Secret but its own: no trigger of ours needs one.
        "rbac": {"scaledRefKinds": [{"apiGroup": "argoproj.io", "kind": "rollouts"}]},
        "permissions": {part: {"restrict": {"secret": True}} for part in ("operator", "metricServer")},
    }
