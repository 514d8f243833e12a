"""The platform's alerts and runbooks on a real Prometheus and Alertmanager; what a cluster tells is invented."""

from contextlib import ExitStack

import pytest
from cluster_metrics import cluster, cluster_job
from prometheus import alertmanager, scraping
from template_tools import pages

from project import until
from repository import ROOT
from stacks.observability.alerts import platform_rules

HEARTBEAT = {"alert": "Watchdog", "expr": "vector(1)"}
"""The chart's own."""
SCRAPED = [
    "kube_node_status_condition",
    "sum(rate(alertmanager_notifications_failed_total[5m]))",
    "sum(increase(prometheus_rule_evaluation_failures_total[15m]))",
]
"""Of all that is scraped, and often enough."""


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("platform")
    rules = platform_rules("platform", "https://git.example/runbooks")
    rules["groups"].append({"name": "general", "rules": [HEARTBEAT]})
    with ExitStack() as stack:
        told, port = stack.enter_context(cluster()), stack.enter_context(alertmanager(folder))
        found = stack.enter_context(scraping(folder, {"platform.json": rules}, [cluster_job(told)], port))
        until(lambda: not found.silent(SCRAPED))
        until(lambda: all(rule["health"] != "unknown" for rule in found.rules()))
        yield found


def test_every_query_of_the_runbooks_is_answered(prometheus):
    unanswered = {name: prometheus.silent(page.queries) for name, page in pages(ROOT / "runbooks").items()}
    assert {page: asked for page, asked in unanswered.items() if asked} == {}


def test_every_rule_can_be_worked_out(prometheus):
    assert len(prometheus.rules()) > 20
    assert {rule["name"]: rule["lastError"] for rule in prometheus.rules() if rule["health"] != "ok"} == {}


def test_only_what_is_wrong_there_is_on_its_way_to_somebody(prometheus):
    """The invented cluster was last backed up long ago. What was missing before the first scrape is forgotten soon."""
    until(lambda: on_their_way(prometheus) == {"Watchdog", "BackupOverdue"})
    until(lambda: prometheus.firing() == {"Watchdog"})


def on_their_way(prometheus):
    """Names of alerts that fire, or will if it goes on."""
    return {alert["labels"]["alertname"] for alert in prometheus.api("alerts")["alerts"]}
