"""Runs side by side: only what differs, and every metric held against the first run in its own direction."""

from __future__ import annotations

import io

import numpy as np
import pytest
from rich.console import Console

from training import comparison
from training.comparison import Record

CHAMPION = Record(
    "version 3 (champion)",
    {"estimator": "random-forest", "n_estimators": "100", "seed": "7"},
    {"roc_auc": 0.98, "log_loss": 0.12, "baseline_roc_auc": 0.9, "slice_small tumours_rows": 40.0},
    {"commit": "a" * 40, "data_digest": "sha256:" + "b" * 64, "mlflow.user": "one@example.org"},
)
CANDIDATE = Record(
    "1f2e3d4c",
    {"estimator": "random-forest", "n_estimators": "300", "seed": "7", "max_depth": "4"},
    {"roc_auc": 0.99, "log_loss": 0.15, "baseline_roc_auc": 0.9, "slice_small tumours_rows": 38.0, "f1": 0.9},
    {"commit": "c" * 40, "data_digest": "sha256:" + "b" * 64, "mlflow.user": "two@example.org"},
)


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def rows(records: list[Record]) -> dict[str, list[str]]:
    """The rows of all Markdown tables, by their first cell."""
    found = [cells(line) for line in comparison.markdown(records).splitlines() if line.startswith("| ")]
    return {name: others for name, *others in found}


def test_only_parameters_that_differ_are_shown() -> None:
    found = rows([CHAMPION, CANDIDATE])
    assert found["n_estimators"] == ["100", "300"]
    assert found["max_depth"] == ["–", "4"]
    assert "estimator" not in found
    assert "seed" not in found


def test_every_metric_is_held_against_the_first_run() -> None:
    found = rows([CHAMPION, CANDIDATE])
    assert found["roc_auc"] == ["0.98", "0.99 +0.01 ▲"]
    assert found["log_loss"] == ["0.12", "0.15 +0.03 ▼"]
    assert found["baseline_roc_auc"] == ["0.9", "0.9"]
    assert found["slice_small tumours_rows"] == ["40", "38 -2"], "a count is neither better nor worse"
    assert found["f1"] == ["–", "0.9"]


def test_the_models_own_metrics_come_first() -> None:
    names = list(rows([CHAMPION, CANDIDATE]))
    assert names.index("roc_auc") < names.index("baseline_roc_auc")


def test_where_a_run_comes_from_is_shortened() -> None:
    found = rows([CHAMPION, CANDIDATE])
    assert found["commit"] == ["a" * 12, "c" * 12]
    assert not {"data_digest", "mlflow.user"} & found.keys()


def test_a_single_run_has_no_differences() -> None:
    text = comparison.markdown([CHAMPION])
    assert "roc_auc" in text
    assert comparison.BETTER not in text
    assert "n_estimators" not in text


def test_the_terminal_shows_the_same() -> None:
    console = Console(width=120, file=io.StringIO(), record=True)
    console.print(comparison.table([CHAMPION, CANDIDATE]))
    shown = console.export_text()
    for expected in ("version 3 (champion)", "n_estimators", "0.99 +0.01 ▲", "0.15 +0.03 ▼", "better", "a" * 12):
        assert expected in shown


def test_names_with_marks_come_out_as_they_are() -> None:
    odd = Record("[bold]a|b", {"p": "*x*"}, {"slice_[red]<b>_f1": 0.5}, {})
    other = Record("__other__", {"p": "`y`"}, {}, {})
    console = Console(width=120, file=io.StringIO(), record=True)
    console.print(comparison.table([odd, other]))
    shown = console.export_text()
    assert "[bold]a|b" in shown
    assert "slice_[red]<b>_f1" in shown
    text = comparison.markdown([odd, other])
    assert r"\[bold\]a\|b" in text
    assert r"\_\_other\_\_" in text
    assert r"\*x\*" in text


@pytest.mark.parametrize("strata", [np.zeros(50, dtype=np.int64), np.arange(50, dtype=np.int64) % 3])
def testresamples_keep_the_number_of_rows_of_each_class(strata: np.ndarray) -> None:
    wanted = np.bincount(strata)
    draws = list(comparison.resamples(strata, seed=7))
    assert len(draws) == comparison.RESAMPLES
    for weights in draws[:20]:
        assert np.bincount(strata, weights).tolist() == wanted.tolist()
    mean = np.mean(draws, axis=0)
    assert np.abs(mean - 1).max() < 0.15, "every row is drawn as often as any other"


def test_many_rows_are_drawn_less_often() -> None:
    strata = np.zeros(100_000, dtype=np.int64)
    expected = comparison.DRAWN_ROWS // len(strata)
    draws = comparison.resamples(strata, seed=7)
    assert comparison.FEWEST_RESAMPLES <= expected < comparison.RESAMPLES
    assert next(draws).sum() == len(strata)
    assert 1 + sum(1 for _ in draws) == expected
