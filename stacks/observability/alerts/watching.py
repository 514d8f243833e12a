"""The watchers themselves: what is not scraped, worked out or delivered, nobody hears of."""

from __future__ import annotations

from stacks.observability.alerts.alert import Alert
from stacks.platform.names import SERVICES_NAMESPACE

OTHERS = f'up{{namespace!="{SERVICES_NAMESPACE}"}}'
"""Services tell of their own instances."""

ALERTS = (
    Alert(
        "TargetsDown",
        "ticket",
        f"sum by (job, namespace) ({OTHERS} == bool 0) / count by (job, namespace) ({OTHERS}) > 0.1",
        "15m",
        "something that should be watched does not answer",
        "{{ $value | humanizePercentage }} of {{ $labels.job }} in {{ $labels.namespace }} do not answer Prometheus.",
    ),
    Alert(
        "ClusterMetricsAbsent",
        "page",
        "absent(kube_node_status_condition)",
        "10m",
        "nothing is known of the cluster",
        "kube-state-metrics is not scraped: alerts on nodes, volumes, backups and the registry cannot fire.",
    ),
    Alert(
        "RulesFailing",
        "ticket",
        "sum by (rule_group) (increase(prometheus_rule_evaluation_failures_total[15m])) > 0",
        "0m",
        "rules cannot be worked out",
        "Rules of {{ $labels.rule_group }} fail: their alerts do not fire.",
    ),
    Alert(
        "ConfigurationRefused",
        "ticket",
        "prometheus_config_last_reload_successful == 0 or alertmanager_config_last_reload_successful == 0",
        "5m",
        "Prometheus or Alertmanager refuses its configuration",
        "{{ $labels.job }} goes on with the old one; a restart would leave it with none.",
    ),
    Alert(
        "AlertmanagerUnreachable",
        "page",
        "prometheus_notifications_alertmanagers_discovered < 1",
        "5m",
        "Prometheus has no Alertmanager",
        "Nobody is told of any alert; that the heartbeat stops is how this is noticed.",
    ),
    Alert(
        "NotificationsFailing",
        "page",
        "sum by (integration) (rate(alertmanager_notifications_failed_total[5m]))"
        " / (sum by (integration) (rate(alertmanager_notifications_total[5m])) > 0) > 0.01",
        "5m",
        "notifications do not arrive",
        "{{ $value | humanizePercentage }} of those by {{ $labels.integration }} fail: people may not be told.",
    ),
)
