"""The alerts: each fires and keeps silent as it should, says whom it concerns, and rests on metrics that exist."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import Counter, Gauge, Histogram

from deploy.monitoring import Slo, SloError, names, rules
from monitoring.cases import CASES
from monitoring.promtool import Promtool
from monitoring.series import SERVICE
from service.metrics import Metrics
from service.routes import PREDICTING

BASE = "https://git.example/fraud/runbooks"
RULES = rules(SERVICE, "risk", BASE)
ALERTS: dict[str, dict[str, Any]] = {
    rule["alert"]: rule for group in RULES["groups"] for rule in group["rules"] if "alert" in rule
}
FIRES = [(name, what) for name, case in CASES.items() for what in case.fires]
SILENT = [(name, what) for name, case in CASES.items() for what in case.silent]


@pytest.fixture
def promtool(tmp_path: Path) -> Promtool:
    return Promtool(tmp_path)


def test_every_alert_is_tried_both_ways() -> None:
    assert set(CASES) == set(ALERTS)
    assert all(case.fires and case.silent for case in CASES.values())


@pytest.mark.parametrize(("name", "what"), FIRES)
def test_it_fires(promtool: Promtool, name: str, what: str) -> None:
    labels = f', severity="{ALERTS[name]["labels"]["severity"]}", team="risk", service="{SERVICE}"'
    assert promtool.firing(RULES, name, CASES[name].fires[what], CASES[name], labels) == ""


@pytest.mark.parametrize(("name", "what"), SILENT)
def test_it_keeps_silent(promtool: Promtool, name: str, what: str) -> None:
    assert promtool.quiet(RULES, name, CASES[name].silent[what], CASES[name]) == ""


def test_another_service_on_the_same_prometheus_alerts_nobody_here(promtool: Promtool) -> None:
    case = CASES["AvailabilityFastBurn"]
    together = {"groups": [*RULES["groups"], *rules("other", "risk", BASE)["groups"]]}
    (series,) = list(case.fires.values())[:1]
    others = {name.replace(f'job="{SERVICE}"', 'job="other"'): values for name, values in series.items()}
    assert promtool.firing(together, "AvailabilityFastBurn", others, case, ', service="other"') == ""
    assert promtool.firing(together, "AvailabilityFastBurn", others, case, f', service="{SERVICE}"') != ""


def test_promtool_is_content_with_them(promtool: Promtool) -> None:
    assert promtool.check(RULES) == ""


def test_each_says_how_urgent_it_is_whom_it_concerns_and_what_to_do() -> None:
    for name, rule in ALERTS.items():
        assert rule["labels"]["severity"] in {"page", "ticket", "info"}, name
        assert (rule["labels"]["team"], rule["labels"]["service"]) == ("risk", SERVICE), name
        assert rule["annotations"]["summary"].startswith(f"{SERVICE}: "), name
        assert rule["annotations"]["description"], name
        assert re.fullmatch(rf"{BASE}/[a-z-]+\.md", rule["annotations"]["runbook_url"]), name


def test_nobody_is_woken_by_what_callers_do_not_notice() -> None:
    woken = {name for name, rule in ALERTS.items() if rule["labels"]["severity"] == "page"}
    assert woken == {"AvailabilityFastBurn", "LatencyFastBurn", "ServiceDown", "ModelNotLoaded", "AuditFailing"}


def test_every_label_that_they_ask_for_is_one_that_the_metric_has() -> None:
    own = {"job", "namespace", "instance", "pod", "le"}
    labels = {_exported(metric): {*metric._labelnames, *own} for metric in vars(Metrics()).values() if _counts(metric)}
    for group in RULES["groups"]:
        for rule in group["rules"]:
            for metric, matchers in re.findall(r"(\w+)\{([^}]*)\}", rule["expr"]):
                known = labels.get(re.sub("_(bucket|count|sum)$", "", metric))
                asked = set(re.findall(r"(\w+)(?:=~|!~|=|!=)\"", matchers))
                assert known is None or asked <= known, (metric, asked)


def test_predictions_are_just_those_of_the_routes_that_predict() -> None:
    predicting = re.compile(names.PREDICTING)
    assert all(predicting.fullmatch(route) for route in PREDICTING)
    others = ("/readyz", "/metrics", "/v2", "/v2/models/{name}", "/v2/models/{name}/ready", "/", "/docs", "other")
    assert not any(predicting.fullmatch(route) for route in others)


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"available": 99.9}, "available: 99.9 is no share"),
        ({"fast": 1.0}, "fast: 1.0 is no share"),
        ({"seconds": 0.3}, "seconds: 0.3 is not counted; choose of 0.0005"),
        ({"fewest": 0}, "fewest: 0 would alert"),
    ],
)
def test_a_promise_that_cannot_be_measured_is_refused(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(SloError, match=re.escape(told)):
        Slo(**wrong)


def test_a_promise_changes_the_rules(promtool: Promtool) -> None:
    case = CASES["AvailabilityFastBurn"]
    lax = rules(SERVICE, "risk", BASE, slo=Slo(available=0.9))
    for series in case.fires.values():
        assert promtool.quiet(lax, "AvailabilityFastBurn", series, case) == ""


def test_a_whole_second_is_promised_as_the_service_counts_it() -> None:
    asked = [
        rule["expr"] for group in rules(SERVICE, "risk", BASE, slo=Slo(seconds=1))["groups"] for rule in group["rules"]
    ]
    assert any('le="1.0"' in expr for expr in asked)
    assert not any('le="1"' in expr for expr in asked)


def _counts(metric: object) -> bool:
    return isinstance(metric, Counter | Gauge | Histogram)


def _exported(metric: Any) -> str:
    (family,) = metric.describe()
    return f"{family.name}_total" if family.type == "counter" else str(family.name)
