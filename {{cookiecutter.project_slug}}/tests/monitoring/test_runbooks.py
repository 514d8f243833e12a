"""The runbooks: a page for each alert, short, in one order, and naming only what exists."""

from __future__ import annotations

import re
import subprocess
import sys
from functools import cache
from pathlib import Path

import pytest

from deploy.monitoring import rules
from monitoring.kubectl import kubectl
from monitoring.pages import ROOT, Page, pages
from monitoring.promql import as_rules, metrics_in
from monitoring.promtool import Promtool
from monitoring.queries import CLUSTER, PROMETHEUS, exported, recorded
from service.settings import PREFIX, Settings

RULES = rules("fraud", "risk", "https://git.example/runbooks")
ALERTS = {rule["alert"]: rule for group in RULES["groups"] for rule in group["rules"] if "alert" in rule}
PAGES = pages()
GENERAL = {
    "backup-and-restore.md",
    "bad-model.md",
    "disaster-recovery.md",
    "incident.md",
    "key-compromise.md",
    "on-call.md",
}
ORDER = [
    "Is it real",
    "How urgent",
    "First three actions",
    "Causes, most likely first",
    "Escalate when",
    "It is over when",
    "Owner",
]
each = pytest.mark.parametrize("page", PAGES.values(), ids=list(PAGES))


def test_every_alert_has_a_page_and_every_page_an_alert() -> None:
    linked = {rule["annotations"]["runbook_url"].rpartition("/")[2] for rule in ALERTS.values()}
    assert linked | GENERAL == set(PAGES)
    assert not linked & GENERAL
    for name, rule in ALERTS.items():
        page = PAGES[rule["annotations"]["runbook_url"].rpartition("/")[2]]
        assert page.text.startswith(f"# {name}\n")


@each
def test_it_is_short(page: Page) -> None:
    assert len(page.text.splitlines()) <= 60


@pytest.mark.parametrize("name", sorted(set(PAGES) - GENERAL))
def test_it_answers_in_one_order(name: str) -> None:
    page = PAGES[name]
    assert page.headings == ORDER
    assert len(page.queries) == 2
    parts = dict(re.findall(r"^## (.+?)\n(.*?)(?=^## |\Z)", page.text, re.MULTILINE | re.DOTALL))
    assert "```promql" in parts["Is it real"]
    assert "```promql" in parts["It is over when"]
    first, *others = re.findall(r"^\d\. (.+)$", parts["First three actions"], re.MULTILINE)
    assert len(others) == 2
    assert re.search("roll|take|return|add", first, re.IGNORECASE), "rollback comes first"
    assert "Last drilled:" in parts["Owner"]
    assert len(re.findall(r"^- ", parts["Causes, most likely first"], re.MULTILINE)) >= 3


def test_general_pages_have_an_owner_or_are_about_people() -> None:
    assert all("Last drilled:" in PAGES[name].text for name in GENERAL - {"on-call.md"})


def test_queries_are_promql_and_ask_for_what_exists(tmp_path: Path) -> None:
    asked = [query for page in PAGES.values() for query in page.queries]
    assert Promtool(tmp_path).check(as_rules(asked)) == ""
    known = exported() | recorded(RULES) | CLUSTER | PROMETHEUS
    for page in PAGES.values():
        assert set().union(*map(metrics_in, page.queries)) <= known, page.path.name


@each
def test_what_it_names_exists(page: Page) -> None:
    assert [link for link in page.links if not linked(link)] == []
    assert [name for name in page.files if not (ROOT / name).exists()] == []
    known = {f"{PREFIX}{name.upper()}" for name in Settings.model_fields}
    assert page.settings <= known


def linked(link: str) -> bool:
    name, _, place = link.partition("#")
    headings = [heading.lower().replace(" ", "-") for heading in PAGES[name].headings] if name in PAGES else []
    return name in PAGES and (not place or place in headings)


@each
def test_its_commands_exist(page: Page) -> None:
    assert [" ".join(words) for words in page.commands if not exists(words)] == []


def exists(words: list[str]) -> bool:
    while re.fullmatch(r"[A-Z_]+=\S*", words[0]):
        words = words[1:]
    program, *rest = words
    if program == "make":
        return rest[0] in targets()
    if program == "kubectl":
        return kubectl(rest)
    if program.endswith("python"):
        return rest[0] == "-m" and python(tuple(rest[1:]))
    return program in {"curl", "git"}


@cache
def targets() -> set[str]:
    """Of the Makefile."""
    return set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.MULTILINE))


@cache
def python(words: tuple[str, ...]) -> bool:
    """Whether the module has the command, as far as its words are no arguments."""
    module, *rest = words
    named = [word for word in rest if re.fullmatch("[a-z]+", word)]
    asked = [sys.executable, "-m", module, *named, "--help"]
    done = subprocess.run(asked, cwd=ROOT / "src", capture_output=True, text=True, timeout=120)
    options = {word for word in rest if word.startswith("--")}
    return done.returncode == 0 and all(option in done.stdout for option in options)


@pytest.mark.parametrize(
    "wrong",
    [
        "make teach",
        "kubectl -n services fix pods",
        "kubectl get unicorns",
        "kubectl argo rollouts forget it -n services",
        "python -m service keys forge NAME",
        "python -m service keys rotate NAME --for-ever",
        "rm -r audit",
    ],
)
def test_a_command_that_does_not_exist_is_found(wrong: str) -> None:
    assert not exists(wrong.split())
