"""Quality gates: each holds a measurement against what params.yaml asks, and says by how much it failed.

What cannot be measured never passes. A metric that makes no sense for the task is a ParamsError.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray
from rich.table import Table
from rich.text import Text

from service.signature import Task
from training import comparison, metrics
from training.errors import GateError, ParamsError
from training.gate_params import BaselineGate, Bound, ChampionGate, SliceGate
from training.params import Slice
from training.problems import did_you_mean

CALLS = 100
"""Timed calls of the model; their median counts."""

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True)
class Result:
    """What one gate found.

    Attributes:
        gate: its key under ``gates`` in params.yaml, with the name of the slice where it is about one.
        passed: whether the model may go on.
        measured: what was found; nan when it could not be.
        required: what it must be.
        detail: by how much it passed or failed, or why it could not be measured.
    """

    gate: str
    passed: bool
    measured: float
    required: str
    detail: str


def floors(bounds: Mapping[str, Bound], measured: Mapping[str, float], task: Task) -> list[Result]:
    """The least and the most that metrics may be; an undefined metric may be missing from ``measured``."""
    found = [(metric, bound, _value(measured, metric, task)) for metric, bound in bounds.items()]
    return [result for metric, bound, value in found for result in _within(f"metrics.{metric}", bound, value)]


def baseline(gate: BaselineGate, model: Mapping[str, float], simple: Mapping[str, float], task: Task) -> Result:
    """The model must beat the simple one by more than the margin, going by the metrics of both."""
    ours, theirs = _value(model, gate.metric, task), _value(simple, gate.metric, task)
    lead = round(metrics.lead(gate.metric, ours, theirs), 9)
    required = f"{gate.metric} better than {theirs:.6g} by more than {gate.margin:g}"
    detail = f"{gate.metric} is undefined on the test rows"
    if not math.isnan(lead):
        detail = f"better by {lead:.3g}" if lead > 0 else f"worse by {-lead:.3g}" if lead < 0 else "no better"
    return Result("baseline", lead > gate.margin, ours, required, detail)


def champion(
    gate: ChampionGate,
    task: Task,
    classes: Sequence[str],
    truth: ArrayLike,
    candidate: ArrayLike,
    current: ArrayLike | None,
    seed: int,
) -> Result:
    """The model must not be worse than the champion by more than the margin, with confidence: a paired bootstrap.

    ``candidate`` and ``current`` are what both answer to the same test rows, in columns by ``classes``; ``current`` is
    nothing while there is no champion. The seed makes the draws the same each time.
    """
    metrics.check(gate.metric, task)
    required = f"{gate.metric} worse by at most {gate.margin:g}, with {100 * gate.confidence:g}% confidence"
    if current is None:
        return Result("champion", True, math.nan, required, "there is no champion yet")
    observed, draws = comparison.leads(gate.metric, task, classes, truth, candidate, current, seed)
    lowest = round(float(np.quantile(draws, 1 - gate.confidence)), 9)
    detail = f"lead {observed:+.3g}, lower bound {lowest:+.3g} ({len(draws)} resamples)"
    if math.isnan(lowest):
        detail = f"{gate.metric} is undefined on the test rows, or on some resample of them"
    elif lowest < -gate.margin:
        detail += f": off by {-gate.margin - lowest:.3g}"
    return Result("champion", lowest >= -gate.margin, lowest, required, detail)


def slices(gate: SliceGate, measured: Mapping[str, Mapping[str, float]], task: Task) -> list[Result]:
    """What a metric must be on each slice; ``rows`` among its metrics says how many test rows it has."""
    results: list[Result] = []
    for name, found in measured.items():
        rows, value = found["rows"], _value(found, gate.metric, task)
        if rows < gate.rows:
            detail = f"{gate.rows - rows:g} too few to judge the slice by"
            results.append(Result(f"slices.{name}.rows", False, rows, f"at least {gate.rows}", detail))
        else:
            results += _within(f"slices.{name}.{gate.metric}", gate, value)
    return results


def latency(limit: float, call: Callable[[], object], clock: Callable[[], float] = time.perf_counter) -> Result:
    """The median time of ``call``, in milliseconds, after a few calls that do not count."""
    for _ in range(CALLS // 10):
        call()
    times = []
    for _ in range(CALLS):
        start = clock()
        call()
        times.append((clock() - start) * 1000)
    return _within("latency_ms", Bound(max=limit), float(np.median(times)))[0]


def size(limit: float, model: bytes) -> Result:
    """The size of the model, in millions of bytes."""
    return _within("size_mb", Bound(max=limit), len(model) / MEGABYTE)[0]


def mask(part: Slice, frame: pd.DataFrame) -> NDArray[np.bool_]:
    """Which rows are in a slice; one whose value is missing is not.

    Raises:
        ParamsError: there is no such column.
    """
    if part.column not in frame.columns:
        guess = did_you_mean(part.column, frame.columns)
        raise ParamsError(
            f"params.yaml: slice '{part.name}': there is no column '{part.column}'{guess}",
            f"the columns are: {', '.join(frame.columns)}",
        )
    column = frame[part.column]
    inside = column.notna()
    if part.equals is not None:
        texts = pd.api.types.is_string_dtype(column)
        inside &= column == (_spelt(part.equals) if texts else part.equals)
    if part.min is not None:
        inside &= column >= part.min
    if part.max is not None:
        inside &= column <= part.max
    return np.asarray(inside.fillna(False), dtype=np.bool_)


def enforce(results: Sequence[Result]) -> None:
    """Stop unless every gate passed.

    Raises:
        GateError: naming each gate that failed, and by how much.
    """
    failed = [_cells(result) for result in results if not result.passed]
    if failed:
        lines = [
            f"  - {gate}: {measured}, required {required}: {detail}" for gate, measured, required, detail in failed
        ]
        raise GateError(
            "\n".join([f"{len(failed)} of {len(results)} gates failed", *lines]),
            "improve data or estimator, or have a change of gates in params.yaml reviewed",
        )


def table(results: Sequence[Result]) -> Table:
    """All results, for a terminal."""
    made = Table("", "gate", "measured", "required", "detail", box=None)
    for result in results:
        mark = Text("✓", "green") if result.passed else Text("✗", "bold red")
        made.add_row(mark, *map(Text, _cells(result)))
    return made


def markdown(results: Sequence[Result]) -> str:
    """All results, for a pull request."""
    rows = [["✅" if result.passed else "❌", *_cells(result)] for result in results]
    return comparison.markdown_table(["", "gate", "measured", "required", "detail"], rows)


def _cells(result: Result) -> list[str]:
    measured = "–" if math.isnan(result.measured) else f"{result.measured:.6g}"
    return [result.gate, measured, result.required, result.detail]


def _value(measured: Mapping[str, float], metric: str, task: Task) -> float:
    metrics.check(metric, task)
    return measured.get(metric, math.nan)


def _within(key: str, bound: Bound, value: float) -> list[Result]:
    """One result for each end of the bound."""
    ends = [
        (bound.min, "at least", value - (bound.min or 0.0)),
        (bound.max, "at most", (bound.max or 0.0) - value),
    ]
    return [_end(key, value, f"{words} {limit:g}", spare) for limit, words, spare in ends if limit is not None]


def _end(key: str, value: float, required: str, spare: float) -> Result:
    detail = f"{spare:.3g} to spare" if spare >= 0 else f"off by {-spare:.3g}"
    return Result(key, spare >= 0, value, required, "undefined on these rows" if math.isnan(value) else detail)


def _spelt(value: object) -> str:
    """A value as a text column holds it, where YAML reads ``3`` and ``true`` as no texts."""
    return str(value).lower() if isinstance(value, bool) else str(value)
