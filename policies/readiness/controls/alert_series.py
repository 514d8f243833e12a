"""M3 and M1: alerts ask for series that somebody exports, and what is exported is scraped and judged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from readiness.control import Problem, control
from readiness.facts import Facts
from readiness.facts.alerting import Alert, alerts, rules
from readiness.facts.exported import exported, is_exported
from readiness.facts.promql import SyntaxProblem, metrics
from readiness.facts.reach import labels, services
from readiness.facts.resources import Resource, fields, items, line_of, mappings
from readiness.facts.selection import UNKNOWN_NAME, matching, selects
from readiness.facts.selectors import Selected, known
from readiness.facts.unknown import UnknownValue
from readiness.facts.workloads import Workload

OPERATOR = "https://prometheus-operator.dev/docs/api-reference/api/"


@dataclass(frozen=True)
class Asking:
    """An alert, with every series that the service and its recording rules are known to export."""

    alert: Alert
    known: frozenset[str]

    @property
    def label(self) -> str:
        return self.alert.label

    @property
    def file(self) -> str:
        return self.alert.file

    @property
    def line(self) -> int:
        return self.alert.line


def asking(facts: Facts) -> Iterator[Asking]:
    """Every alert, if there is code to see what is exported."""
    if facts.repository.root is not None and facts.code.product:
        known = exported(facts)
        yield from (Asking(alert, known) for alert in alerts(facts))


@control(
    id="M3.series-exported",
    title="Every alert asks for series that somebody exports",
    why="an alert on a series that nobody exports, as after a renaming, never fires; silence looks like health",
    remedy="compare the names in expr with those of /metrics: curl -s localhost:8080/metrics | grep '^# TYPE'",
    severity="high",
    kind="resources",
    sources=("https://prometheus.io/docs/practices/naming/", "https://sre.google/workbook/alerting-on-slos/"),
    subjects=asking,
)
def series_exported(one: Asking, facts: Facts) -> Iterator[Problem]:
    try:
        asked = metrics(str(one.alert.body.get("expr") or ""))
    except SyntaxProblem as problem:
        raise UnknownValue(f"what alert {one.alert.name} asks for ({problem})") from None
    for series in sorted(asked):
        if not is_exported(series, one.known):
            yield Problem(
                f"alert {one.alert.name} asks for {series}, which nothing in this repository exports or records"
            )


def picky(facts: Facts) -> Iterator[Resource]:
    """The rules, if there is a Prometheus that chooses among them."""
    if any(facts.resources.of("Prometheus", group="monitoring.coreos.com")):
        yield from rules(facts)


@control(
    id="M3.rules-picked-up",
    title="Every PrometheusRule carries the labels by which a Prometheus chooses its rules",
    why="a rule with other labels is accepted by the API server and loaded by nobody",
    remedy="labels: {release: prometheus}, as in spec.ruleSelector of kubectl get prometheus -A -o yaml",
    severity="high",
    kind="resources",
    sources=(OPERATOR,),
    subjects=picky,
)
def rules_picked_up(rule: Resource, facts: Facts) -> Iterator[Problem]:
    prometheuses = facts.resources.of("Prometheus", group="monitoring.coreos.com")

    def takes(prometheus: Resource) -> bool:
        chosen = prometheus.spec.get("ruleSelector")
        return chosen is not None and selects(fields(prometheus.spec, "ruleSelector"), rule.labels)

    if not matching(prometheuses, takes):
        own = ", ".join(f"{key}={value}" for key, value in rule.labels.items()) or "none"
        yield Problem(f"no Prometheus chooses rules with its labels ({own})")


@control(
    id="M1.monitor-selects",
    title="Every ServiceMonitor selects a Service, and a port that it has",
    why="a monitor that selects nothing scrapes nothing: each graph is empty and no alert can fire",
    remedy="selector: {matchLabels: {…}} with the labels of the Service itself, endpoints: [{port: NAME_OF_ITS_PORT}]",
    severity="high",
    kind="resources",
    sources=(OPERATOR,),
    subjects=lambda facts: facts.resources.of("ServiceMonitor", group="monitoring.coreos.com"),
)
def monitor_selects(monitor: Resource, facts: Facts) -> Iterator[Problem]:
    found = matching(facts.once(services_by_labels).by("", known(wanted, monitor)), lambda one: watches(monitor, one))
    if not found:
        unless_charted(facts, items(monitor.spec, "namespaceSelector", "matchNames") or [monitor.namespace])
        yield Problem("no Service has the labels that it selects, in the namespaces that it looks at")
        return
    names = {port.get("name") for service in found for port in mappings(service.spec, "ports")}
    for endpoint in mappings(monitor.spec, "endpoints"):
        port = endpoint.get("port")
        if port is not None and port not in names:
            yield Problem(f"{found[0].label} has no port named {port}", line_of(endpoint))


def wanted(monitor: Resource) -> dict[str, Any]:
    return fields(monitor.spec, "selector", "matchLabels")


# A monitor may look at all namespaces, so neither index tells them apart.


def services_by_labels(facts: Facts) -> Selected[Resource]:
    return Selected(services(facts), lambda one: "", lambda one: one.labels)


def pods_by_labels(facts: Facts) -> Selected[Workload]:
    return Selected(facts.workloads, lambda one: "", labels)


def unless_charted(facts: Facts, namespaces: list[str]) -> None:
    """Raises ``UnknownValue`` if a chart that was not rendered makes objects in one of these namespaces."""
    for chart in facts.resources.of("Release", "HelmRelease"):
        if chart.namespace in namespaces or chart.namespace == UNKNOWN_NAME:
            raise UnknownValue(f"what the chart {chart.label} makes (render it: helm template, then --resources)")


def watches(monitor: Resource, service: Resource) -> bool:
    """Whether a ServiceMonitor selects a Service: by its labels, in its own namespace or those it names."""
    where = fields(monitor.spec, "namespaceSelector")
    allowed = where.get("any") or service.namespace in (items(where, "matchNames") or [monitor.namespace])
    return bool(allowed) and selects(fields(monitor.spec, "selector"), service.labels)


@control(
    id="M1.pod-monitor-selects",
    title="Every PodMonitor selects the pods of some workload",
    why="a monitor that selects nothing scrapes nothing: each graph is empty and no alert can fire",
    remedy="selector: {matchLabels: {…}} with the labels of the pod template",
    severity="high",
    kind="resources",
    sources=(OPERATOR,),
    subjects=lambda facts: facts.resources.of("PodMonitor", group="monitoring.coreos.com"),
)
def pod_monitor_selects(monitor: Resource, facts: Facts) -> Iterator[Problem]:
    where = fields(monitor.spec, "namespaceSelector")
    allowed = items(where, "matchNames") or [monitor.namespace]
    selector = fields(monitor.spec, "selector")
    found = matching(
        facts.once(pods_by_labels).by("", known(wanted, monitor)),
        lambda one: (where.get("any") or one.resource.namespace in allowed) and selects(selector, one.pod_labels),
    )
    if not found:
        unless_charted(facts, allowed)
        yield Problem("no workload makes pods that it selects, in the namespaces that it looks at")


CONTROLS = (series_exported, rules_picked_up, monitor_selects, pod_monitor_selects)
