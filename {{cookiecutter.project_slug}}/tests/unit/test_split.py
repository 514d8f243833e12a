"""Keeping rows apart: nothing of the test set is ever learnt from."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from training import params, split
from training.errors import DataError

TASKS = ("binary", "regression")


def wanted(test: float = 0.25, folds: int = 3, seed: int = 7, **data: Any) -> params.Params:
    gates = {
        "metrics": {"f1": {"min": 0.5}},
        "baseline": {"metric": "f1", "margin": 0.0},
        "champion": None,
        "latency_ms": 1.0,
        "size_mb": 1.0,
    }
    return params.Params.model_validate(
        {
            "model": "m",
            "data": {"path": "mine.csv", "target": "y", **data},
            "split": {"test": test, "folds": folds, "seed": seed},
            "estimator": {"name": "linear"},
            "baseline": {"name": "linear"},
            "gates": gates,
        }
    )


def table(rows: int = 40) -> pd.DataFrame:
    numbers = np.arange(rows)
    frame = pd.DataFrame(
        {
            "x": numbers.astype(float),
            "when": pd.to_datetime("2026-01-01", utc=True) + pd.to_timedelta((numbers * 7) % rows // 2, unit="D"),
            "who": pd.Series([f"p{number % 10}" for number in numbers], dtype="str"),
            "y": pd.Series(np.where((numbers // 10 + numbers) % 4 == 0, "ill", "well"), dtype="str"),
        }
    )
    return frame.set_axis(pd.Index(numbers + 2, name="line"))


def numeric(frame: pd.DataFrame) -> pd.DataFrame:
    return frame.assign(y=frame["x"] * 2)


def refused(frame: pd.DataFrame, asked: params.Params, task: Any, problem: str) -> None:
    with pytest.raises(DataError, match=problem) as caught:
        split.folds(split.split(frame, asked, task).train, asked, task)
    assert caught.value.problem.startswith("mine.csv: ")
    assert "split.folds" in caught.value.remedy


@pytest.mark.parametrize(
    ("data", "task", "said"),
    [
        ({"time": "when"}, "binary", "the latest rows by when"),
        ({"group": "who"}, "regression", "whole groups by who"),
        ({}, "multiclass", "random rows of each class"),
        ({}, "regression", "random rows"),
    ],
)
def test_what_is_set_apart_is_told_in_words(data: dict[str, str], task: Any, said: str) -> None:
    assert split.described(wanted(**data), task) == said


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("data", [{}, {"time": "when"}, {"group": "who"}])
def test_parts_are_disjoint_complete_and_the_same_each_time(task: Any, data: dict[str, str]) -> None:
    frame = table() if task == "binary" else numeric(table())
    first, second = (split.split(frame, wanted(**data), task) for _ in range(2))
    pd.testing.assert_frame_equal(first.train, second.train)
    pd.testing.assert_frame_equal(first.test, second.test)
    assert sorted([*first.train.index, *first.test.index]) == frame.index.tolist()
    assert not set(first.train.index) & set(first.test.index)


def test_classes_keep_their_shares() -> None:
    parts = split.split(table(), wanted(), "binary")
    assert parts.test["y"].value_counts().to_dict() == {"well": 8, "ill": 2}
    assert parts.train.index.is_monotonic_increasing


def test_the_latest_rows_are_the_test_and_one_time_is_never_torn() -> None:
    parts = split.split(table(), wanted(test=0.23, time="when"), "binary")
    assert parts.train["when"].max() < parts.test["when"].min()
    assert parts.train["when"].is_monotonic_increasing
    assert len(parts.test) >= 0.23 * 40


def test_a_group_is_on_one_side_only() -> None:
    parts = split.split(table(), wanted(group="who"), "binary")
    assert not set(parts.train["who"]) & set(parts.test["who"])
    assert len(parts.test) > 0


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("data", [{}, {"time": "when"}, {"group": "who"}])
def test_folds_are_apart_in_the_same_way(task: Any, data: dict[str, str]) -> None:
    frame = table() if task == "binary" else numeric(table())
    found = split.folds(frame, wanted(**data), task)
    assert len(found) == 3
    for fit, judge in found:
        assert len(fit)
        assert len(judge)
        assert not set(fit) & set(judge)
        if "time" in data:
            assert frame["when"].iloc[fit].max() < frame["when"].iloc[judge].min()
        if "group" in data:
            assert not set(frame["who"].iloc[fit]) & set(frame["who"].iloc[judge])
    again = split.folds(frame, wanted(**data), task)
    assert all(np.array_equal(a, b) for a, b in zip(found[0], again[0], strict=True))


def test_fewer_rows_than_folds() -> None:
    refused(numeric(table(4)), wanted(folds=5), "regression", "4 rows are too few for 5 folds, which need 5")
    refused(numeric(table(5)), wanted(folds=5), "regression", "4? rows are too few for 5 folds")
    refused(table(5), wanted(folds=5, time="when"), "binary", "5 rows are too few for 5 folds, which need 6")


def test_a_class_with_fewer_rows_than_folds() -> None:
    frame = table().assign(y=["ill"] * 2 + ["well"] * 38)
    refused(frame, wanted(), "binary", "class 'ill' of 'y' has 2 rows, fewer than 3 folds")


def test_too_few_groups() -> None:
    frame = table().assign(who=["a", "b"] * 20)
    refused(frame, wanted(group="who"), "binary", "2 groups in 'who' are fewer than 3 folds")


def test_an_empty_test_set_or_training_set() -> None:
    same = table().assign(when=pd.Timestamp("2026-01-01"))
    refused(same, wanted(time="when"), "binary", r"no training rows \(rows are kept apart by 'when'\)")
    refused(table(), wanted(test=0.02), "binary", "40 rows make 1 test rows, for 2 classes")
    refused(table(), wanted(test=0.99), "binary", "40 rows make 40 test rows, for 2 classes")
    refused(numeric(table()), wanted(test=0.99), "regression", "40 rows make 40 test rows")


def test_a_class_that_only_one_side_has() -> None:
    frame = table().sort_values("when").assign(y=["well"] * 30 + ["ill"] * 10)
    refused(frame, wanted(time="when"), "binary", "class 'ill' of 'y' has no row among the training rows")
    frame = frame.assign(y=["ill"] * 10 + ["well"] * 30)
    refused(frame, wanted(time="when"), "binary", "class 'ill' of 'y' has no row among the test rows")


def test_a_class_that_a_fold_cannot_learn() -> None:
    frame = table().sort_values("when").assign(y=["well"] * 20 + ["ill", "well"] * 10)
    refused(
        frame,
        wanted(time="when"),
        "binary",
        "class 'ill' of 'y' has no row among the rows to fit on in fold 1",
    )


def test_one_time_for_most_rows() -> None:
    frame = table().assign(when=np.where(np.arange(40) < 25, 1.0, 2.0))
    refused(frame, wanted(time="when"), "binary", "no rows to fit on in fold 1")
