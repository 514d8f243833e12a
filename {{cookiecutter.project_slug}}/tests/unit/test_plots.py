"""Every picture has data and named axes, is the same each time, and survives what tables really hold."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.figure import Figure
from numpy.typing import NDArray

from service.signature import Blocks, Feature, Signature
from training import plots

RANDOM = np.random.default_rng(7)
VALUES = RANDOM.normal(size=80)
NEAR = VALUES + RANDOM.normal(size=80) * 0.3
MIXED = Signature(
    "binary",
    "diagnosis",
    (Feature("useful", "number"), Feature("idle", "number"), Feature("word", "text", categories=("a", "b"))),
    ("no", "yes"),
)


def classified(classes: tuple[str, ...], rows: int = 120) -> tuple[tuple[str, ...], NDArray[Any], NDArray[np.float64]]:
    random = np.random.default_rng(3)
    right = random.permutation(np.arange(rows) % len(classes))
    given = random.dirichlet(np.ones(len(classes)), size=rows)
    given[np.arange(rows), right] += 0.3
    return classes, np.array(classes, dtype=object)[right], given / given.sum(axis=1, keepdims=True)


def importance(signature: Signature = MIXED, rows: int = 60) -> Figure:
    """Of a model that looks at its first number and first text only."""
    random = np.random.default_rng(5)
    blocks: Blocks = {
        "numeric": random.normal(size=(rows, len(signature.numeric))).astype(np.float32),
        "text": random.choice(np.array(["a", "b"], dtype=object), size=(rows, 1)),
    }

    def run(given: Blocks) -> NDArray[np.float64]:
        yes = 1 / (1 + np.exp(-2 * given["numeric"][:, 0] - (given["text"][:, 0] == "b")))
        return np.column_stack([1 - yes, yes])

    truth = np.array(signature.classes, dtype=object)[run(blocks).argmax(axis=1)]
    return plots.permutation_importance(run, blocks, truth, signature, seed=7)


FIGURES: dict[str, Callable[[], Figure]] = {
    "roc": lambda: plots.roc(*classified(("no", "yes"))),
    "roc_of_three": lambda: plots.roc(*classified(("a", "b", "c"))),
    "calibration": lambda: plots.calibration(*classified(("no", "yes"))),
    "calibration_of_three": lambda: plots.calibration(*classified(("a", "b", "c"))),
    "confusion": lambda: plots.confusion(*classified(("a", "b", "c"))),
    "residuals": lambda: plots.residuals(VALUES, NEAR, "progression"),
    "predicted_vs_actual": lambda: plots.predicted_vs_actual(VALUES, NEAR, "progression"),
    "permutation_importance": importance,
    "learning_curve": lambda: plots.learning_curve([10, 20, 40], RANDOM.uniform(size=(3, 5)), "accuracy"),
}


@pytest.mark.parametrize("name", FIGURES)
def test_it_has_a_title_named_axes_and_data(name: str) -> None:
    figure = FIGURES[name]()
    drawn = [axes for axes in figure.axes if axes.get_label() != "<colorbar>"]
    assert drawn[0].get_title(loc="left")
    assert all(axes.has_data() for axes in drawn)
    assert all(axes.get_xlabel() or axes.get_shared_x_axes().get_siblings(axes)[1:] for axes in drawn)
    assert all(axes.get_ylabel() or axes.get_shared_y_axes().get_siblings(axes)[1:] for axes in drawn)


def test_files_are_pictures_of_800_by_600_and_the_same_each_time() -> None:
    names = ("roc", "permutation_importance")
    first, again = (plots.render({name: FIGURES[name]() for name in names}) for _ in range(2))
    assert first == again
    assert list(first) == [f"{name}.png" for name in names]
    for data in first.values():
        assert data.startswith(b"\x89PNG")
        assert [int.from_bytes(data[place : place + 4], "big") for place in (16, 20)] == [800, 600]
        assert b"Software" not in data
    assert not plt.get_fignums(), "pyplot keeps no figure alive"


def test_the_curves_are_those_of_the_classes() -> None:
    two, three = FIGURES["roc"]().axes[0], FIGURES["roc_of_three"]().axes[0]
    assert [line.get_label().split(" (")[0] for line in two.lines] == ["yes", "chance"]
    assert [line.get_label().split(" (")[0] for line in three.lines] == ["a", "b", "c", "chance"]


def test_the_matrix_counts_every_row() -> None:
    classes, truth, outputs = classified(("a", "b", "c"))
    texts = [int(text.get_text()) for text in plots.confusion(classes, truth, outputs).axes[0].texts]
    assert len(texts) == 9
    assert sum(texts) == len(truth)


def test_importance_shows_what_the_model_looks_at() -> None:
    axes = importance().axes[0]
    names = [label.get_text() for label in axes.get_yticklabels()]
    widths = dict(zip(names, (bar.get_width() for bar in axes.patches), strict=True))
    assert widths["useful"] > widths["word"] > widths["idle"] == 0
    assert names[-1] == "useful", "the greatest is on top"


def test_importance_of_many_inputs_shows_the_first() -> None:
    many = (*(Feature(f"n{number}", "number") for number in range(40)), MIXED.features[-1])
    axes = importance(Signature("binary", "y", many, MIXED.classes)).axes[0]
    assert len(axes.patches) == plots.TOP
    assert "the first 20 of 41" in axes.get_title(loc="left")


def test_a_curve_with_gaps_is_drawn_without_them() -> None:
    scores = np.array([[np.nan, np.nan], [0.5, np.nan], [0.6, 0.8]])
    (line,) = plots.learning_curve([10, 20, 40], scores, "accuracy").axes[0].lines
    assert np.asarray(line.get_ydata()).tolist() == pytest.approx([np.nan, 0.5, 0.7], nan_ok=True)


@pytest.mark.parametrize(
    "draw",
    [
        lambda: plots.roc(*classified(tuple(f"$class_{n} 日本 with a long name" for n in range(25)), 200)),
        lambda: plots.calibration(*classified(tuple(rf"$\frac_{n}$" for n in range(12)))),
        lambda: plots.confusion(*classified(tuple(f"$class_{n} with a long name" for n in range(40)), 200)),
        lambda: plots.roc(("no", "yes"), np.array(["no"] * 3), np.full((3, 2), 0.5)),
        lambda: plots.calibration(("no", "yes"), np.array(["no"] * 3), np.full((3, 2), 0.5)),
        lambda: plots.confusion(("no", "yes"), np.array(["no"]), np.array([[1.0, 0.0]])),
        lambda: plots.residuals(np.array([1.0]), np.array([1.0]), "$x_{"),
        lambda: plots.predicted_vs_actual(np.full(3, 2.0), np.full(3, 2.0), r"$\frac$"),
    ],
    ids=["many", "curves", "matrix", "one class", "one class, calibration", "one row", "one value", "constant"],
)
def test_odd_tables_are_drawn_without_a_warning(draw: Callable[[], Figure]) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert plots.render({"odd": draw()})["odd.png"]
