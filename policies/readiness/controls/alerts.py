"""M3: what an alert says of itself: how bad it is, what it means, and what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator

from readiness.control import Problem, control
from readiness.facts import Facts
from readiness.facts.alerting import Alert, alerts, each_rule, rules
from readiness.facts.promql import SyntaxProblem, tokens
from readiness.facts.resources import Resource, fields, line_of, mappings

SRE = "https://sre.google/workbook/alerting-on-slos/"
RULES = "https://prometheus.io/docs/prometheus/latest/configuration/alerting_rules/"
SEVERITIES = frozenset({"page", "ticket", "info", "critical", "error", "warning", "none"})
ADDRESS = re.compile(r"https?://[^\s/]+/\S+")
NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
SERIES = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*")
DURATION = re.compile(r"(\d+(ms|[smhdwy]))+|0")
AN_ALERT = "an alert (PrometheusRule)"


@control(
    id="M3.severity",
    title="Every alert has a severity",
    why="nothing can be routed by a severity that is not there: a page is then read in the morning, or a trifle wakes "
    "somebody",
    remedy="labels: {severity: page}, or ticket, or info",
    severity="high",
    kind="resources",
    sources=(SRE,),
    subjects=alerts,
    needs=AN_ALERT,
)
def severity(alert: Alert, facts: Facts) -> Iterator[Problem]:
    if not alert.severity:
        yield Problem(f"alert {alert.name} has no label severity")
    elif alert.severity not in SEVERITIES:
        yield Problem(
            f"alert {alert.name} has severity {alert.severity}, which is none of {', '.join(sorted(SEVERITIES))}"
        )


@control(
    id="M3.runbook-url",
    title="Every alert leads to a runbook",
    why="whoever is paged at night needs the first three actions, not a search",
    remedy="annotations: {runbook_url: https://…/runbooks/name-of-the-alert.md}",
    severity="high",
    kind="resources",
    sources=(SRE, "https://sre.google/sre-book/being-on-call/"),
    subjects=alerts,
    needs=AN_ALERT,
)
def runbook_url(alert: Alert, facts: Facts) -> Iterator[Problem]:
    address = fields(alert.body, "annotations").get("runbook_url")
    if not address:
        yield Problem(f"alert {alert.name} has no annotation runbook_url")
    elif not ADDRESS.fullmatch(str(address)):
        yield Problem(f"runbook_url of alert {alert.name} is {address}, which is no address of a page")


@control(
    id="M3.summary",
    title="Every alert says what is wrong",
    why="the name of an alert alone tells nothing to somebody who did not write it",
    remedy="annotations: {summary: One sentence with the numbers that matter}",
    severity="low",
    kind="resources",
    sources=(RULES,),
    subjects=alerts,
    mandatory=False,
)
def summary(alert: Alert, facts: Facts) -> Iterator[Problem]:
    if not any(fields(alert.body, "annotations").get(key) for key in ("summary", "description", "message")):
        yield Problem(f"alert {alert.name} has neither summary nor description")


@control(
    id="M3.rule-valid",
    title="Every rule can be loaded by Prometheus",
    why="one rule that cannot be parsed keeps Prometheus from loading all of them, at its next restart",
    remedy="promtool check rules FILE",
    severity="critical",
    kind="resources",
    sources=(RULES,),
    subjects=rules,
)
def rule_valid(resource: Resource, facts: Facts) -> Iterator[Problem]:
    names = [group.get("name") for group in mappings(resource.spec, "groups")]
    if not names:
        yield Problem("it has no group of rules")
    for name in sorted({str(name) for name in names if names.count(name) > 1}):
        yield Problem(f"two groups are called {name}")
    for rule in each_rule(resource):
        name = rule.get("alert") or rule.get("record") or "without a name"
        for what in wrong_with(rule):
            yield Problem(f"rule {name}: {what}", line_of(rule))


def wrong_with(rule: dict[str, object]) -> Iterator[str]:
    """What keeps Prometheus from loading a rule."""
    alert, record = rule.get("alert"), rule.get("record")
    if bool(alert) == bool(record):
        yield "it must have either alert or record"
    if record and not SERIES.fullmatch(str(record)):
        yield f"{record} is no name of a series"
    if record and ("for" in rule or "annotations" in rule):
        yield "a recording rule has neither for nor annotations"
    for key in ("for", "keep_firing_for"):
        if key in rule and not DURATION.fullmatch(str(rule[key])):
            yield f"{key} is {rule[key]}, which is no duration such as 5m"
    for label in fields(rule, "labels"):
        if not NAME.fullmatch(label):
            yield f"{label} is no name of a label"
    try:
        tokens(str(rule.get("expr") or ""))
    except SyntaxProblem as problem:
        yield f"expr: {problem}"


CONTROLS = (severity, runbook_url, summary, rule_valid)
