"""Each gate lets a good model pass and stops the one it is there for, saying by how much."""

from __future__ import annotations

import io
import math
import time
from collections.abc import Callable
from itertools import count
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.typing import NDArray
from rich.console import Console

from training import comparison, gates
from training.comparison import leads
from training.errors import GateError, ParamsError
from training.gate_params import BaselineGate, Bound, ChampionGate, SliceGate
from training.gates import Result
from training.params import Slice

CLASSES = ("no", "yes")
FRAME = pd.DataFrame(
    {
        "size": [1.0, 2.0, 3.0, np.nan],
        "smoker": pd.array([True, False, None, True], dtype="boolean"),
        "site": pd.array(["3", "true", "left", None], dtype="str"),
    }
)
GOOD = Result("metrics.accuracy", True, 0.9, "at least 0.8", "0.1 to spare")
BAD = Result("slices.[old] | young.accuracy", False, 0.7, "at least 0.8", "off by 0.1")


def answers(skill: float, rows: int = 200, seed: int = 1) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """The same rows for every skill, and answers that are right the more often the more skill there is."""
    right = np.random.default_rng(0).integers(2, size=rows)
    noise = np.random.default_rng(seed).normal(size=rows)
    yes = 1 / (1 + np.exp(-(skill * (2 * right - 1) + noise)))
    return np.array(CLASSES, dtype=object)[right], np.column_stack([1 - yes, yes])


def against_champion(
    candidate: float, champion: float, metric: str = "roc_auc", margin: float = 0.02, seed: int = 1
) -> Result:
    truth, ours = answers(candidate, seed=seed)
    gate = ChampionGate(metric=metric, margin=margin, confidence=0.95)
    return gates.champion(gate, "binary", CLASSES, truth, ours, answers(champion)[1], seed=7)


@pytest.mark.parametrize(
    ("metric", "bound", "value", "passed"),
    [
        ("roc_auc", Bound(min=0.9), 0.9, True),
        ("roc_auc", Bound(min=0.9), 0.87, False),
        ("log_loss", Bound(max=0.3), 0.3, True),
        ("log_loss", Bound(max=0.3), 0.33, False),
        ("accuracy", Bound(min=0.5), math.nan, False),
    ],
)
def test_floor(metric: str, bound: Bound, value: float, passed: bool) -> None:
    (found,) = gates.floors({metric: bound}, {metric: value}, "binary")
    assert (found.gate, found.passed) == (f"metrics.{metric}", passed)
    assert passed or math.isnan(value) or "off by 0.03" in found.detail


def test_both_ends_of_a_bound_are_held() -> None:
    below, above = gates.floors({"r2": Bound(min=0.2, max=0.99)}, {"r2": 0.999}, "regression")
    assert below.passed
    assert not above.passed


def test_a_metric_that_could_not_be_measured_does_not_pass() -> None:
    (found,) = gates.floors({"roc_auc": Bound(min=0.0)}, {}, "binary")
    assert not found.passed
    assert "undefined" in found.detail


@pytest.mark.parametrize(
    ("metric", "model", "simple", "passed"),
    [
        ("roc_auc", 0.95, 0.9, True),
        ("roc_auc", 0.92, 0.9, False),
        ("log_loss", 0.1, 0.2, True),
        ("log_loss", 0.2, 0.1, False),
        ("roc_auc", math.nan, 0.9, False),
    ],
)
def test_baseline(metric: str, model: float, simple: float, passed: bool) -> None:
    gate = BaselineGate(metric=metric, margin=0.02)
    assert gates.baseline(gate, {metric: model}, {metric: simple}, "binary").passed is passed


def test_a_model_no_better_than_the_baseline_fails_without_a_margin() -> None:
    found = gates.baseline(BaselineGate(metric="r2", margin=0.0), {"r2": 0.4}, {"r2": 0.4}, "regression")
    assert not found.passed
    assert "no better" in found.detail


@pytest.mark.parametrize("metric", ["roc_auc", "log_loss", "accuracy", "f1", "brier"])
@pytest.mark.parametrize("margin", [0.0, 0.02])
def test_champion_lets_an_equal_pass(metric: str, margin: float) -> None:
    assert against_champion(1.0, 1.0, metric, margin).passed


@pytest.mark.parametrize("metric", ["roc_auc", "log_loss", "accuracy", "f1", "brier"])
def test_champion_stops_the_worse_and_lets_the_better_pass(metric: str) -> None:
    worse, better = against_champion(0.3, 2.0, metric), against_champion(2.0, 0.3, metric)
    assert not worse.passed
    assert "off by" in worse.detail
    assert worse.measured < 0 < better.measured
    assert better.passed


def test_champion_wants_more_than_a_difference_within_the_margin() -> None:
    """On so few rows the difference seen is within the margin, but one beyond it would be no surprise."""
    truth, ours = answers(1.0, seed=5)
    observed, _ = leads("roc_auc", "binary", CLASSES, truth, ours, answers(1.0)[1], seed=7)
    found = against_champion(1.0, 1.0, margin=0.04, seed=5)
    assert found.measured < -0.04 < observed < 0
    assert not found.passed


def test_champion_in_regression() -> None:
    truth = np.random.default_rng(0).normal(size=100)
    near, far = truth + 0.1, truth + 1.0
    for metric, ours, theirs, passed in [("mae", near, far, True), ("mae", far, near, False), ("r2", far, near, False)]:
        gate = ChampionGate(metric=metric, margin=0.05, confidence=0.9)
        assert gates.champion(gate, "regression", (), truth, ours, theirs, seed=7).passed is passed


def test_without_a_champion_the_gate_is_open() -> None:
    truth, ours = answers(1.0)
    gate = ChampionGate(metric="roc_auc", margin=0.0, confidence=0.95)
    assert gates.champion(gate, "binary", CLASSES, truth, ours, None, seed=7).passed


def test_champion_does_not_pass_on_rows_that_define_no_metric() -> None:
    gate = ChampionGate(metric="roc_auc", margin=0.5, confidence=0.95)
    found = gates.champion(gate, "binary", CLASSES, ["no"] * 5, np.full((5, 2), 0.5), np.full((5, 2), 0.5), seed=7)
    assert not found.passed
    assert "undefined" in found.detail


def test_the_bootstrap_covers_what_it_promises(monkeypatch: pytest.MonkeyPatch) -> None:
    """Of many pairs of equally good models, about one in twenty lies below its own lower bound of zero."""
    monkeypatch.setattr(comparison, "RESAMPLES", 300)
    above = 0
    for seed in range(40):
        random = np.random.default_rng(seed)
        truth = random.normal(size=40)
        ours, theirs = truth + random.normal(size=40), truth + random.normal(size=40)
        above += bool(np.quantile(leads("mae", "regression", (), truth, ours, theirs, seed)[1], 0.05) > 0)
    assert above <= 6


def test_the_bootstrap_is_reproducible_and_quick() -> None:
    truth, ours = answers(1.0)
    start = time.process_time()
    first = leads("roc_auc", "binary", CLASSES, truth, ours, answers(0.9, seed=3)[1], seed=7)
    assert time.process_time() - start < 3
    again = leads("roc_auc", "binary", CLASSES, truth, ours, answers(0.9, seed=3)[1], seed=7)
    assert len(first[1]) == 2000
    assert np.array_equal(first[1], again[1])


@pytest.mark.parametrize(
    ("found", "passed", "said"),
    [
        ({"rows": 10, "accuracy": 0.9}, True, "0.1 to spare"),
        ({"rows": 10, "accuracy": 0.7}, False, "off by 0.1"),
        ({"rows": 9, "accuracy": 1.0}, False, "1 too few"),
        ({"rows": 0}, False, "10 too few"),
        ({"rows": 10}, False, "undefined"),
    ],
)
def test_slice(found: dict[str, float], passed: bool, said: str) -> None:
    gate = SliceGate(metric="accuracy", min=0.8, rows=10)
    (result,) = gates.slices(gate, {"small": found}, "binary")
    assert result.gate.startswith("slices.small.")
    assert result.passed is passed
    assert said in result.detail


@pytest.mark.parametrize(
    ("wanted", "rows"),
    [
        (Slice(name="s", column="size", max=2.0), [True, True, False, False]),
        (Slice(name="s", column="size", min=2.0), [False, True, True, False]),
        (Slice(name="s", column="size", min=1.5, max=2.5), [False, True, False, False]),
        (Slice(name="s", column="size", equals=3), [False, False, True, False]),
        (Slice(name="s", column="smoker", equals=True), [True, False, False, True]),
        (Slice(name="s", column="site", equals="left"), [False, False, True, False]),
        (Slice(name="s", column="site", equals=3), [True, False, False, False]),
        (Slice(name="s", column="site", equals=True), [False, True, False, False]),
        (Slice(name="s", column="site", equals="right"), [False, False, False, False]),
    ],
)
def test_mask(wanted: Slice, rows: list[bool]) -> None:
    found = gates.mask(wanted, FRAME)
    assert found.dtype == np.bool_
    assert found.tolist() == rows


def test_a_slice_of_an_unknown_column_is_refused_with_the_columns() -> None:
    with pytest.raises(ParamsError, match=r"slice 'small'.*'Size'.*did you mean 'size'") as refused:
        gates.mask(Slice(name="small", column="Size", max=2.0), FRAME)
    assert "size, smoker, site" in refused.value.remedy


@pytest.mark.parametrize(("milliseconds", "passed"), [(4, True), (6, False)])
def test_latency(milliseconds: int, passed: bool) -> None:
    ticks = count()

    def clock() -> float:
        """Every second reading, the end of a call, is later by its time."""
        tick = next(ticks)
        return tick // 2 + (tick % 2) * milliseconds / 1000

    found = gates.latency(5.0, lambda: None, clock)
    assert found.passed is passed
    assert found.measured == pytest.approx(milliseconds)


@pytest.mark.parametrize(("size", "passed"), [(1_000_000, True), (1_500_000, False)])
def test_size(size: int, passed: bool) -> None:
    assert gates.size(1.0, bytes(size)).passed is passed


@pytest.mark.parametrize(
    "judge",
    [
        lambda: gates.floors({"r2": Bound(min=0.0)}, {}, "binary"),
        lambda: gates.baseline(BaselineGate(metric="mae", margin=0.0), {}, {}, "multiclass"),
        lambda: gates.champion(
            ChampionGate(metric="brier", margin=0.0, confidence=0.9), "multiclass", (), [], [], None, 7
        ),
        lambda: gates.slices(SliceGate(metric="rmse", min=0.0, rows=1), {"s": {"rows": 1}}, "binary"),
    ],
    ids=["floors", "baseline", "champion", "slices"],
)
def test_a_metric_of_another_task_is_refused(judge: Callable[[], object]) -> None:
    with pytest.raises(ParamsError, match="is no metric for a"):
        judge()


def test_enforce_names_each_gate_that_failed_and_by_how_much() -> None:
    gates.enforce([GOOD])
    with pytest.raises(GateError, match="1 of 2 gates failed") as refused:
        gates.enforce([GOOD, BAD])
    assert "slices.[old] | young.accuracy: 0.7, required at least 0.8: off by 0.1" in refused.value.problem
    assert GOOD.gate not in refused.value.problem
    assert refused.value.exit_code == 1


def test_results_for_the_terminal_and_for_a_pull_request() -> None:
    console = Console(width=120, file=io.StringIO(), record=True)
    console.print(gates.table([GOOD, BAD]))
    shown = console.export_text()
    assert "✓" in shown
    assert "✗" in shown
    assert BAD.gate in shown
    lines = gates.markdown([GOOD, BAD]).splitlines()
    assert lines[0] == "|  | gate | measured | required | detail |"
    assert lines[2].startswith("| ✅ | metrics.accuracy | 0.9 |")
    assert lines[3].startswith(r"| ❌ | slices.\[old\] \| young.accuracy | 0.7 |")
