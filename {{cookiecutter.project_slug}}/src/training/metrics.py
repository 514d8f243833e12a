"""How good answers are. A metric is a function of how much each row counts: a resample is other weights.

What the rows cannot define (a class without rows, a constant target, no rows at all) is nan, never an error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from service.signature import Task
from training.errors import DataError, ParamsError
from training.gate_params import METRICS

Floats = NDArray[np.float64]
Statistic = Callable[[Floats], float]
"""A metric of fixed rows: takes the weight of each row, as a resample drew it, and gives the metric."""

HIGHER_IS_BETTER: Mapping[str, bool] = {
    "roc_auc": True,
    "accuracy": True,
    "f1": True,
    "log_loss": False,
    "brier": False,
    "r2": True,
    "mae": False,
    "rmse": False,
}
"""Every metric, and in which direction it is better."""

LEAST_PROBABILITY = float(np.finfo(np.float32).eps)
"""``log_loss`` takes a probability for no less: models answer in 32 bits, and no error is infinite."""


def primary(task: Task) -> str:
    """The metric that sums up a model of this task."""
    return "r2" if task == "regression" else "roc_auc"


def of_task(task: Task) -> tuple[str, ...]:
    """The metrics that make sense for this task."""
    return tuple(name for name in HIGHER_IS_BETTER if task in METRICS[name])


def check(metric: str, task: Task) -> None:
    """Check that a metric makes sense for the task.

    Raises:
        ParamsError: naming those that do.
    """
    if metric not in of_task(task):
        raise ParamsError(
            f"params.yaml: {metric} is no metric for a {task} task", f"these are: {', '.join(of_task(task))}"
        )


def measure(task: Task, classes: Sequence[str], truth: ArrayLike, outputs: ArrayLike) -> dict[str, float]:
    """All metrics of the task.

    Args:
        task: what kind of answers these are.
        classes: the labels, in the order of the columns of ``outputs``; empty for regression.
        truth: the right label of each row, or the right value.
        outputs: class probabilities [rows, classes], or values [rows].
    """
    weights = np.ones(len(np.asarray(truth)))
    return {name: statistic(name, task, classes, truth, outputs)(weights) for name in of_task(task)}


def statistic(metric: str, task: Task, classes: Sequence[str], truth: ArrayLike, outputs: ArrayLike) -> Statistic:
    """One metric of these rows, ready for any weighting of them; the arguments are those of :func:`measure`.

    Raises:
        ParamsError: the metric makes no sense for the task.
        DataError: a row has a label that is none of the classes.
    """
    check(metric, task)
    answers = np.asarray(outputs, dtype=np.float64)
    if task == "regression":
        return _REGRESSION[metric](np.asarray(truth, dtype=np.float64), answers.reshape(-1))
    return _CLASSIFICATION[metric](codes(classes, truth), answers)


def lead(metric: str, ours: float, theirs: float) -> float:
    """By how much ``ours`` is better; negative when it is worse."""
    return ours - theirs if HIGHER_IS_BETTER[metric] else theirs - ours


def codes(classes: Sequence[str], truth: ArrayLike) -> NDArray[np.int64]:
    """Labels as positions in ``classes``.

    Raises:
        DataError: a label is none of the classes.
    """
    position = {label: number for number, label in enumerate(classes)}
    labels: list[Any] = np.asarray(truth, dtype=object).tolist()
    try:
        return np.array([position[label] for label in labels], dtype=np.int64)
    except KeyError as error:
        raise DataError(
            f"a row has the label {error}, which the model does not know",
            f"its labels are: {', '.join(classes)}",
        ) from error


def _ratio(part: float, whole: float) -> float:
    return float(part / whole) if whole else float("nan")


def _mean(values: Floats) -> Statistic:
    return lambda weights: _ratio((weights * values).sum(), weights.sum())


def _roc_auc(truth: NDArray[np.int64], outputs: Floats) -> Statistic:
    wanted = [1] if outputs.shape[1] == 2 else range(outputs.shape[1])
    areas = [_area(truth == number, outputs[:, number]) for number in wanted]
    return lambda weights: float(np.mean([area(weights) for area in areas]))


def _area(positive: NDArray[np.bool_], scores: Floats) -> Statistic:
    """The share of pairs of a positive and a negative row that the scores put in order; a tie counts half."""
    distinct, level = np.unique(scores, return_inverse=True)
    cell = 2 * level + positive

    def area(weights: Floats) -> float:
        negatives, positives = np.bincount(cell, weights, 2 * len(distinct)).reshape(-1, 2).T
        below = np.cumsum(negatives) - negatives / 2
        return _ratio((positives * below).sum(), positives.sum() * negatives.sum())

    return area


def _accuracy(truth: NDArray[np.int64], outputs: Floats) -> Statistic:
    return _mean((outputs.argmax(axis=1) == truth).astype(np.float64))


def _f1(truth: NDArray[np.int64], outputs: Floats) -> Statistic:
    """Of ``classes[1]`` when there are two; else the mean over the classes that occur, in rows or answers."""
    count, chosen = outputs.shape[1], outputs.argmax(axis=1)
    right = chosen == truth

    def f1(weights: Floats) -> float:
        hits = np.bincount(truth, weights * right, count)
        called = np.bincount(truth, weights, count) + np.bincount(chosen, weights, count)
        if count == 2:
            return _ratio(2 * hits[1], called[1])
        present = called > 0
        return _ratio(float((2 * hits[present] / called[present]).sum()), present.sum())

    return f1


def _log_loss(truth: NDArray[np.int64], outputs: Floats) -> Statistic:
    given = outputs[np.arange(len(truth)), truth]
    return _mean(-np.log(np.clip(given, LEAST_PROBABILITY, 1.0)))


def _brier(truth: NDArray[np.int64], outputs: Floats) -> Statistic:
    return _mean((outputs[:, 1] - (truth == 1)) ** 2)


def _rmse(truth: Floats, outputs: Floats) -> Statistic:
    squared = _mean((outputs - truth) ** 2)
    return lambda weights: squared(weights) ** 0.5


def _r2(truth: Floats, outputs: Floats) -> Statistic:
    squares = (outputs - truth) ** 2

    def r2(weights: Floats) -> float:
        drawn = truth[weights > 0]
        if not drawn.size or drawn.min() == drawn.max():  # rounding would leave a spread just above zero
            return float("nan")
        centre = (weights * truth).sum() / weights.sum()
        return 1.0 - _ratio((weights * squares).sum(), (weights * (truth - centre) ** 2).sum())

    return r2


_CLASSIFICATION: Mapping[str, Callable[[NDArray[np.int64], Floats], Statistic]] = {
    "roc_auc": _roc_auc,
    "accuracy": _accuracy,
    "f1": _f1,
    "log_loss": _log_loss,
    "brier": _brier,
}
_REGRESSION: Mapping[str, Callable[[Floats, Floats], Statistic]] = {
    "r2": _r2,
    "mae": lambda truth, outputs: _mean(np.abs(outputs - truth)),
    "rmse": _rmse,
}
