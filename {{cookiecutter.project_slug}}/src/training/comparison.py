"""Models side by side: what differs between runs, and whether one answers better than another."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from rich.markup import escape
from rich.table import Table
from rich.text import Text

from service.signature import Task
from training import metrics
from training.metrics import HIGHER_IS_BETTER, Floats

RESAMPLES = 2_000
FEWEST_RESAMPLES = 200
DRAWN_ROWS = 40_000_000
"""Rows drawn over all resamples: with more than 20,000 rows there are fewer resamples, and less noise to measure."""

BETTER, WORSE = "▲", "▼"
LEGEND = f"{BETTER} better, {WORSE} worse than"
STYLES = {BETTER: "green", WORSE: "red"}


@dataclass(frozen=True, slots=True)
class Record:
    """What a comparison knows of one run.

    Attributes:
        name: how the run is headed.
        params: what it was made with.
        metrics: what was measured; words may stand before the metric's own name, as in ``baseline_roc_auc``.
        tags: where it comes from; those of the tracking server itself (``mlflow.…``) are left out.
    """

    name: str
    params: Mapping[str, str]
    metrics: Mapping[str, float]
    tags: Mapping[str, str]


def leads(
    metric: str,
    task: Task,
    classes: Sequence[str],
    truth: ArrayLike,
    ours: ArrayLike,
    theirs: ArrayLike,
    seed: int,
) -> tuple[float, Floats]:
    """By how much one model's answers are better than another's: on these rows, and on each resample of them.

    Both answer the same rows, so what makes a row hard or easy for both cancels out.
    """
    first, second = (metrics.statistic(metric, task, classes, truth, outputs) for outputs in (ours, theirs))
    rows = len(np.asarray(truth))
    strata = np.zeros(rows, dtype=np.int64) if task == "regression" else metrics.codes(classes, truth)
    draws = [metrics.lead(metric, first(weights), second(weights)) for weights in resamples(strata, seed)]
    return metrics.lead(metric, first(np.ones(rows)), second(np.ones(rows))), np.array(draws)


def resamples(strata: NDArray[np.int64], seed: int) -> Iterator[Floats]:
    """How often each row counts when as many rows are drawn, with replacement, from each stratum as it has.

    Drawn within the classes, every resample has all classes and every metric stays defined.
    """
    rows, random = len(strata), np.random.default_rng(seed)
    order = np.argsort(strata, kind="stable")
    _, first, counts = np.unique(strata[order], return_index=True, return_counts=True)
    start, size = np.repeat(first, counts), np.repeat(counts, counts)
    for _ in range(max(FEWEST_RESAMPLES, min(RESAMPLES, DRAWN_ROWS // max(1, rows)))):
        drawn = order[start + (random.random(rows) * size).astype(np.int64)]
        yield np.bincount(drawn, minlength=rows).astype(np.float64)


def table(records: Sequence[Record]) -> Table:
    """Runs as columns, for a terminal: what differs of parameters and tags, and all metrics."""
    made = Table("", *(escape(record.name) for record in records), box=None)
    if len(records) > 1:
        made.caption = Text(f"{LEGEND} {records[0].name}")
    for heading, rows in _sections(records).items():
        made.add_section()
        made.add_row(Text(heading, "bold"))
        for name, cells in rows:
            made.add_row(Text(f"  {name}"), *(Text(cell, STYLES.get(cell[-1:], "")) for cell in cells))
    return made


def markdown(records: Sequence[Record]) -> str:
    """The same as Markdown, for a pull request."""
    parts = [
        markdown_table([heading, *(record.name for record in records)], [[name, *cells] for name, cells in rows])
        for heading, rows in _sections(records).items()
    ]
    if len(records) > 1:
        parts.append(f"{LEGEND} {plain(records[0].name)}\n")
    return "\n".join(parts)


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table of plain texts, whatever they hold."""
    first, *others = (f"| {' | '.join(map(plain, cells))} |" for cells in (header, *rows))
    return "\n".join([first, f"|{' --- |' * len(header)}", *others]) + "\n"


def plain(text: str) -> str:
    """A text that Markdown shows as it is, on one line."""
    return re.sub(r"([\\`*\[\]<|~$]|(?<![^\W_])_|_(?![^\W_]))", r"\\\1", " ".join(text.split()))


def _sections(records: Sequence[Record]) -> dict[str, list[tuple[str, list[str]]]]:
    sections = {
        "parameters": _differing([record.params for record in records], str),
        "metrics": _measured([record.metrics for record in records]),
        "tags": _differing([_own(record.tags) for record in records], _short),
    }
    return {heading: rows for heading, rows in sections.items() if rows}


def _differing(each: Sequence[Mapping[str, str]], shown: Callable[[str], str]) -> list[tuple[str, list[str]]]:
    names = sorted({name for values in each for name in values})
    rows = [(name, [values.get(name) for values in each]) for name in names]
    return [(name, ["–" if v is None else shown(v) for v in values]) for name, values in rows if len(set(values)) > 1]


def _measured(each: Sequence[Mapping[str, float]]) -> list[tuple[str, list[str]]]:
    first, *others = each
    names = sorted({name for values in each for name in values}, key=_place)
    return [
        (name, [_value(name, first.get(name)), *(_value(name, v.get(name), first.get(name)) for v in others)])
        for name in names
    ]


def _value(name: str, value: float | None, first: float | None = None) -> str:
    """A metric, with its difference from the first run's and whether that is better."""
    if value is None:
        return "–"
    if first is None or value == first:
        return f"{value:.6g}"
    metric = _metric(name)
    mark = "" if metric is None else BETTER if metrics.lead(metric, value, first) > 0 else WORSE
    return f"{value:.6g} {value - first:+.3g} {mark}".rstrip()


def _metric(name: str) -> str | None:
    """The metric in ``baseline_roc_auc`` or ``slice_NAME_roc_auc``; nothing for a count of rows."""
    return next((metric for metric in HIGHER_IS_BETTER if name == metric or name.endswith(f"_{metric}")), None)


def _place(name: str) -> tuple[bool, str]:
    """The model's own metrics come first."""
    return name not in HIGHER_IS_BETTER, name


def _own(tags: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in tags.items() if not name.startswith("mlflow.")}


def _short(tag: str) -> str:
    """Digests and commits by their first digits, as git shows them."""
    return re.sub(r"\b[0-9a-f]{40,}\b", lambda digits: digits[0][:12], tag)
