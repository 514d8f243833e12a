"""kube-prometheus-stack: Prometheus, Alertmanager, Grafana, and what measures nodes and objects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from stacks.observability.routes import RECEIVERS_SECRET
from stacks.observability.settings import ObservabilitySettings
from stacks.observability.values.common import RELEASE, mebibytes
from stacks.observability.values.grafana import grafana
from stacks.platform.charts import PRIORITY, resources

ALERTS_OF_THE_CHART = (
    "alertmanager",
    "configReloaders",
    "etcd",
    "kubeApiserverSlos",
    "kubeControllerManager",
    "kubeProxy",
    "kubeSchedulerAlerting",
    "kubeStateMetrics",
    "kubernetesApps",
    "kubernetesResources",
    "kubernetesStorage",
    "kubernetesSystem",
    "network",
    "nodeExporterAlerting",
    "prometheus",
    "prometheusOperator",
)
"""Groups of the chart's rules that are off: their alerts name no team of ours and have no page among our runbooks."""

NOT_TO_BE_SEEN = ("kubeControllerManager", "kubeEtcd", "kubeProxy", "kubeScheduler")
"""Parts of the cluster that a managed one does not let anybody scrape."""


@dataclass(frozen=True)
class MetricsArgs:
    """What the values are made from.

    Attributes:
        settings: retention, sizes and numbers.
        alertmanager: Alertmanager's configuration.
        grafana_secret: the Secret with Grafana's administrator.
        agents_namespace: where what needs the node itself runs.
        dashboards: the namespaces whose dashboards Grafana shows.
        cluster: the cluster's name, on every alert and series that leaves it.
    """

    settings: ObservabilitySettings
    alertmanager: dict[str, Any]
    grafana_secret: str
    agents_namespace: str
    dashboards: list[str]
    cluster: str


def kube_prometheus_stack(args: MetricsArgs) -> dict[str, Any]:
    """The chart's values. No part of them is a secret."""
    return {
        "fullnameOverride": RELEASE,
        "defaultRules": _rules(),
        **{part: {"enabled": False} for part in NOT_TO_BE_SEEN},
        "prometheus": _prometheus(args),
        "alertmanager": _alertmanager(args),
        "grafana": grafana(args.grafana_secret, args.dashboards),
        "prometheusOperator": {
            "priorityClassName": PRIORITY,
            "resources": resources("50m", "256Mi"),
            "prometheusConfigReloader": {"resources": resources("10m", "64Mi")},
        },
        "kube-state-metrics": {"priorityClassName": PRIORITY, "resources": resources("20m", "256Mi")},
        # It looks at the node itself, which Pod Security lets nobody do in the namespace of the rest.
        "prometheus-node-exporter": {
            "namespaceOverride": args.agents_namespace,
            "priorityClassName": "system-node-critical",
            "resources": resources("20m", "64Mi"),
        },
    }


def _rules() -> dict[str, Any]:
    """The recording rules of the chart, which its dashboards need, and of its alerts the one that always fires."""
    return {
        "rules": dict.fromkeys(ALERTS_OF_THE_CHART, False),
        "disabled": {"TargetDown": True, "InfoInhibitor": True},
    }


def _prometheus(args: MetricsArgs) -> dict[str, Any]:
    metrics = args.settings.metrics
    return {
        "podDisruptionBudget": {"enabled": args.settings.replicas > 1},
        "prometheusSpec": {
            "replicas": args.settings.replicas,
            "podAntiAffinity": "soft",
            "retention": f"{metrics.days}d",
            # What does not fit is dropped, oldest first, rather than stopping it with a full disk.
            "retentionSize": f"{mebibytes(metrics.storage) * 85 // 100}MB",
            "storageSpec": _volume(metrics.storage),
            "resources": resources(metrics.cpu, metrics.memory),
            "priorityClassName": PRIORITY,
            "externalLabels": {"cluster": args.cluster, "environment": args.settings.environment},
        },
    }


def _alertmanager(args: MetricsArgs) -> dict[str, Any]:
    return {
        "podDisruptionBudget": {"enabled": args.settings.replicas > 1},
        "config": args.alertmanager,
        "alertmanagerSpec": {
            "replicas": args.settings.replicas,
            "podAntiAffinity": "soft",
            "secrets": [RECEIVERS_SECRET] if args.settings.notifications else [],
            "retention": "120h",
            "storage": _volume("1Gi"),
            "resources": resources("20m", "128Mi"),
            "priorityClassName": PRIORITY,
        },
    }


def _volume(size: str) -> dict[str, Any]:
    claim = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": size}}}
    return {"volumeClaimTemplate": {"spec": claim}}
