"""Where alerts end: severities, receivers and integrations that count, and how long a page may wait."""

import json

import pytest
from judged import kubernetes, messages, refuses, verdicts

from readiness.control import Verdict

PAGER = [{"name": "x"}]


def alert(severity="page", **labels):
    rule = {"alert": "WebFailing", "expr": "up == 0", "labels": {"severity": severity, **labels}}
    groups = [{"name": "web", "rules": [rule]}]
    return kubernetes("PrometheusRule", "monitoring.coreos.com/v1", spec={"groups": groups})


def alertmanager(*routes, root="on-call", **receivers):
    """Its configuration; each receiver is given by its integrations, such as ``{"slack_configs": [...]}``."""
    known = {"on-call": {"pagerduty_configs": PAGER}, "chat": {"slack_configs": PAGER}, "quiet": {}} | receivers
    listed = [{"name": name, **ways} for name, ways in known.items()]
    config = {"route": {"receiver": root, "routes": list(routes)}, "receivers": listed}
    return {**kubernetes("Secret"), "stringData": {"alertmanager.yaml": json.dumps(config)}}


def to(receiver, *matchers, **beside):
    return {"receiver": receiver, "matchers": list(matchers), **beside}


@pytest.mark.parametrize(
    ("severity", "route", "escalation"),
    [
        ("page", True, True),
        ("critical", True, True),
        ("warning", True, False),
        ("ticket", True, False),
        ("info", False, False),
        ("none", False, False),
    ],
)
def test_whom_an_alert_must_reach(severity, route, escalation):
    for id, asked in (("M3.route", route), ("M3.escalation", escalation)):
        assert verdicts(id, alert(severity), alertmanager(root="quiet")) == ({Verdict.FAIL} if asked else set())


PAGERS = ("pagerduty", "opsgenie", "victorops", "pushover", "incidentio", "sns", "webhook")


@pytest.mark.parametrize(
    ("ways", "pages"),
    [
        *(({f"{name}_configs": PAGER}, True) for name in PAGERS),
        *(({f"{name}Configs": PAGER}, True) for name in ("pagerduty", "incidentio", "webhook")),
        ({"pagerDutyConfigs": PAGER}, True),
        ({"email_configs": PAGER}, False),
        ({"slackConfigs": PAGER}, False),
        ({"email_configs": PAGER, "sns_configs": PAGER}, True),
        ({"pagerduty_configs": []}, False),
        ({"pagerduty": PAGER}, False),
    ],
)
def test_what_wakes_somebody(ways, pages):
    assert refuses("M3.escalation", alert(), alertmanager(root="own", own=ways)) is not pages


@pytest.mark.parametrize(
    ("routes", "late"),
    [
        ([to("on-call", group_wait="5m")], False),
        ([to("on-call", group_wait="301s")], True),
        ([to("on-call", group_wait="15m", **{"continue": True}), to("on-call", group_wait="30s")], False),
        ([to("chat", group_wait="1s", **{"continue": True}), to("on-call", group_wait="15m")], True),
    ],
)
def test_how_long_a_page_waits(routes, late):
    assert refuses("M3.escalation", alert(), alertmanager(*routes)) is late


def test_each_configuration_must_wake_somebody():
    chat, late = alertmanager(root="chat"), alertmanager(to("on-call", group_wait="15m"))
    in_map = {**kubernetes("ConfigMap"), "data": late["stringData"]}
    assert len(messages("M3.escalation", alert(), chat, in_map)) == 2
    assert len(messages("M3.escalation", alert(), alertmanager(), in_map)) == 1


@pytest.mark.parametrize(
    ("labels", "routes", "silent"),
    [
        ({}, [to("quiet", 'alertname="WebFailing"')], True),
        ({}, [to("quiet", 'alertname="Other"')], False),
        ({"team": "a"}, [to("quiet", 'team="b"')], False),
        ({"team": "{{ $labels.team }}"}, [to("quiet", 'team="b"')], True),
        ({"shard": 1}, [to("quiet", 'shard="1"')], True),
        ({}, [to("gone", 'severity="page"')], True),
        ({}, [to("quiet", 'severity="ticket"')], False),
    ],
)
def test_where_an_alert_may_end(labels, routes, silent):
    assert refuses("M3.route", alert(**labels), alertmanager(*routes)) is silent


@pytest.mark.parametrize(
    ("namespace", "verdict"), [(None, Verdict.FAIL), ("apps", Verdict.NOT_EVALUATED)], ids=["own", "other"]
)
def test_a_configuration_of_another_namespace_does_not_count(namespace, verdict):
    spec = {"route": {"receiver": "quiet"}, "receivers": [{"name": "quiet"}]}
    config = kubernetes("AlertmanagerConfig", "monitoring.coreos.com/v1alpha1", namespace, spec=spec)
    for id in ("M3.route", "M3.escalation"):
        assert verdicts(id, alert(), config) == {verdict}


@pytest.mark.parametrize(
    ("routes", "wrong"),
    [
        ([{"routes": [to("gone")]}], True),
        ([{"routes": [to("chat")]}], False),
        ([to("chat"), to("gone")], True),
    ],
)
def test_receivers_that_routes_name(routes, wrong):
    assert refuses("M3.receivers", alertmanager(*routes)) is wrong
