"""Argo Rollouts: two controllers, of which one leads, and no dashboard."""

from __future__ import annotations

from typing import Any

from stacks.platform.charts import LOCKED, PRIORITY, resources

CALLED_BY_API: tuple[int, ...] = ()


def values() -> dict[str, Any]:
    """The chart's values."""
    return {
        "dashboard": {"enabled": False},
        "controller": {
            "replicas": 2,
            "pdb": {"enabled": True, "minAvailable": 1},
            "priorityClassName": PRIORITY,
            "resources": resources("100m", "256Mi"),
        },
        "podSecurityContext": {"runAsNonRoot": True, "seccompProfile": {"type": "RuntimeDefault"}},
        "containerSecurityContext": LOCKED,
        # A release is weighed by its number of pods, so the objects of meshes and gateways are none of its business.
        "providerRBAC": {"enabled": False},
    }
