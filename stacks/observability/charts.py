"""The charts, each at one exact version. An image's version is the one that its chart names."""

from __future__ import annotations

from stacks.platform.charts import Chart

# Each version was looked up among its project's releases, and the values of this stack were written for it. Nobody has
# rendered them with it: before another version is taken, compare the keys with that version's own values.yaml.
PROMETHEUS = Chart("kube-prometheus-stack", "https://prometheus-community.github.io/helm-charts", "87.8.0")
LOKI = Chart("loki", "https://grafana-community.github.io/helm-charts", "18.12.0")
TEMPO = Chart("tempo", "https://grafana-community.github.io/helm-charts", "2.3.0")
COLLECTOR = Chart("opentelemetry-collector", "https://open-telemetry.github.io/opentelemetry-helm-charts", "0.182.0")
