"""M2: dashboards are kept as code, something deploys them, and they show what is exported."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from readiness.control import Problem, control
from readiness.controls.measured import defined
from readiness.controls.subjects import repository
from readiness.facts import Facts
from readiness.facts.module import Module
from readiness.facts.repository import File, Repository
from readiness.facts.unread import UnreadError

GRAFANA = "https://grafana.com/docs/grafana/latest/administration/provisioning/"
METRIC = re.compile(r"(?<![$\w])[a-zA-Z_:][\w:]*")
ENDINGS = re.compile(r"_(total|bucket|sum|count|created|info)$")
# Words of PromQL, and what others export: the cluster, the runtime, the database.
NOT_OURS = re.compile(
    r"^(container|kube|kubelet|node|process|python|go|up|scrape|apiserver|istio|envoy|nginx|argo|rollout|alertmanager|"
    r"prometheus|redis|pg|postgres|bentoml|mlserver|http|nv|DCGM|ALERTS|otelcol|loki|machine|mlflow|gunicorn|flask)[_:]"
)


def boards(facts: Facts) -> Iterator[File]:
    """The dashboards that stand as JSON anywhere."""
    for file in facts.repository.files.values():
        if file.path.endswith(".json") and file.size < 2**20 and is_board(file):
            yield file


def is_board(file: File) -> bool:
    try:
        return isinstance(file.json, dict) and isinstance(panels(file.json), list)
    except UnreadError:
        return False  # no dashboard that Grafana could read either


def panels(board: dict[str, Any]) -> Any:
    inner = board.get("dashboard")
    return board.get("panels") or (inner.get("panels") if isinstance(inner, dict) else None)


def makers(facts: Facts) -> list[str]:
    """Modules that make dashboards."""
    return [module.file for module in facts.code.product if makes_boards(module)]


def makes_boards(module: Module) -> bool:
    texts = {text for text, _ in module.strings}
    named = "panels" in texts and ("targets" in texts or "dashboard" in module.file)
    return named or bool(module.packages & {"grafana_foundation_sdk", "grafanalib"})


@control(
    id="M2.dashboards-kept",
    title="Dashboards are kept as code",
    why="a dashboard that somebody clicked together is gone with the server, and nobody reviews its queries",
    remedy="save the JSON model of the dashboard to dashboards/service.json",
    severity="medium",
    kind="repository",
    sources=(GRAFANA,),
    subjects=repository,
)
def dashboards_kept(repo: Repository, facts: Facts) -> Iterator[Problem]:
    if not any(boards(facts)) and not makers(facts):
        yield Problem("no dashboard is here, neither as JSON nor as code that makes one")


@control(
    id="M2.dashboards-deployed",
    title="Something deploys every dashboard",
    why="a file in the repository shows nothing to whoever is on call",
    remedy='configMapGenerator with the label grafana_dashboard: "1", or a provisioning file that names the folder',
    severity="medium",
    kind="repository",
    sources=(GRAFANA,),
    subjects=boards,
)
def dashboards_deployed(board: File, facts: Facts) -> Iterator[Problem]:
    folder = board.path.rpartition("/")[0]
    roles = ("yaml", "terraform", "python", "helm-template", "makefile", "shell")
    for file in facts.repository.role(*roles):
        if board.name in file.text or (folder and re.search(rf"\b{re.escape(folder.rpartition('/')[2])}/", file.text)):
            return
    yield Problem(f"nothing that deploys names {board.name} or its folder")


@control(
    id="M2.dashboards-show-metrics",
    title="Dashboards ask for metrics that the service exports",
    why="a panel without data looks like quiet",
    remedy="rename the metric in the query, or export it",
    severity="medium",
    kind="repository",
    sources=(GRAFANA,),
    subjects=boards,
)
def dashboards_show_metrics(board: File, facts: Facts) -> Iterator[Problem]:
    exported = {ENDINGS.sub("", name) for module in facts.code.product for name, _ in module.once(defined)}
    exported |= {rule.record for rule in facts.rules.all if rule.record}
    if not exported:
        return
    unknown = sorted({name for query in queries(board.json) for name in metrics_of(query)} - exported)
    for name in unknown:
        line = next((number for number, text in enumerate(board.lines, 1) if name in text), 0)
        yield Problem(f"it asks for {name}, which nothing here exports", line)


def queries(board: Any) -> Iterator[str]:
    """Every ``expr`` in a dashboard."""
    if isinstance(board, dict):
        for key, value in board.items():
            if key == "expr" and isinstance(value, str):
                yield value
            else:
                yield from queries(value)
    elif isinstance(board, list):
        for entry in board:
            yield from queries(entry)


def metrics_of(query: str) -> Iterator[str]:
    """The metrics of a query that are no function, label, text or somebody else's."""
    bare = re.sub(
        r"\"[^\"]*\"|'[^']*'|\{[^}]*\}|\[[^\]]*\]|\b(by|without|on|ignoring|group_\w+)\s*\([^)]*\)", " ", query
    )
    for match in METRIC.finditer(bare):
        name, behind = match[0], bare[match.end() :].lstrip()
        if "_" in name and not behind.startswith("(") and not NOT_OURS.match(name):
            yield ENDINGS.sub("", name)


CONTROLS = (dashboards_kept, dashboards_deployed, dashboards_show_metrics)
