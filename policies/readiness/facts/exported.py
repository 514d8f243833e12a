"""Which series somebody exports: the service's own code, recording rules, and exporters that every cluster runs."""

from __future__ import annotations

import re
from collections.abc import Iterator

from readiness.facts import Facts
from readiness.facts.alerting import each_rule, rules
from readiness.facts.resources import WrongShape

SERIES = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
SUFFIXES = ("_total", "_created", "_bucket", "_count", "_sum", "_info", "_max")
# What Prometheus makes itself, and what the usual exporters, controllers and runtimes of a cluster export.
FAMILIES = (
    "aggregator alertmanager apiserver apiservice argo argocd aws blackbox cadvisor certmanager cloudwatch "
    "cluster clustersecretstore container coredns DCGM envoy etcd externalsecret go grafana istio jaeger jvm "
    "kafka karpenter keda kube kubelet kubernetes loki machine mysql nginx node otelcol pg probe process "
    "prometheus promtail pushgateway python redis rest_client rollout scheduler scrape secretstore "
    "storage_operation tempo thanos traefik velero volume_manager workqueue "
)
WELL_KNOWN = re.compile(rf"up|ALERTS|ALERTS_FOR_STATE|({'|'.join(FAMILIES.split())})_\w+")


def exported(facts: Facts) -> frozenset[str]:
    """Every text of the repository's code that may name a series, and what recording rules make."""
    texts = (text for module in facts.code.product for text, _ in module.strings)
    return frozenset(text for text in texts if SERIES.fullmatch(text)) | frozenset(recorded(facts))


def recorded(facts: Facts) -> Iterator[str]:
    """The series that recording rules make; a rule that cannot be read is left to ``M3.rule-valid``."""
    for resource in rules(facts):
        try:
            yield from [str(rule["record"]) for rule in each_rule(resource) if rule.get("record")]
        except WrongShape:
            continue


def is_exported(series: str, known: frozenset[str]) -> bool:
    """Whether somebody exports it. The clients of Prometheus add suffixes to what code calls a series."""
    if WELL_KNOWN.fullmatch(series) or series in known:
        return True
    return any(series.removesuffix(suffix) in known for suffix in SUFFIXES)
