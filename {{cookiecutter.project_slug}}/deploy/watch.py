"""What Prometheus and Grafana are given: where to scrape, rules, dashboards."""

from __future__ import annotations

import json
from typing import ClassVar

import pulumi_kubernetes as kubernetes
from pulumi import Output, ResourceOptions

from deploy.analysis import HASH
from deploy.app import COMPONENT, App, Part, Spec
from deploy.monitoring import dashboards, rules

SELECTED = {"release": "prometheus"}
"""The label by which Prometheus finds its objects."""
FOLDER = {"grafana_folder": "Services"}
"""Where Grafana shows the dashboards."""
METRICS = "/metrics"
PROMETHEUS_OPERATOR = "monitoring.coreos.com/v1"


class Watch(Part):
    """A ServiceMonitor, a PrometheusRule and a ConfigMap for each dashboard."""

    kind: ClassVar[str] = "Watch"

    def __init__(self, app: App, runbook_base: Output[str], opts: ResourceOptions | None = None) -> None:
        super().__init__(app, opts)
        self._operated("ServiceMonitor", app, monitor(app))
        self._operated("PrometheusRule", app, runbook_base.apply(lambda base: _rules(app, base)))
        chosen = app.settings
        for file, dashboard in dashboards(app.name, namespace=chosen.namespace, slo=chosen.objectives.slo).items():
            name = f"{app.name}-dashboard-{file.removesuffix('.json')}"
            metadata: Spec = {**app.metadata(name, grafana_dashboard="1"), "annotations": FOLDER}
            kubernetes.core.v1.ConfigMap(
                name,
                metadata=metadata,
                data={f"{name}.json": json.dumps(dashboard, sort_keys=True)},
                opts=self.child(),
            )
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
    pages = chosen.runbooks or f"{runbook_base}/{app.name}"
    return rules(app.name, chosen.owner, pages, namespace=chosen.namespace, slo=chosen.objectives.slo)
