"""How many replicas there are, and how few there may be while nodes come and go."""

from __future__ import annotations

from typing import ClassVar

import pulumi_kubernetes as kubernetes
from pulumi import Output, ResourceOptions

from deploy.app import App, Part, Spec
from deploy.monitoring import names
from deploy.monitoring.target import Target
from deploy.workload import target

CALM_SECONDS = 300
"""The load must be low for so long before a replica goes."""


class Autoscaling(Part):
    """Replicas by CPU, or through KEDA by CPU and requests, and a budget for disruptions."""

    kind: ClassVar[str] = "Autoscaling"

    def __init__(self, app: App, prometheus_url: Output[str], opts: ResourceOptions | None = None) -> None:
        super().__init__(app, opts)
        if app.settings.scaling.requests_per_second is None:
            kubernetes.autoscaling.v2.HorizontalPodAutoscaler(
                app.name, metadata=app.metadata(), spec=by_cpu(app), opts=self.child()
            )
        else:
            kubernetes.apiextensions.CustomResource(
                f"{app.name}-scaling",
                api_version="keda.sh/v1alpha1",
                kind="ScaledObject",
                metadata=app.metadata(),
                spec=by_requests(app, prometheus_url),
                opts=self.child(),
            )
        budget: Spec = {
            "maxUnavailable": 1,
            "unhealthyPodEvictionPolicy": "AlwaysAllow",
            "selector": {"matchLabels": app.selector},
        }
        kubernetes.policy.v1.PodDisruptionBudget(app.name, metadata=app.metadata(), spec=budget, opts=self.child())
        self.register_outputs({})


def by_cpu(app: App) -> Spec:
    """A HorizontalPodAutoscaler."""
    chosen = app.settings.scaling
    used = {"type": "Utilization", "averageUtilization": chosen.cpu_percent}
    return {
        "scaleTargetRef": target(app),
        "minReplicas": chosen.minimum,
        "maxReplicas": chosen.maximum,
        "metrics": [{"type": "Resource", "resource": {"name": "cpu", "target": used}}],
        "behavior": _behaviour(),
    }


def by_requests(app: App, prometheus_url: Output[str]) -> Spec:
    """A ScaledObject: as many replicas as the greater of two needs asks for, CPU and requests."""
    chosen = app.settings.scaling
    asked = Target(app.name, app.settings.namespace).of(names.REQUESTS, f'route=~"{names.PREDICTING}"')
    requests = {
        "serverAddress": prometheus_url,
        "query": f"sum(rate({asked}[1m]))",
        "threshold": f"{chosen.requests_per_second:g}",
    }
    return {
        "scaleTargetRef": target(app),
        "minReplicaCount": chosen.minimum,
        "maxReplicaCount": chosen.maximum,
        # Where Prometheus cannot be asked: enough for what is usual at worst, rather than the least.
        "fallback": {"failureThreshold": 3, "replicas": chosen.maximum},
        "advanced": {"horizontalPodAutoscalerConfig": {"behavior": _behaviour()}},
        "triggers": [
            {"type": "cpu", "metricType": "Utilization", "metadata": {"value": str(chosen.cpu_percent)}},
            {"type": "prometheus", "metricType": "AverageValue", "metadata": requests},
        ],
    }


def _behaviour() -> Spec:
    """Up at once, by as many again; down slowly."""
    return {
        "scaleUp": {"policies": [{"type": "Percent", "value": 100, "periodSeconds": 15}]},
        "scaleDown": {
            "stabilizationWindowSeconds": CALM_SECONDS,
            "policies": [{"type": "Pods", "value": 1, "periodSeconds": 60}],
        },
    }
