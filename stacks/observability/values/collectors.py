"""The OpenTelemetry Collector, twice: one takes the services' traces, one on every node takes the logs of its pods."""

from __future__ import annotations

from typing import Any

from stacks.observability.values.common import POD, RELEASE
from stacks.observability.values.logs import PORT as LOKI_PORT
from stacks.observability.values.traces import OTLP_PORT
from stacks.platform.charts import LOCKED, PRIORITY, resources

NAME = "collector"
"""The collector of traces, and its Service."""

NODE_LOGS = "node-logs"
"""The collector of logs."""

OTLP_HTTP_PORT = 4318
ADDRESS = "${env:MY_POD_IP}"
DISTRIBUTION = {
    "image": {"repository": "otel/opentelemetry-collector-k8s"},
    "command": {"name": "otelcol-k8s"},
}
OTHER_PORTS = ("jaeger-compact", "jaeger-thrift", "jaeger-grpc", "zipkin")
"""What the chart would open besides."""


def traces(namespace: str, replicas: int) -> dict[str, Any]:
    """The collector that services send their spans to, by OTLP over HTTP or gRPC.

    Args:
        namespace: where Tempo is.
        replicas: how many there are.
    """
    protocols = {"grpc": {"endpoint": f"{ADDRESS}:{OTLP_PORT}"}, "http": {"endpoint": f"{ADDRESS}:{OTLP_HTTP_PORT}"}}
    exporter = {"endpoint": f"tempo.{namespace}.svc:{OTLP_PORT}", "tls": {"insecure": True}}
    return {
        **DISTRIBUTION,
        "fullnameOverride": NAME,
        "mode": "deployment",
        "replicaCount": replicas,
        "podDisruptionBudget": {"enabled": replicas > 1, "minAvailable": 1},
        "priorityClassName": PRIORITY,
        "podSecurityContext": POD,
        "securityContext": LOCKED,
        "resources": resources("50m", "256Mi"),
        "ports": _ports(otlp=True),
        "serviceMonitor": {"enabled": True, "extraLabels": {"release": RELEASE}},
        "alternateConfig": _config("traces", {"otlp": {"protocols": protocols}}, {"otlp_grpc/tempo": exporter}),
    }


def node_logs(namespace: str) -> dict[str, Any]:
    """The collector on every node, which reads what the pods there have written.

    Args:
        namespace: where Loki is.
    """
    exporter = {"endpoint": f"http://loki.{namespace}.svc:{LOKI_PORT}/otlp"}
    return {
        **DISTRIBUTION,
        "fullnameOverride": NODE_LOGS,
        "mode": "daemonset",
        # Where it was is on the node, so that a restart neither loses lines nor sends them twice.
        "presets": {"logsCollection": {"enabled": True, "storeCheckpoints": True}},
        "priorityClassName": "system-node-critical",
        "tolerations": [{"operator": "Exists"}],
        # The kubelet's files are root's; it can read those and do nothing else.
        "podSecurityContext": {"seccompProfile": {"type": "RuntimeDefault"}},
        "securityContext": {**LOCKED, "runAsUser": 0, "runAsGroup": 0},
        "resources": resources("50m", "192Mi"),
        "ports": _ports(otlp=False),
        "podMonitor": {"enabled": True, "extraLabels": {"release": RELEASE}},
        "alternateConfig": _config("logs", {}, {"otlp_http/loki": exporter}),
    }


def _ports(otlp: bool) -> dict[str, Any]:
    closed = {port: {"enabled": False} for port in OTHER_PORTS}
    return {**closed, "otlp": {"enabled": otlp}, "otlp-http": {"enabled": otlp}, "metrics": {"enabled": True}}


def _config(signal: str, receivers: dict[str, Any], exporters: dict[str, Any]) -> dict[str, Any]:
    """The collector's own configuration, instead of the chart's, which would open all that it knows."""
    pipeline = {"receivers": list(receivers), "processors": ["memory_limiter", "batch"], "exporters": list(exporters)}
    pull = {"exporter": {"prometheus": {"host": ADDRESS, "port": 8888}}}
    return {
        "receivers": receivers,
        "processors": {
            "memory_limiter": {"check_interval": "1s", "limit_percentage": 80, "spike_limit_percentage": 25},
            "batch": {},
        },
        "exporters": exporters,
        "extensions": {"health_check": {"endpoint": f"{ADDRESS}:13133"}},
        "service": {
            "extensions": ["health_check"],
            "telemetry": {"metrics": {"readers": [{"pull": pull}]}},
            "pipelines": {signal: pipeline},
        },
    }
