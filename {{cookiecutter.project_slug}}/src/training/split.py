"""Keeping rows apart: test from training, and one fold of cross-validation from another."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import (
    GroupKFold,
    GroupShuffleSplit,
    KFold,
    StratifiedGroupKFold,
    StratifiedKFold,
    TimeSeriesSplit,
    train_test_split,
)

from service.signature import Task
from training.errors import DataError
from training.params import Params

Fold = tuple[NDArray[np.intp], NDArray[np.intp]]
"""The positions of the rows to fit on, and of the rows to judge on."""


@dataclass(frozen=True)
class Split:
    """The rows to learn from and the rows to judge by; none is in both."""

    train: pd.DataFrame
    test: pd.DataFrame


def split(frame: pd.DataFrame, params: Params, task: Task) -> Split:
    """Set test rows apart: the latest by time, whole groups, or a share of each class (or of all rows).

    Rows of one time stay together. Training rows come by time where there is one, else as in the table.

    Raises:
        DataError: too few rows, classes or groups for what ``split`` in params.yaml asks.
    """
    _check_enough(frame, params, task)
    if params.data.time:
        parts = _by_time(frame, params, params.data.time)
    elif params.data.group:
        parts = _by_group(frame, params, params.data.group)
    else:
        parts = _at_random(frame, params, task)
    target = params.data.target
    _check_part(parts.train[target], frame[target], params, task, "training rows")
    _check_part(parts.test[target], frame[target], params, task, "test rows")
    return parts


def described(params: Params, task: Task) -> str:
    """Which rows ``split`` sets apart for measuring, in words."""
    if params.data.time:
        return f"the latest rows by {params.data.time}"
    if params.data.group:
        return f"whole groups by {params.data.group}"
    return "random rows" if task == "regression" else "random rows of each class"


def folds(frame: pd.DataFrame, params: Params, task: Task) -> list[Fold]:
    """Cross-validation within the training rows, on the same principle; any ``cv=`` of scikit-learn takes it.

    Raises:
        DataError: too few rows, classes or groups for ``split.folds``.
    """
    _check_enough(frame, params, task)
    number, seed = params.split.folds, params.split.seed
    rows, target = np.zeros(len(frame)), frame[params.data.target]
    if params.data.time:
        found = _time_folds(frame[params.data.time].to_numpy(), number)
    elif params.data.group:
        kind = GroupKFold if task == "regression" else StratifiedGroupKFold
        splitter = kind(number, shuffle=True, random_state=seed)
        found = list(splitter.split(rows, target, frame[params.data.group]))
    else:
        kind = KFold if task == "regression" else StratifiedKFold
        found = list(kind(number, shuffle=True, random_state=seed).split(rows, target))
    for fold, (fit, judge) in enumerate(found, start=1):
        _check_part(target.iloc[fit], target, params, task, f"rows to fit on in fold {fold}")
        if not len(judge):
            raise _refusal(params, f"no rows to judge on in fold {fold}")
    return found


def _by_time(frame: pd.DataFrame, params: Params, time: str) -> Split:
    ordered = frame.sort_values(time, kind="stable")
    latest = ceil(len(frame) * params.split.test)
    start = ordered[time].iloc[-latest]
    return Split(ordered[ordered[time] < start], ordered[ordered[time] >= start])


def _by_group(frame: pd.DataFrame, params: Params, group: str) -> Split:
    splitter = GroupShuffleSplit(1, test_size=params.split.test, random_state=params.split.seed)
    ((train, test),) = splitter.split(frame, groups=frame[group])
    return Split(frame.iloc[train], frame.iloc[test])


def _at_random(frame: pd.DataFrame, params: Params, task: Task) -> Split:
    classes = None if task == "regression" else frame[params.data.target]
    least = 1 if classes is None else classes.nunique()
    test = ceil(len(frame) * params.split.test)
    if min(test, len(frame) - test) < least:
        raise _refusal(params, f"{len(frame)} rows make {test} test rows, for {least} classes")
    train_rows, test_rows = train_test_split(
        np.arange(len(frame)), test_size=test, random_state=params.split.seed, stratify=classes
    )
    return Split(frame.iloc[np.sort(train_rows)], frame.iloc[np.sort(test_rows)])


def _time_folds(times: NDArray[np.generic], number: int) -> list[Fold]:
    """Each fold fits on what came strictly before the rows that it judges on."""
    order = np.argsort(times, kind="stable")
    found = []
    for fit, judge in TimeSeriesSplit(number).split(order):
        before = times[order[fit]] < times[order[judge[0]]]
        found.append((order[fit][before], order[judge]))
    return found


def _check_enough(frame: pd.DataFrame, params: Params, task: Task) -> None:
    number = params.split.folds
    least = number + 1 if params.data.time else number
    if len(frame) < least:
        raise _refusal(params, f"{len(frame)} rows are too few for {number} folds, which need {least}")
    if params.data.group:
        groups = frame[params.data.group].nunique()
        if groups < number:
            raise _refusal(params, f"{groups} groups in '{params.data.group}' are fewer than {number} folds")
    if task != "regression" and not params.data.time:
        counts = frame[params.data.target].value_counts()
        if counts.min() < number:
            rows, name = counts.min(), counts.idxmin()
            raise _refusal(
                params, f"class '{name}' of '{params.data.target}' has {rows} rows, fewer than {number} folds"
            )


def _check_part(part: pd.Series[Any], target: pd.Series[Any], params: Params, task: Task, what: str) -> None:
    if part.empty:
        raise _refusal(params, f"no {what}")
    if task != "regression":
        absent = sorted(set(target.unique()) - set(part.unique()))
        if absent:
            raise _refusal(params, f"class '{absent[0]}' of '{target.name}' has no row among the {what}")


def _refusal(params: Params, problem: str) -> DataError:
    by = params.data.time or params.data.group
    how = f" (rows are kept apart by '{by}')" if by else ""
    remedy = "add rows, or change split.folds, split.test or split.seed in params.yaml"
    return DataError(f"{params.data.label}: {problem}{how}", remedy)
