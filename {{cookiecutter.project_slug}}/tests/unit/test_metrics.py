"""Metrics are those of scikit-learn, on any weighting of the rows, and nan where the rows define none."""

from __future__ import annotations

import math
import warnings
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn import metrics as reference

from service.signature import Task
from training import metrics
from training.errors import DataError, ParamsError
from training.gate_params import METRICS

CLASSES: dict[Task, tuple[str, ...]] = {"binary": ("no", "yes"), "multiclass": ("a", "b", "c"), "regression": ()}


def problem(task: Task, rows: int = 120) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Truth and answers; the probabilities are coarse, so that many are equal."""
    random, count = np.random.default_rng(3), len(CLASSES[task])
    if task == "regression":
        truth = random.normal(size=rows)
        return truth, truth + random.normal(size=rows) * 0.4
    right = random.integers(count, size=rows)
    given = random.dirichlet(np.ones(count), size=rows).round(1) + 0.01
    given[np.arange(rows), right] += 0.2
    return np.array(CLASSES[task], dtype=object)[right], given / given.sum(axis=1, keepdims=True)


def expected(task: Task, truth: NDArray[Any], outputs: NDArray[np.float64], weights: Any = None) -> dict[str, float]:
    """What scikit-learn says."""
    if task == "regression":
        return {
            "r2": reference.r2_score(truth, outputs, sample_weight=weights),
            "mae": reference.mean_absolute_error(truth, outputs, sample_weight=weights),
            "rmse": reference.root_mean_squared_error(truth, outputs, sample_weight=weights),
        }
    classes, binary = CLASSES[task], task == "binary"
    chosen = np.array(classes, dtype=object)[outputs.argmax(axis=1)]
    scores = outputs[:, 1] if binary else outputs
    f1: dict[str, Any] = {"pos_label": classes[1]} if binary else {"average": "macro"}
    found = {
        "roc_auc": reference.roc_auc_score(truth, scores, multi_class="ovr", sample_weight=weights),
        "accuracy": reference.accuracy_score(truth, chosen, sample_weight=weights),
        "f1": reference.f1_score(truth, chosen, sample_weight=weights, **f1),
        "log_loss": reference.log_loss(truth, outputs, labels=classes, sample_weight=weights),
    }
    if binary:
        found["brier"] = reference.brier_score_loss(truth, scores, pos_label=classes[1], sample_weight=weights)
    return found


@pytest.mark.parametrize("task", CLASSES)
def test_metrics_are_those_of_scikit_learn(task: Task) -> None:
    truth, outputs = problem(task)
    assert metrics.measure(task, CLASSES[task], truth, outputs) == pytest.approx(expected(task, truth, outputs))


@pytest.mark.parametrize("task", CLASSES)
def test_a_weighted_metric_is_that_of_a_resample(task: Task) -> None:
    truth, outputs = problem(task)
    drawn = np.random.default_rng(5).integers(len(truth), size=len(truth))
    weights = np.bincount(drawn, minlength=len(truth)).astype(np.float64)
    found = {m: metrics.statistic(m, task, CLASSES[task], truth, outputs)(weights) for m in metrics.of_task(task)}
    assert found == pytest.approx(expected(task, truth[drawn], outputs[drawn]))
    assert found == pytest.approx(expected(task, truth, outputs, weights))


def test_a_column_of_values_will_do() -> None:
    truth, outputs = problem("regression")
    assert metrics.measure("regression", (), truth, outputs[:, np.newaxis]) == metrics.measure(
        "regression", (), truth, outputs
    )


@pytest.mark.parametrize(
    ("task", "rows", "undefined"),
    [
        ("binary", [], {"roc_auc", "accuracy", "f1", "log_loss", "brier"}),
        ("binary", ["no", "no"], {"roc_auc", "f1"}),
        ("binary", ["yes"], {"roc_auc"}),
        ("multiclass", ["a", "c"], {"roc_auc"}),
        ("multiclass", [], {"roc_auc", "accuracy", "f1", "log_loss"}),
        ("regression", [], {"r2", "mae", "rmse"}),
        ("regression", [0.1, 0.1, 0.1], {"r2"}),
    ],
)
def test_what_the_rows_do_not_define_is_nan_without_a_warning(task: Task, rows: list[Any], undefined: set[str]) -> None:
    count = len(CLASSES[task])
    outputs = np.tile([0.7, 0.2, 0.1][:count], (len(rows), 1)) if count else np.full(len(rows), 0.3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found = metrics.measure(task, CLASSES[task], rows, outputs)
    assert {name for name, value in found.items() if math.isnan(value)} == undefined


def test_a_sure_error_costs_much_but_not_everything() -> None:
    found = metrics.measure("binary", ("no", "yes"), ["yes"], np.array([[1.0, 0.0]]))
    assert 10 < found["log_loss"] < 20


def test_every_metric_of_params_yaml_has_a_direction_and_is_measured() -> None:
    assert metrics.HIGHER_IS_BETTER.keys() == METRICS.keys()
    for task, classes in CLASSES.items():
        measured = metrics.measure(task, classes, *problem(task))
        assert tuple(measured) == metrics.of_task(task)
        assert metrics.primary(task) in measured


@pytest.mark.parametrize("task", CLASSES)
def test_better_goes_by_the_direction_of_the_metric(task: Task) -> None:
    truth, outputs = problem(task)
    perfect = np.eye(len(CLASSES[task]))[metrics.codes(CLASSES[task], truth)] if CLASSES[task] else truth
    best, good = (metrics.measure(task, CLASSES[task], truth, given) for given in (perfect, outputs))
    assert all(metrics.lead(name, best[name], good[name]) > 0 for name in best)


def test_a_metric_of_another_task_is_refused_with_those_that_fit() -> None:
    with pytest.raises(ParamsError, match="r2 is no metric for a binary task") as refused:
        metrics.statistic("r2", "binary", CLASSES["binary"], *problem("binary"))
    assert "roc_auc, accuracy, f1, log_loss, brier" in refused.value.remedy


def test_a_label_that_the_model_does_not_know_is_named() -> None:
    with pytest.raises(DataError, match="'maybe'"):
        metrics.measure("binary", ("no", "yes"), ["yes", "maybe"], np.full((2, 2), 0.5))
