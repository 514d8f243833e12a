"""What a rule says of itself: severities, addresses, names and durations in their many spellings."""

import pytest
from judged import kubernetes, refuses

from readiness.controls import named

PAGE = "https://example.com/runbooks/web.md"


def rules(*bodies, groups=1):
    listed = [{"name": f"web{place}", "rules": list(bodies)} for place in range(groups)]
    return kubernetes("PrometheusRule", "monitoring.coreos.com/v1", spec={"groups": listed})


def alert(labels=None, annotations=None, **body):
    return {"alert": "Web", "expr": "up", "labels": labels or {}, "annotations": annotations or {}, **body}


@pytest.mark.parametrize("severity", ["page", "ticket", "info", "critical", "error", "warning", "none"])
def test_severities(severity):
    assert not refuses("M3.severity", rules(alert({"severity": severity})))
    assert refuses("M3.severity", rules(alert({"severity": severity.upper()})))


@pytest.mark.parametrize(
    ("address", "wrong"),
    [
        (PAGE, False),
        ("http://wiki/web", False),
        ("https://example.com", True),
        ("https://example.com/", True),
        ("runbooks/web.md", True),
        ("see https://example.com/web", True),
        ("https://example.com/web page", True),
        ("", True),
    ],
)
def test_addresses_of_runbooks(address, wrong):
    assert refuses("M3.runbook-url", rules(alert(annotations={"runbook_url": address}))) is wrong


@pytest.mark.parametrize(
    ("key", "wrong"), [("summary", False), ("description", False), ("message", False), ("a", True)]
)
def test_annotations_that_say_what_is_wrong(key, wrong):
    assert refuses("M3.summary", rules(alert(annotations={key: "All is lost"}))) is wrong
    assert named("M3.summary").mandatory is False


@pytest.mark.parametrize(
    ("rule", "wrong"),
    [
        *((alert(**{"for": f"5{unit}"}), False) for unit in ("ms", "s", "m", "h", "d", "w", "y")),
        (alert(**{"for": "1h30m"}), False),
        (alert(**{"for": "0"}), False),
        (alert(**{"for": 0}), False),
        (alert(**{"for": "5M"}), True),
        (alert(**{"for": "5"}), True),
        (alert(**{"for": ""}), True),
        (alert(keep_firing_for="5m"), False),
        (alert(keep_firing_for="5 minutes"), True),
        (alert({"Team_2": "a"}), False),
        (alert({"_team": "a"}), False),
        (alert({"2team": "a"}), True),
        (alert({"team:a": "a"}), True),
        (alert({"my-team": "a"}), True),
        (alert(expr=""), True),
        (alert(expr="up{"), True),
        (alert(record="web:up"), True),
        ({"expr": "up"}, True),
        ({"record": "web:Up_2", "expr": "up"}, False),
        ({"record": "_up", "expr": "up"}, False),
        ({"record": ":up", "expr": "up"}, False),
        ({"record": "2up", "expr": "up"}, True),
        ({"record": "web-up", "expr": "up"}, True),
        ({"record": "web:up", "expr": "up", "for": "5m"}, True),
        ({"record": "web:up", "expr": "up", "annotations": {}}, True),
        ({"record": "web:up", "expr": "up", "labels": {"my-team": "a"}}, True),
    ],
)
def test_rules_that_prometheus_loads(rule, wrong):
    assert refuses("M3.rule-valid", rules(rule)) is wrong
    assert refuses("M3.rule-valid", rules(alert(), rule)) is wrong


def test_groups_of_rules():
    assert refuses("M3.rule-valid", rules(groups=0))
    assert not refuses("M3.rule-valid", rules(groups=2))
