"""The platform's alerts: each fires and keeps silent as it should, and says whom it concerns and what to do."""

import re

import pytest
from platform_cases import CASES
from template_tools import Promtool

from needs import need_command
from stacks.observability.alerts import platform_rules

BASE = "https://git.example/platform/runbooks"
RULES = platform_rules("platform", BASE)
ALERTS = {rule["alert"]: rule for group in RULES["groups"] for rule in group["rules"]}


@pytest.fixture
def promtool(tmp_path):
    return Promtool(tmp_path, need_command("promtool"))


def test_every_alert_is_tried_both_ways():
    assert set(CASES) == set(ALERTS)
    assert all(case.fires and case.silent for case in CASES.values())


@pytest.mark.parametrize(("name", "what"), [(name, what) for name in CASES for what in CASES[name].fires])
def test_it_fires(promtool, name, what):
    labels = f', severity="{ALERTS[name]["labels"]["severity"]}", team="platform"'
    assert promtool.firing(RULES, name, CASES[name].fires[what], CASES[name], labels) == ""


@pytest.mark.parametrize(("name", "what"), [(name, what) for name in CASES for what in CASES[name].silent])
def test_it_keeps_silent(promtool, name, what):
    assert promtool.quiet(RULES, name, CASES[name].silent[what], CASES[name]) == ""


def test_promtool_is_content_with_them(promtool):
    assert promtool.check(RULES) == ""


def test_each_says_how_urgent_it_is_whom_it_concerns_and_what_to_do():
    for name, rule in ALERTS.items():
        assert rule["labels"]["severity"] in {"page", "ticket", "info"}, name
        assert rule["labels"]["team"] == "platform", name
        assert rule["annotations"]["summary"], name
        assert rule["annotations"]["description"], name
        assert re.fullmatch(rf"{BASE}/[a-z-]+\.md", rule["annotations"]["runbook_url"]), name
