"""Dashboards: what is one, what deploys it, and which of its metrics are the service's own."""

import json

import pytest
from judged import refuses, repository, verdicts

from readiness.controls import named
from readiness.facts import Facts

BOARD = json.dumps({"panels": [{}]})
EXPORTS = 'from prometheus_client import Counter\n\nSEEN = Counter("model_answers_total", "Answers.")\n'
OTHERS = (
    "container kube kubelet node process python go up scrape apiserver istio envoy nginx argo rollout alertmanager "
    "prometheus redis pg postgres bentoml mlserver http nv DCGM ALERTS otelcol loki machine mlflow gunicorn flask"
)


@pytest.mark.parametrize(
    ("name", "text", "kept"),
    [
        ("board.json", BOARD, True),
        ("board.json", json.dumps({"dashboard": {"panels": [{}]}}), True),
        ("board.txt", BOARD, False),
        ("board.json", json.dumps({"panels": {}}), False),
        ("board.json", json.dumps(["panels"]), False),
        ("board.json", json.dumps({"dashboard": ["panels"]}), False),
        ("board.json", '{"panels": [', False),
        ("board.json", BOARD.ljust(2**20 - 1), True),
        ("board.json", BOARD.ljust(2**20), False),
        ("make.py", "import grafanalib\n", True),
        ("make.py", "import grafana_foundation_sdk\n", True),
        ("make.py", "import os\n", False),
        ("make.py", 'X = {"panels": 1, "targets": 2}\n', True),
        ("make.py", 'X = "panels"\n', False),
        ("make.py", 'X = "targets"\n', False),
        ("dashboards.py", 'X = {"panels": 1}\n', True),
        ("dashboards.py", 'X = {"targets": 1}\n', False),
    ],
)
def test_what_keeps_dashboards(name, text, kept):
    assert refuses("M2.dashboards-kept", files={name: text}) is not kept


FILES = ("deploy.yaml", "main.tf", "deploy.py", "templates/boards.tpl", "Makefile", "deploy.sh")


@pytest.mark.parametrize("file", FILES)
def test_what_deploys_dashboards(file):
    for path, text, deployed in (
        ("board.json", "board.json", True),
        ("board.json", "folder/", False),
        ("a/b/shown/board.json", "# shown/", True),
        ("a/b/shown/board.json", "# unshown/", False),
        ("a/b/shown/board.json", "# a/", False),
    ):
        assert refuses("M2.dashboards-deployed", files={path: BOARD, file: f"# {text}\n"}) is not deployed
    assert refuses("M2.dashboards-deployed", files={"board.json": BOARD, "notes.txt": "board.json"})


def asked(text, **files):
    """The metrics of a dashboard that nothing exports, with the lines."""
    facts = Facts(repository({"board.json": text, "app.py": EXPORTS, **files}))
    found = named("M2.dashboards-show-metrics").findings(facts)
    return [(one.line, one.message.split()[3].rstrip(",")) for one in found if one.verdict.name == "FAIL"]


def board(*queries, key="expr"):
    return json.dumps({"panels": [{"targets": [{key: query} for query in queries]}]}, indent=0)


@pytest.mark.parametrize(
    ("query", "metric"),
    [
        ("rate(model_answers_total[5m])", None),
        ("model_answers", None),
        ("model_answers_count", None),
        ("model_errors_total", "model_errors"),
        ("Model_Errors", "Model_Errors"),
        ("histogram_quantile (0.9, model_answers_bucket)", None),
        ("sum by (some_label) (model_answers)", None),
        ("model_answers / on (some_label) group_left (other_label) model_answers", None),
        ("model_answers{some_label=\"x_y\"} == bool 'x_y'", None),
        ('label_replace(model_answers, "new_label")', None),
        ("model_answers[$some_range]", None),
        ("model_answers * $some_factor", None),
        ("rate", None),
        ("kube:a_b", None),
        ("kubes_a", "kubes_a"),
        *((f"{name}_a", None) for name in OTHERS.split()),
        *((f"model_errors_{ending}", "model_errors") for ending in ("bucket", "sum", "count", "created", "info")),
    ],
)
def test_queries(query, metric):
    assert [name for _, name in asked(board(query))] == ([metric] if metric else [])
    assert asked(board(query, key="legend")) == []


def test_lines_of_queries():
    assert asked(board("model_a", "model_a")) == [(6, "model_a")]
    assert asked(board("model_b + model_a")) == [(6, "model_a"), (6, "model_b")]
    assert asked('\n{"panels": [{"expr": "model\\u005fa"}]}') == [(0, "model_a")]


def test_what_is_recorded_is_known():
    rules = {"groups": [{"name": "g", "rules": [{"record": "model:errors_rate", "expr": "1"}]}]}
    assert asked(board("model:errors_rate"), **{"rules.yaml": json.dumps(rules)}) == []
    assert not refuses("M2.dashboards-show-metrics", files={"board.json": board("model_a"), "app.py": ""})
    assert verdicts("M2.dashboards-show-metrics", files={"app.py": EXPORTS}) == set()
