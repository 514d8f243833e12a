"""Dashboards, runbooks and alerts on a real Prometheus that scrapes the real service under load."""

from contextlib import suppress

import pytest
from world import running

from project import until

FAILED = 'job:predictions_failed:ratio_rate30d{job="tumour-diagnosis"}'
HURRIED = "rate(degraded_answers_total[1m]) and on () rate(http_requests_refused_total[1m])"


@pytest.fixture(scope="module")
def world(bake, project_env, tmp_path_factory):
    project = bake(tmp_path_factory.mktemp("project"))
    with running(project, project_env, tmp_path_factory.mktemp("world")) as found:
        records = [rule["record"] for rule in rules_of(found) if "record" in rule]
        until(lambda: not found.prometheus.silent([*records, HURRIED]))
        yield found


def rules_of(world):
    return [rule for group in world.deployed["rules"]["groups"] for rule in group["rules"]]


def settled(found, wanted):
    """What is found once it is what is wanted; or at last, if it never is. Rates need two scrapes of each counter."""
    with suppress(AssertionError):
        until(lambda: found() == wanted)
    return found()


def test_every_panel_is_answered(world):
    for name, dashboard in world.deployed["dashboards"].items():
        asked = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]
        asked += [mark["expr"] for mark in dashboard["annotations"]["list"]]
        assert len(asked) > 8, name
        assert settled(lambda asked=asked: world.prometheus.silent(asked), []) == [], name


def test_every_query_of_the_runbooks_is_answered(world):
    assert len(world.deployed["pages"]) > 20
    without_tls = {"certificate-expiring.md"}  # as the service is here
    assert settled(lambda: unanswered(world), without_tls) == without_tls


def unanswered(world):
    return {page for page, asked in world.deployed["pages"].items() if world.prometheus.silent(asked)}


def test_every_rule_can_be_worked_out(world):
    rules = world.prometheus.rules()
    assert len(rules) == len(rules_of(world)) > 50
    assert {rule["name"]: rule["lastError"] for rule in rules if rule["health"] != "ok"} == {}


def test_what_the_service_does_is_what_prometheus_sees(world):
    all_kinds = {"200", "401", "422", "503"}
    assert settled(lambda: statuses(world), all_kinds) == all_kinds
    until(lambda: world.prometheus.ask(f"{FAILED} > 0.01 < 0.2"))  # the callers in a hurry, at one of two instances


def statuses(world):
    return {labels["status"] for labels, _ in world.prometheus.ask('http_requests_total{route="/v1/predict"}')}


def test_a_model_that_is_refused_is_told(world):
    assert "ModelReloadRefused" not in world.prometheus.firing()
    approval = world.material.folder / "mixed" / "approval.json"
    sound = approval.read_bytes()
    for broken in (sound[:-5], sound[:-6]):  # twice, as a counter's first step is seen only an hour after the start
        seen = refused(world.prometheus)
        approval.write_bytes(broken)
        until(lambda seen=seen: refused(world.prometheus) > seen)
    until(lambda: "ModelReloadRefused" in world.prometheus.firing())
    (answering,) = {value for _, value in world.prometheus.ask("model_ready")}
    assert answering == 1, "the one before goes on answering"
    approval.write_bytes(sound)


def refused(prometheus):
    return sum(value for _, value in prometheus.ask('model_reloads_total{outcome="refused"}'))
