"""The platform's runbooks: a page for each alert, short, in one order, and naming only what exists."""

import re
import subprocess
import sys
from functools import cache
from importlib.util import find_spec

import pytest
from template_tools import Promtool, as_rules, kubectl, metrics_in, pages

from needs import need, need_command
from repository import BRACED, ROOT
from stacks.observability.alerts import platform_rules

RULES = platform_rules("platform", "https://git.example/runbooks")
ALERTS = {rule["alert"]: rule for group in RULES["groups"] for rule in group["rules"]}
PAGES = pages(ROOT / "runbooks")
GENERAL = {"backup-and-restore.md", "disaster-recovery.md", "heartbeat-missing.md", "key-compromise.md"}
ORDER = ["Is it real", "How urgent", "First three actions", "Causes, most likely first"]
ORDER += ["Escalate when", "It is over when", "Owner"]
AWS = {
    "backup list-recovery-points-by-resource",
    "rds describe-db-instances",
    "rds restore-db-instance-to-point-in-time",
    "secretsmanager rotate-secret",
}
STACKS = {"cluster", "secrets", "registry", "observability"}
each = pytest.mark.parametrize("page", PAGES.values(), ids=list(PAGES))


def known_metrics():
    """Those that the stand-in for a cluster tells of in tests/monitoring, and Prometheus' and Alertmanager's own."""
    told = (ROOT / "tests/monitoring/cluster.prom").read_text()
    own = {"up", "ALERTS", "prometheus_config_last_reload_successful", "prometheus_rule_evaluation_failures_total"}
    own |= {"prometheus_notifications_alertmanagers_discovered", "alertmanager_config_last_reload_successful"}
    own |= {"alertmanager_notifications_failed_total", "alertmanager_notifications_total"}
    return own | set(re.findall(r"^(\w+)\{", told, re.MULTILINE))


def test_every_alert_has_a_page_and_every_page_an_alert():
    linked = {rule["annotations"]["runbook_url"].rpartition("/")[2] for rule in ALERTS.values()}
    assert linked | GENERAL == set(PAGES)
    for name, rule in ALERTS.items():
        assert PAGES[rule["annotations"]["runbook_url"].rpartition("/")[2]].text.startswith(f"# {name}\n")


@each
def test_it_is_short_and_has_an_owner(page):
    assert len(page.text.splitlines()) <= 60
    assert re.search(r"^## Owner\n\n.*Last drilled: ", page.text, re.MULTILINE)


@pytest.mark.parametrize("name", sorted(set(PAGES) - GENERAL))
def test_it_answers_in_one_order(name):
    assert PAGES[name].headings == ORDER
    assert len(PAGES[name].queries) == 2
    actions = re.findall(r"^\d\. (.+)$", PAGES[name].text, re.MULTILINE)
    assert len(actions) == 3
    assert re.search("take|taken", actions[0], re.IGNORECASE), "what changed last is taken back first"


def test_queries_and_alerts_ask_for_what_exists(tmp_path):
    asked = [query for page in PAGES.values() for query in page.queries]
    assert Promtool(tmp_path, need_command("promtool")).check(as_rules(asked)) == ""
    asked += [rule["expr"] for rule in ALERTS.values()]
    assert set().union(*map(metrics_in, asked)) <= known_metrics()


@each
def test_what_it_names_exists(page):
    assert {link.partition("#")[0] for link in page.links} <= set(PAGES)
    named = re.findall(r"`(stacks/[\w./-]+)`", page.text)
    assert [name for name in named if not (ROOT / name).exists()] == []


@each
def test_its_commands_exist(page):
    assert [" ".join(words) for words in page.commands if not exists(words)] == []


def exists(words):
    program, *rest = words
    if program == "make":  # in a service's repository
        return rest[0] in re.findall(r"^([a-z-]+):", (ROOT / BRACED / "Makefile").read_text(), re.MULTILINE)
    if program == "kubectl":
        return kubectl(rest)
    if program == "aws":
        return " ".join(rest[:2]) in AWS
    if rest[:2] == ["-m", "stacks"]:
        return rest[2] in verbs() and rest[3] in {"dev", "prod"} and set(rest[4:]) <= STACKS
    return program == "git" and rest[0] == "revert"


@cache
def verbs():
    """Of ``python -m stacks``."""
    need(find_spec("pulumi"), "install requirements/stacks.txt")
    said = subprocess.run([sys.executable, "-m", "stacks", "--help"], cwd=ROOT, capture_output=True, text=True)
    assert said.returncode == 0, said.stderr
    return set(re.findall(r"^  ([a-z]+)  +[a-z]", said.stdout, re.MULTILINE))


WRONG = ["kubectl -n nowhere get pods", "python -m stacks rebuild prod", "python -m stacks up prod moon", "make it"]


@pytest.mark.parametrize("wrong", WRONG)
def test_a_command_that_does_not_exist_is_found(wrong):
    assert not exists(wrong.split())
