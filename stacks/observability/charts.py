"""The charts, each at one exact version. An image's version is the one that its chart names."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Chart:
    """A chart of somebody else.

    Attributes:
        name: its name in its repository.
        repository: where it is.
        version: its exact version.
    """

    name: str
    repository: str
    version: str


# Each version was looked up among its project's releases; the values of this stack are for these and no others.
PROMETHEUS = Chart("kube-prometheus-stack", "https://prometheus-community.github.io/helm-charts", "87.8.0")
LOKI = Chart("loki", "https://grafana-community.github.io/helm-charts", "18.12.0")
TEMPO = Chart("tempo", "https://grafana-community.github.io/helm-charts", "2.3.0")
COLLECTOR = Chart("opentelemetry-collector", "https://open-telemetry.github.io/opentelemetry-helm-charts", "0.182.0")
