"""The column to predict: which task it poses, and its labels."""

from __future__ import annotations

import logging
from typing import Any

import pandas as pd

from service.signature import Task
from training.errors import DataError

MAX_CATEGORIES = 200
"""More distinct texts than this are an identifier or free text, not categories."""

MAX_NUMBERED_CLASSES = 20
ROWS_PER_NUMBERED_CLASS = 10

log = logging.getLogger("training")


def settle(target: pd.Series[Any], declared: Task | None, label: str) -> tuple[pd.Series[Any], Task]:
    """Find the task that a complete target poses, and give back its classes as text or its values as numbers.

    Texts and booleans are classes. So are numbers with two distinct values, and whole numbers with at most 20
    distinct values of ten rows or more each on average. Other numbers are a regression. ``declared`` wins.

    Raises:
        DataError: a constant target, or one that does not fit the task declared.
    """
    name, distinct = target.name, target.nunique()
    if distinct == 1:
        raise DataError(
            f"{label}: target '{name}' has the one value '{target.iloc[0]}' in all {len(target)} rows",
            "nothing can be learnt from it: add rows with other values, or set data.target in params.yaml",
        )
    task = declared or _infer(target, distinct)
    if declared is None:
        log.info("%s: task %s, inferred from %d distinct values of '%s'", label, task, distinct, name)
    if task == "regression":
        if target.dtype != "float64":
            raise DataError(
                f"{label}: data.task is regression, but target '{name}' holds texts, as '{target.iloc[0]}'",
                "set data.task to binary or multiclass, or take the target out of data.types",
            )
        return target, task
    _check_classes(target, task, distinct, label)
    return (target.map(_label) if target.dtype == "float64" else target).astype("str"), task


def in_order(classes: list[str]) -> list[str]:
    """Classes by number when all are numbers, else by alphabet. Of two, the last is the positive one."""
    try:
        return sorted(classes, key=float)
    except ValueError:
        return sorted(classes)


def _infer(target: pd.Series[Any], distinct: int) -> Task:
    if distinct == 2:
        return "binary"
    if target.dtype != "float64":
        return "multiclass"
    whole = bool((target % 1 == 0).all())
    few = distinct <= min(MAX_NUMBERED_CLASSES, len(target) / ROWS_PER_NUMBERED_CLASS)
    return "multiclass" if whole and few else "regression"


def _check_classes(target: pd.Series[Any], task: Task, distinct: int, label: str) -> None:
    if (task == "binary" and distinct != 2) or (task == "multiclass" and distinct < 3):
        fitting = "binary" if distinct == 2 else "multiclass"
        raise DataError(
            f"{label}: data.task is {task}, but target '{target.name}' has {distinct} distinct values",
            f"set data.task in params.yaml to {fitting}, or correct the values",
        )
    if distinct > MAX_CATEGORIES:
        raise DataError(
            f"{label}: target '{target.name}' has {distinct} classes, more than {MAX_CATEGORIES}",
            "it looks like an identifier or free text: set data.target in params.yaml",
        )


def _label(number: float) -> str:
    return str(int(number)) if number.is_integer() else repr(number)
