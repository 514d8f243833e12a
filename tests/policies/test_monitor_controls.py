"""What Prometheus picks up: monitors that select something, rules with the right labels, series that exist."""

import json

import pytest
from judged import kubernetes, refuses, said_of, verdicts

from readiness.control import Verdict

OPERATOR = "monitoring.coreos.com/v1"
WEB = {"matchLabels": {"app": "web"}}
POD = {"metadata": {"labels": {"app": "web"}}, "spec": {"containers": [{"name": "web", "image": "web"}]}}
SELECTS = {"ServiceMonitor": "M1.monitor-selects", "PodMonitor": "M1.pod-monitor-selects"}


def target(kind, namespace=None):
    """What a monitor of this kind selects."""
    if kind == "PodMonitor":
        return kubernetes("Deployment", "apps/v1", namespace, spec={"template": POD})
    service = kubernetes("Service", namespace=namespace, spec={"ports": [{"name": "http", "port": 80}]})
    service["metadata"]["labels"] = {"app": "web"}
    return service


def monitor(kind, selector=WEB, version=OPERATOR, **where):
    return kubernetes(kind, version, spec={"selector": selector, "namespaceSelector": where})


@pytest.mark.parametrize("kind", SELECTS)
@pytest.mark.parametrize(
    ("selector", "where", "namespace", "nothing"),
    [
        (WEB, {}, None, False),
        ({"matchLabels": {"app": "other"}}, {}, None, True),
        ({"matchExpressions": [{"key": "app", "operator": "Exists"}]}, {}, None, False),
        ({"matchExpressions": [{"key": "tier", "operator": "Exists"}]}, {}, None, True),
        (WEB, {}, "apps", True),
        (WEB, {"any": True}, "apps", False),
        ({"matchLabels": {"app": "other"}}, {"any": True}, "apps", True),
        (WEB, {"matchNames": ["apps"]}, "apps", False),
        (WEB, {"matchNames": ["apps"]}, None, True),
    ],
)
def test_what_monitors_select(kind, selector, where, namespace, nothing):
    assert refuses(SELECTS[kind], monitor(kind, selector, **where), target(kind, namespace)) is nothing


@pytest.mark.parametrize("kind", SELECTS)
@pytest.mark.parametrize("chart", ["Release", "HelmRelease"])
@pytest.mark.parametrize(
    ("where", "namespace", "verdict"),
    [
        ({}, None, Verdict.NOT_EVALUATED),
        ({}, "apps", Verdict.FAIL),
        ({"matchNames": ["apps"]}, "apps", Verdict.NOT_EVALUATED),
        ({"matchNames": ["apps"]}, None, Verdict.FAIL),
        ({}, "{{ .Values.namespace }}", Verdict.NOT_EVALUATED),
    ],
)
def test_a_chart_may_make_what_a_monitor_selects(kind, chart, where, namespace, verdict):
    made = kubernetes(chart, "helm.toolkit.fluxcd.io/v2", namespace)
    assert verdicts(SELECTS[kind], monitor(kind, **where), made) == {verdict}


@pytest.mark.parametrize("kind", SELECTS)
def test_kinds_of_others_are_no_monitors(kind):
    assert verdicts(SELECTS[kind], monitor(kind, version="example.com/v1")) == set()


def test_one_of_several_services_has_the_port():
    other = target("ServiceMonitor")
    other["metadata"]["name"], other["spec"]["ports"] = "other", [{"name": "metrics", "port": 9090}]
    asking = monitor("ServiceMonitor")
    asking["spec"]["endpoints"] = [{"port": "metrics"}, {"targetPort": 9090}]
    assert not refuses("M1.monitor-selects", asking, target("ServiceMonitor"), other)


def prometheus(selector, version=OPERATOR):
    return kubernetes("Prometheus", version, spec={"ruleSelector": selector})


@pytest.mark.parametrize(
    ("prometheuses", "lost"),
    [
        ([prometheus({})], False),
        ([prometheus(WEB)], True),
        ([prometheus(None)], True),
        ([prometheus(WEB), prometheus({}, "example.com/v1")], True),
    ],
)
def test_rules_that_a_prometheus_chooses(prometheuses, lost):
    assert refuses("M3.rules-picked-up", kubernetes("PrometheusRule", OPERATOR), *prometheuses) is lost


def test_without_a_prometheus_of_the_operator_nobody_chooses_rules():
    other = prometheus(WEB, "example.com/v1")
    assert verdicts("M3.rules-picked-up", kubernetes("PrometheusRule", OPERATOR), other) == set()


def test_without_code_nobody_knows_what_is_exported(tmp_path):
    rule = {"alert": "WebFailing", "expr": "web_failures_total > 1"}
    made = kubernetes("PrometheusRule", OPERATOR, spec={"groups": [{"name": "web", "rules": [rule]}]})
    files = {"rules.json": json.dumps(made)}
    assert said_of("M3.series-exported", tmp_path, files) == []
    asked = "alert WebFailing asks for web_failures_total, which nothing in this repository exports or records"
    assert said_of("M3.series-exported", tmp_path, {"web.py": "A = 1\n", **files}) == [(Verdict.FAIL, asked)]
