"""The dashboards: they ask for what exists, fit on a screen, and can be imported."""

from __future__ import annotations

import json
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from deploy.monitoring import dashboards, rules
from monitoring.promql import as_rules, metrics_in
from monitoring.promtool import Promtool
from monitoring.queries import CLUSTER, PROMETHEUS, exported, recorded

FOUND = dashboards("fraud")
RULES = rules("fraud", "risk", "https://git.example/runbooks")


def queries(dashboard: dict[str, Any]) -> list[str]:
    asked = [target["expr"] for panel in dashboard["panels"] for target in panel.get("targets", [])]
    return [*asked, *(mark["expr"] for mark in dashboard["annotations"]["list"])]


@pytest.mark.parametrize("file", FOUND)
def test_queries_are_promql_and_ask_for_what_exists(tmp_path: Path, file: str) -> None:
    asked = queries(FOUND[file])
    assert len(asked) > 8
    assert Promtool(tmp_path).check(as_rules(asked)) == ""
    known = exported() | recorded(RULES) | CLUSTER | PROMETHEUS
    assert set().union(*map(metrics_in, asked)) <= known


def test_alerts_ask_for_what_exists() -> None:
    known = exported() | recorded(RULES) | CLUSTER | PROMETHEUS
    asked = [rule["expr"] for group in RULES["groups"] for rule in group["rules"]]
    assert set().union(*map(metrics_in, asked)) <= known


@pytest.mark.parametrize("file", FOUND)
def test_panels_are_told_apart_explained_and_side_by_side(file: str) -> None:
    panels = FOUND[file]["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert all(panel["description"] for panel in panels if panel["type"] != "row")
    for one, other in combinations(cells(panels), 2):
        assert not one & other


def cells(panels: list[dict[str, Any]]) -> list[set[tuple[int, int]]]:
    """What each panel covers of Grafana's grid, which is 24 wide."""
    covered = []
    for panel in panels:
        at = panel["gridPos"]
        assert at["x"] + at["w"] <= 24
        covered.append({(at["x"] + x, at["y"] + y) for x in range(at["w"]) for y in range(at["h"])})
    return covered


def test_whoever_is_called_sees_first_whether_it_is_bad() -> None:
    row, *panels = FOUND["service.json"]["panels"]
    assert row["title"] == "Now"
    assert [panel["title"] for panel in panels[:3]] == ["Alerts", "Error budget left", "Failed predictions"]


def test_dashboards_of_two_services_are_two_in_grafana() -> None:
    longest = "a" * 40
    both = [*dashboards(longest).values(), *dashboards(longest[:-1] + "b").values()]
    assert len({found["uid"] for found in both}) == 4
    assert len({found["title"] for found in both}) == 4
    assert all(0 < len(found["uid"]) <= 40 for found in both)
    assert "fraud" not in json.dumps(both)


def test_what_a_query_asks_for_is_told_from_its_functions_labels_and_numbers() -> None:
    query = 'sum by (job) (rate(a_total{x=~"b|c"}[5m] offset 1h)) / on (job) group_left () (d:e > 0.5) unless f'
    assert metrics_in(query) == {"a_total", "d:e", "f"}
