"""params.yaml: every wrong key is named, all at once, with what would do."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from training import params
from training.errors import ParamsError

GOOD: dict[str, Any] = {
    "model": "tumour-diagnosis",
    "data": {"path": "data/mine.csv", "target": "diagnosis"},
    "split": {"test": 0.2, "folds": 5, "seed": 7},
    "estimator": {"name": "random-forest", "parameters": {"n_estimators": 10}},
    "baseline": {"name": "decision-tree"},
    "slices": [{"name": "small", "column": "radius", "max": 13.0}],
    "gates": {
        "metrics": {"roc_auc": {"min": 0.9}, "log_loss": {"max": 0.3}},
        "baseline": {"metric": "roc_auc", "margin": 0.0},
        "champion": None,
        "slices": {"metric": "accuracy", "min": 0.8, "rows": 10},
        "latency_ms": 20.0,
        "size_mb": 50,
    },
}


def load(tmp_path: Path, text: str) -> params.Params:
    path = tmp_path / "params.yaml"
    path.write_text(text, encoding="utf-8")
    return params.load(path)


def with_(key: str, value: Any) -> dict[str, Any]:
    """The good parameters but for one dotted key; ``...`` removes it."""
    data = copy.deepcopy(GOOD)
    *parents, last = key.split(".")
    block = data
    for parent in parents:
        block = block[parent]
    if value is ...:
        del block[last]
    else:
        block[last] = value
    return data


def refusal(tmp_path: Path, data: Any) -> ParamsError:
    with pytest.raises(ParamsError) as caught:
        load(tmp_path, data if isinstance(data, str) else yaml.safe_dump(data))
    assert "params.yaml" in caught.value.problem
    assert caught.value.remedy
    return caught.value


def test_good_params_are_read(tmp_path: Path) -> None:
    loaded = load(tmp_path, yaml.safe_dump(GOOD))
    assert loaded.data.target == "diagnosis"
    assert loaded.baseline.parameters == {}
    assert loaded.gates.size_mb == 50.0
    assert loaded.gates.metrics["roc_auc"].min == 0.9


def test_numbers_with_an_exponent_are_numbers(tmp_path: Path) -> None:
    text = yaml.safe_dump(GOOD).replace("n_estimators: 10", "learning_rate: 1e-3")
    assert load(tmp_path, text).estimator.parameters == {"learning_rate": 0.001}


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("model", "a/b", r"model: a model's name may not hold '/'.*letters"),
        ("model", "a:b", "may not hold ':'"),
        ("model", "a b", "may not hold ' '"),
        ("model", "a\x07b", r"may not hold '\\x07'"),
        ("model", "", "may not be empty"),
        ("model", "..", "begin with a dot"),
        ("model", ..., "model is missing.*add it"),
        ("model", 7, "model: 7 will not do.*must be a valid string"),
        ("data.target", "", "data.target: is empty.*give a name"),
        ("data.path", ..., "data: name exactly one of example and path.*add one"),
        ("data.example", "wine", "data: name exactly one of example and path.*remove one"),
        ("data.example", "iris", "data.example: 'iris' will not do.*'breast-cancer', 'wine' or 'diabetes'"),
        (
            "data.targte",
            "x",
            r"data.targte is no known key \(did you mean 'target'\?\).*example, path, target",
        ),
        ("data.drop", "id", "data.drop: 'id' will not do.*must be a valid list"),
        ("data.drop", ["diagnosis"], "data: drop lists the target 'diagnosis'.*remove it there"),
        ("data.time", "diagnosis", "data: 'diagnosis' is both target and time.*another column"),
        (
            "data.types",
            {"code": "string"},
            r"data.types.code: 'string' will not do.*'number', 'boolean' or 'text'",
        ),
        ("data.task", "ranking", "data.task: 'ranking' will not do.*'binary', 'multiclass' or 'regression'"),
        ("split.test", 1.0, "split.test: 1.0 will not do.*must be less than 1"),
        ("split.test", "0.2", "split.test: '0.2' will not do.*must be a valid number"),
        ("split.test", float("nan"), "split.test: nan will not do.*finite"),
        ("split.folds", 1, "split.folds: 1 will not do.*greater than or equal to 2"),
        ("split.seed", -1, "split.seed: -1 will not do.*greater than or equal to 0"),
        ("estimator.name", " ", "estimator.name: is empty.*give a name"),
        (
            "slices",
            [{"name": "x", "column": "y"}],
            r"slices\[0\]: takes either equals, or min or max.*give one",
        ),
        (
            "slices",
            [{"name": "x", "column": "y", "min": 1, "equals": 2}],
            r"slices\[0\]: takes either equals",
        ),
        (
            "slices",
            [{"name": "x", "column": "y", "min": 2, "max": 1}],
            r"slices\[0\]: min 2.0 is above max 1.0",
        ),
        (
            "slices",
            [{"name": "x", "column": "y", "equals": [1]}],
            r"slices\[0\].equals: neither a text.*give one",
        ),
        ("slices", [{"name": "x", "column": "y", "max": 1}] * 2, "two slices are named 'x'.*its own name"),
        ("gates.metrics", {}, "gates.metrics: .* will not do.*at least 1 item"),
        (
            "gates.metrics.rocauc",
            {"min": 0},
            r"'rocauc' is no known metric \(did you mean 'roc_auc'\?\).*known: roc",
        ),
        ("gates.metrics.f1", {}, "gates.metrics.f1: sets no bound.*give min"),
        ("gates.baseline.metric", "speed", "gates.baseline.metric: 'speed' is no known metric.*rmse"),
        (
            "gates.baseline.margin",
            -0.1,
            "gates.baseline.margin: -0.1 will not do.*greater than or equal to 0",
        ),
        ("gates.champion", ..., "gates.champion is missing.*add it"),
        (
            "gates.champion",
            {"metric": "f1", "margin": 0.1, "confidence": 95},
            "gates.champion.confidence: 95",
        ),
        ("gates.latency_ms", 0, "gates.latency_ms: 0 will not do.*greater than 0"),
        (
            "gates.slices.mini",
            0.5,
            r"gates.slices.mini is no known key \(did you mean 'min'\?\).*metric, rows",
        ),
    ],
)
def test_a_wrong_value_is_named_with_what_would_do(tmp_path: Path, key: str, value: Any, expected: str) -> None:
    error = refusal(tmp_path, with_(key, value))
    assert re.search(expected, str(error), re.DOTALL), str(error)


def test_time_and_group_together_are_refused(tmp_path: Path) -> None:
    error = refusal(tmp_path, with_("data", {**GOOD["data"], "time": "day", "group": "patient"}))
    assert "by time or by group, not both" in error.problem
    assert "drop" in error.remedy


def test_all_problems_come_at_once(tmp_path: Path) -> None:
    data = with_("split.folds", 0)
    data["gates"]["metrics"]["aucc"] = {"min": 1.0}
    data["extra"] = 1
    del data["estimator"]["name"]
    error = refusal(tmp_path, data)
    assert "4 problems" in error.problem
    for key in ("split.folds", "gates.metrics.aucc", "extra", "estimator.name"):
        assert key in error.problem


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("model: [\n", "line 2: malformed YAML"),
        ("a: 1\nb:\tc: 2\n", "line 2: malformed YAML"),
        ("model: a\nsplit: {}\nmodel: b\n", "line 3: malformed YAML: the key 'model' is given twice"),
        ("- a list\n", "holds no mapping"),
        ("", "holds no mapping"),
        ("model: \x01", "malformed YAML"),
    ],
)
def test_malformed_yaml_is_named_with_its_line(tmp_path: Path, text: str, expected: str) -> None:
    assert expected in refusal(tmp_path, text).problem


def test_params_that_are_not_utf8(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_bytes(b"model: caf\xe9\n")
    with pytest.raises(ParamsError, match=r"params.yaml: not UTF-8 \(byte 11\)") as caught:
        params.load(path)
    assert "UTF-8" in caught.value.remedy


def test_missing_params(tmp_path: Path) -> None:
    with pytest.raises(ParamsError, match="cannot be read") as caught:
        params.load(tmp_path / "params.yaml")
    assert "git restore params.yaml" in caught.value.remedy


def test_metrics_must_fit_the_task(tmp_path: Path) -> None:
    loaded = load(tmp_path, yaml.safe_dump(GOOD))
    params.check_task(loaded, "binary")
    with pytest.raises(ParamsError) as caught:
        params.check_task(loaded, "regression")
    for key in ("gates.metrics.roc_auc", "gates.baseline.metric", "gates.slices.metric"):
        assert key in caught.value.problem
    assert "r2, mae, rmse" in caught.value.remedy


def test_brier_is_for_two_classes(tmp_path: Path) -> None:
    loaded = load(tmp_path, yaml.safe_dump(with_("gates.metrics.brier", {"max": 0.2})))
    params.check_task(loaded, "binary")
    with pytest.raises(ParamsError, match=r"gates\.metrics\.brier: brier is no metric for a multiclass task"):
        params.check_task(loaded, "multiclass")
