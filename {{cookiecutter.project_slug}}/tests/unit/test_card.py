"""The model card states the facts it was given, the same each time, and shows names as they are."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from service.signature import Feature, Signature, Task
from training.card import MAX_CATEGORIES, card
from training.params import Params

FEATURES = (
    Feature("mean radius", "number", minimum=5.0, maximum=30.5, on_missing="impute"),
    Feature("smoker", "boolean"),
    Feature("site|side", "text", categories=tuple(f"s{n}" for n in range(30)), on_unseen="flag"),
)
METRICS: dict[Task, dict[str, float]] = {
    "binary": {"roc_auc": 0.9912, "accuracy": 0.95, "f1": 0.96, "log_loss": 0.1, "brier": 0.03},
    "multiclass": {"roc_auc": 0.9912, "accuracy": 0.95, "f1": 0.96, "log_loss": 0.1},
    "regression": {"r2": 0.45, "mae": 40.1, "rmse": 52.0},
}
CLASSES: dict[Task, tuple[str, ...]] = {"binary": ("benign", "*mal*"), "multiclass": ("a", "b", "c"), "regression": ()}
SECTIONS = [
    "What it does",
    "Data",
    "Performance",
    "Slices",
    "Inputs",
    "Limits",
    "Intended use and ethical considerations",
]


def facts(task: Task) -> tuple[Signature, dict[str, Any], dict[str, Any]]:
    measured = METRICS[task]
    lineage = {
        "model": "tumour-diagnosis",
        "commit": "c" * 40,
        "data": {
            "source": "data/mine.csv",
            "digest": "sha256:" + "d" * 64,
            "rows": 569,
            "train": 455,
            "test": 114,
            "split": "random rows of each class",
        },
        "estimator": {"name": "random-forest", "parameters": {"n_estimators": 100, "max_depth": 4}},
        "baseline": {"name": "decision-tree", "parameters": {}},
        "parity": 1.2e-7,
        "metrics": {
            "model": measured,
            "baseline": {name: value for name, value in measured.items() if name != "f1"},
            "slices": {"small tumours": {"rows": 40, **measured}, "empty": {"rows": 0}},
        },
    }
    first = next(iter(measured))
    gates = {
        "metrics": {first: {"min": 0.4}},
        "baseline": {"metric": first, "margin": 0.0},
        "champion": None,
        "slices": {"metric": first, "min": 0.3, "rows": 10},
        "latency_ms": 20.0,
        "size_mb": 50.0,
    }
    params = {
        "model": "tumour-diagnosis",
        "data": {"example": "wine", "target": "y"},
        "split": {"test": 0.2, "folds": 5, "seed": 7},
        "estimator": {"name": "linear"},
        "baseline": {"name": "linear"},
        "gates": gates,
    }
    dumped = Params.model_validate(params).gates.model_dump(mode="json")
    return Signature(task, "diagnosis", FEATURES, CLASSES[task]), lineage, dumped


@pytest.mark.parametrize("task", METRICS)
def test_it_states_the_facts(task: Task) -> None:
    text = card(*facts(task))
    assert [line[3:] for line in text.splitlines() if line.startswith("## ")] == SECTIONS
    assert text.startswith("# Model card: tumour-diagnosis\n")
    for stated in ("data/mine.csv", "sha256:" + "d" * 64, "569", "455", "114", "of each class", "n_estimators = 100"):
        assert stated in text
    first, value = next(iter(METRICS[task].items()))
    assert f"| {first} | higher | {value:g} | {value:g} | at least 0.4 |" in text
    assert "| small tumours | 40 |" in text
    assert "| empty | 0 | – |" in text
    assert f"Required of each: {first} at least 0.3, on at least 10 rows." in text
    assert "| mean radius | number | 5 to 30.5 | filled in and flagged | answered and flagged |" in text
    assert "| smoker | boolean | true or false | refused | refused |" in text


def test_long_lists_are_cut_and_say_so() -> None:
    text = card(*facts("binary"))
    assert f"s{MAX_CATEGORIES - 1} and {30 - MAX_CATEGORIES} more" in text
    assert f"s{MAX_CATEGORIES}," not in text


def test_names_come_out_as_they_are() -> None:
    text = card(*facts("binary"))
    assert r"benign, \*mal\*" in text
    assert r"| site\|side | text |" in text


def test_equal_facts_give_equal_text() -> None:
    signature, lineage, gates = facts("binary")
    other = copy.deepcopy(lineage)
    other["estimator"]["parameters"] = dict(reversed(other["estimator"]["parameters"].items()))
    assert card(signature, lineage, gates) == card(signature, other, gates)


def test_without_slices_it_says_so() -> None:
    signature, lineage, gates = facts("regression")
    lineage["metrics"]["slices"] = {}
    text = card(signature, lineage, {**gates, "slices": None})
    assert "No slice is named in params.yaml" in text
    assert "Required of each" not in text


def test_what_only_the_owner_knows_is_left_to_the_owner() -> None:
    text = card(*facts("binary"))
    assert "To be written by the owner" in text.split("## Intended use and ethical considerations")[1]
