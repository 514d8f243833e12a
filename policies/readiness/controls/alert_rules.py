"""M3 and G3: alert rules are kept as code, CI tests them, and each alert has a page that says what to do."""

from __future__ import annotations

import re
from collections.abc import Iterator

from readiness.control import Problem, control
from readiness.controls.subjects import repository
from readiness.controls.wired import wired
from readiness.facts import Facts
from readiness.facts.pages import pages, sections
from readiness.facts.repository import Repository
from readiness.facts.rules import Rule
from readiness.facts.shell import Call
from readiness.facts.unread import Unread, UnreadError

UNIT_TESTS = "https://prometheus.io/docs/prometheus/latest/configuration/unit_testing_rules/"


@control(
    id="M3.alert-rules-kept",
    title="Alert rules are kept as code",
    why="an alert that stands only in a server is reviewed by nobody and lost with it",
    remedy="write a PrometheusRule or a rule file: groups: [{name: service, rules: [{alert: …, expr: …, for: 5m}]}]",
    severity="high",
    kind="repository",
    sources=("https://sre.google/sre-book/practical-alerting/",),
    subjects=repository,
)
def alert_rules_kept(repo: Repository, facts: Facts) -> Iterator[Problem]:
    if not any(facts.rules.alerts) and not facts.rules.makers:
        yield Problem("no alert rule is here, neither as YAML nor as code that makes one")


def with_rules(facts: Facts) -> Iterator[Repository]:
    if facts.rules:
        yield facts.repository


def is_rule_test(call: Call) -> bool:
    return (call.runs("promtool") and call.has("test", "check")) or call.runs("pint", "mimirtool", "cortextool")


@control(
    id="M3.alert-rules-tested",
    title="CI tests the alert rules",
    why="a rule with a wrong label never fires, and nobody notices until the day that it should",
    remedy="add a job: promtool test rules tests/*.yaml  (it runs promtool check rules as well)",
    severity="medium",
    kind="repository",
    sources=(UNIT_TESTS,),
    subjects=with_rules,
    needs="alert rules",
)
def alert_rules_tested(repo: Repository, facts: Facts) -> Iterator[Problem]:
    by_python = any(re.search(r"\bpromtool\b", text) for module in facts.code.tests for text, _ in module.strings)
    yield from wired(
        facts, lambda call: is_rule_test(call) or (by_python and is_test(call)), "a test of the alert rules"
    )


def is_test(call: Call) -> bool:
    """Whether a call runs a suite of tests, and not only lists or skips them."""
    if call.has("--collect-only", "--co", "--version"):
        return False
    words = set(call.words[1:3])
    runs = call.program in ("pytest", "py.test", "unittest", "nosetests", "nose2", "behave", "tox", "nox", "ctest")
    return runs or (call.program in ("go", "cargo", "npm", "pnpm", "yarn", "helm", "mvn", "gradle") and "test" in words)


def alerts(facts: Facts) -> Iterator[Rule]:
    return facts.rules.alerts


@control(
    id="G3.runbook-for-each-alert",
    title="Each alert has a page that says what to do",
    why="whoever is paged at night has minutes, and may never have seen the service",
    remedy="write runbooks/NAME-OF-THE-ALERT.md: meaning, impact, first three actions, how to know it is over",
    severity="medium",
    kind="repository",
    sources=("https://sre.google/sre-book/being-on-call/",),
    subjects=alerts,
    needs="alert rules",
)
def runbook_for_each_alert(rule: Rule, facts: Facts) -> Iterator[Problem]:
    url = address(rule)
    if plain(rule.alert) in facts.once(subjects_of_pages) or is_page(url, facts):
        return
    if url and kept_elsewhere(rule, facts):
        why = f"alert {rule.alert} leads to {url}, and no page of that address is in this repository"
        raise UnreadError(Unread(rule.file, rule.line, why, "name the folder of those pages: --runbooks FOLDER"))
    yield Problem(f"no page is about {rule.alert}", remedy=f"write runbooks/{kebab(rule.alert)}.md")


def address(rule: Rule) -> str:
    """Where an alert says that its page is read; empty if that is no address."""
    told = rule.body.get("annotations")
    url = told.get("runbook_url") if isinstance(told, dict) else None
    return url.partition("#")[0] if isinstance(url, str) and "://" in url else ""


def is_page(url: str, facts: Facts) -> bool:
    """Whether an address ends with the name of a page that is known."""
    name = url.rpartition("/")[2]
    here = (file.name for file in facts.repository.role("markdown"))
    return bool(name) and not {name, f"{name}.md"}.isdisjoint({*here, *facts.runbooks})


def kept_elsewhere(rule: Rule, facts: Facts) -> bool:
    """Whether an alert's page may be in another repository, such as the platform's.

    It is not where a neighbour's page is here: an alert that leads to the same address but for the last part.
    """
    if not any(facts.repository.role("runbook")):
        return True
    if any(file.path == rule.file for file in facts.repository.role("yaml")):
        return False
    folder = address(rule).rpartition("/")[0]
    neighbours = (url for one in facts.rules.alerts if (url := address(one)).rpartition("/")[0] == folder)
    return not any(is_page(url, facts) for url in neighbours)


def subjects_of_pages(facts: Facts) -> frozenset[str]:
    """What pages are about: the name of each, and the headings of those about alerts."""
    found: set[str] = set()
    for page in pages(facts.repository):
        found.add(plain(page.name.rpartition(".")[0]))
        if re.search(r"(?i)runbook|playbook|alert", page.path):
            found |= {plain(part.title) for part in page.once(sections)}
    return frozenset(found)


def plain(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def kebab(name: str) -> str:
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()


CONTROLS = (alert_rules_kept, alert_rules_tested, runbook_for_each_alert)
