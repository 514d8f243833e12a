"""What Prometheus is given: where to scrape, and rules."""

from __future__ import annotations

from typing import ClassVar

import pulumi_kubernetes as kubernetes
from pulumi import Output, ResourceOptions

from deploy.analysis import HASH
from deploy.app import COMPONENT, App, Part, Spec
from deploy.monitoring import rules

SELECTED = {"release": "prometheus"}
"""The label by which Prometheus finds its objects."""
METRICS = "/metrics"
PROMETHEUS_OPERATOR = "monitoring.coreos.com/v1"


class Watch(Part):
    """A ServiceMonitor and a PrometheusRule."""

    kind: ClassVar[str] = "Watch"

    def __init__(self, app: App, runbook_base: Output[str], opts: ResourceOptions | None = None) -> None:
        super().__init__(app, opts)
        self._operated("ServiceMonitor", app, monitor(app))
        self._operated("PrometheusRule", app, runbook_base.apply(lambda base: _rules(app, base)))
        self.register_outputs({})

    def _operated(self, kind: str, app: App, spec: Spec) -> None:
        kubernetes.apiextensions.CustomResource(
            f"{app.name}-{kind}",
            api_version=PROMETHEUS_OPERATOR,
            kind=kind,
            metadata=app.metadata(**SELECTED),
            spec=spec,
            opts=self.child(),
        )


def monitor(app: App) -> Spec:
    """A ServiceMonitor. Series carry the service's name as ``job``, and which version their pod is of."""
    return {
        "selector": {"matchLabels": {**app.selector, COMPONENT: app.labels[COMPONENT]}},
        "jobLabel": "app.kubernetes.io/name",
        "podTargetLabels": [HASH],
        "endpoints": [{"port": "http", "path": METRICS, "interval": "15s", "scrapeTimeout": "10s"}],
    }


def _rules(app: App, runbook_base: str) -> Spec:
    chosen = app.settings
    slo = chosen.objectives.slo
    return rules(app.name, chosen.owner, runbook_base, namespace=chosen.namespace, slo=slo)
