"""The pictures to look at before trusting a model; the colour-blind can tell their colours apart."""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from matplotlib.ticker import MaxNLocator, PercentFormatter
from numpy.typing import ArrayLike, NDArray
from sklearn.metrics import confusion_matrix, roc_curve

from service.signature import Blocks, Signature
from training import metrics
from training.metrics import Floats

COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9", "#000000")
"""Okabe and Ito's palette, without its yellow: that is too faint for a line."""
LINES = ("-", "--", "-.", ":")
GREY = "#888888"
MAX_CURVES = 8
"""Classes drawn as curves: those with the most rows."""
MAX_NUMBERS = 15
"""Classes up to which the cells of a confusion matrix hold numbers."""

TOP = 20
REPEATS = 5
MAX_ROWS = 2_000
"""Rows that permutation importance looks at; it runs the model on them for every column and repeat."""


def render(figures: Mapping[str, Figure]) -> dict[str, bytes]:
    """PNG files by file name; the same figure gives the same bytes."""
    return {f"{name}.png": _png(figure) for name, figure in figures.items()}


def roc(classes: Sequence[str], truth: ArrayLike, outputs: Floats) -> Figure:
    """How many true positives a rate of false ones buys; one curve for each class against the rest."""
    figure, axes = _figure("ROC: true against false positives")
    for label, positive, scores, style in _one_by_one(classes, truth, outputs):
        false, right, _ = roc_curve(positive, scores)
        axes.plot(false, right, label=f"{label} (area {np.trapezoid(right, false):.3f})", **style)
    axes.plot([0, 1], [0, 1], color=GREY, linestyle=":", label="chance (area 0.500)")
    axes.set(
        xlabel="False positive rate (share of the other rows)",
        ylabel="True positive rate (share of the class's rows)",
    )
    axes.set(xlim=(-0.04, 1.04), ylim=(-0.04, 1.04))
    axes.legend(loc="lower right", title="Class")
    return figure


def calibration(classes: Sequence[str], truth: ArrayLike, outputs: Floats) -> Figure:
    """Whether a probability can be taken at its word; a larger dot stands for more rows."""
    figure = _empty()
    axes, below = figure.subplots(2, 1, sharex=True, height_ratios=[3, 1])
    _dress(axes, "Calibration: is a probability what it says?")
    _dress(below)
    edges = np.linspace(0, 1, 1 + (10 if len(outputs) >= 200 else 5))
    for label, positive, scores, style in _one_by_one(classes, truth, outputs):
        bins = np.clip(np.digitize(scores, edges) - 1, 0, len(edges) - 2)
        rows = np.bincount(bins, minlength=len(edges) - 1)
        used = rows > 0
        mean, share = (np.bincount(bins, v, len(rows))[used] / rows[used] for v in (scores, positive))
        axes.plot(mean, share, label=label, **style)
        axes.scatter(mean, share, s=150 * rows[used] / rows.max() + 10, color=style["color"])
        below.stairs(rows, edges, **style)
    axes.plot([0, 1], [0, 1], color=GREY, linestyle=":", label="perfect")
    axes.set(ylabel="Share of rows that are of the class", xlim=(-0.04, 1.04), ylim=(-0.04, 1.04))
    axes.legend(loc="best", title="Class")
    below.set(xlabel="Predicted probability", ylabel="Rows")
    below.yaxis.set_major_locator(MaxNLocator(3, integer=True))
    return figure


def confusion(classes: Sequence[str], truth: ArrayLike, outputs: Floats) -> Figure:
    """What each class is taken for; colour is the share of the class's rows, the numbers are rows."""
    count = len(classes)
    rows = confusion_matrix(metrics.codes(classes, truth), outputs.argmax(axis=1), labels=np.arange(count))
    share = rows / np.maximum(rows.sum(axis=1, keepdims=True), 1)
    figure, axes = _figure("Confusion: what each class is taken for")
    axes.grid(visible=False)
    image = axes.imshow(share, cmap="Blues", vmin=0, vmax=1, aspect="auto")
    bar = figure.colorbar(image, ax=axes, label="Share of the class's rows", format=PercentFormatter(1))
    bar.outline.set_visible(False)
    if count <= MAX_NUMBERS:
        for (actual, predicted), number in np.ndenumerate(rows):
            ink = "white" if share[actual, predicted] > 0.5 else "black"
            axes.text(predicted, actual, str(number), ha="center", va="center", color=ink)
    names = [_plain(label, 18) for label in classes]
    places = range(0, count, -(-count // 30))  # at most thirty names fit
    axes.set_xticks(places, [names[place] for place in places], rotation=90 if sum(map(len, names)) > 50 else 0)
    axes.set_yticks(places, [names[place] for place in places])
    axes.set(xlabel="Predicted class", ylabel="Actual class")
    return figure


def residuals(truth: Floats, outputs: Floats, target: str) -> Figure:
    """Whether errors depend on what is predicted, and how they are spread."""
    figure = _empty()
    axes, side = figure.subplots(1, 2, sharey=True, width_ratios=[3, 1])
    _dress(axes, "Residuals: actual minus predicted")
    _dress(side)
    errors, name = truth - outputs, f"{_plain(target)} (its own unit)"
    _points(axes, outputs, errors)
    for part in (axes, side):
        part.axhline(0, color="black", linewidth=1)
    side.hist(errors, bins=min(30, max(5, len(errors) // 5)), orientation="horizontal", color=COLOURS[0])
    axes.set(xlabel=f"Predicted {name}", ylabel=f"Actual − predicted {name}")
    side.set(xlabel="Rows")
    side.xaxis.set_major_locator(MaxNLocator(3, integer=True))
    return figure


def predicted_vs_actual(truth: Floats, outputs: Floats, target: str) -> Figure:
    """How close predictions are to the truth over its whole range."""
    figure, axes = _figure("Predicted against actual")
    name = f"{_plain(target)} (its own unit)"
    _points(axes, truth, outputs)
    ends = [min(truth.min(), outputs.min()), max(truth.max(), outputs.max())]
    axes.plot(ends, ends, color="black", linewidth=1, label="perfect")
    axes.set(xlabel=f"Actual {name}", ylabel=f"Predicted {name}")
    axes.legend(loc="upper left")
    return figure


def permutation_importance(
    run: Callable[[Blocks], ArrayLike], blocks: Blocks, truth: ArrayLike, signature: Signature, seed: int
) -> Figure:
    """What the model loses when one input's values are shuffled among the rows: how much it relies on it."""
    losses = _losses(run, blocks, np.asarray(truth), signature, np.random.default_rng(seed))
    names = [feature.name for feature in (*signature.numeric, *signature.text)]
    order = np.argsort(-losses.mean(axis=1), kind="stable")[:TOP][::-1]
    figure, axes = _figure(f"Permutation importance{f': the first {TOP} of {len(names)}' if len(names) > TOP else ''}")
    axes.barh(
        [_plain(names[number], 28) for number in order],
        losses[order].mean(axis=1),
        xerr=losses[order].std(axis=1),
        color=COLOURS[0],
        error_kw={"ecolor": "black", "capsize": 3, "elinewidth": 1},
    )
    axes.xaxis.set_major_locator(MaxNLocator(6))
    axes.axvline(0, color="black", linewidth=1)
    axes.set(
        xlabel=f"Drop in {metrics.primary(signature.task)} (mean ± deviation of {REPEATS} shuffles)",
        ylabel="Input",
    )
    return figure


def learning_curve(rows: ArrayLike, scores: Floats, metric: str) -> Figure:
    """Whether more rows would help.

    Args:
        rows: training sizes.
        scores: validation score of each size and fold; nan where a fold could not be fitted.
        metric: what the score is called.
    """
    sizes = np.asarray(rows)
    found = [row[~np.isnan(row)] for row in scores]
    mean = np.array([row.mean() if row.size else np.nan for row in found])
    spread = np.array([row.std() if row.size else np.nan for row in found])
    figure, axes = _figure("Learning curve: would more rows help?")
    axes.fill_between(sizes, mean - spread, mean + spread, color=COLOURS[0], alpha=0.2, label="± deviation of folds")
    axes.plot(sizes, mean, color=COLOURS[0], marker="o", label="mean of folds")
    axes.set(xlabel="Rows to learn from", ylabel=f"Cross-validated {_plain(metric)}")
    axes.legend(loc="best")
    return figure


def _losses(
    run: Callable[[Blocks], ArrayLike],
    blocks: Blocks,
    truth: NDArray[Any],
    signature: Signature,
    random: np.random.Generator,
) -> Floats:
    """By how much the primary metric falls, for each column and repeat."""
    rows = np.sort(random.permutation(len(truth))[:MAX_ROWS])
    sample = {name: block[rows] for name, block in blocks.items()}

    def score(given: Blocks) -> float:
        task = signature.task
        return metrics.measure(task, signature.classes, truth[rows], run(given))[metrics.primary(task)]

    def shuffled(name: str, column: int) -> Blocks:
        block = sample[name].copy()
        block[:, column] = random.permutation(block[:, column])
        return {**sample, name: block}

    columns = [
        (name, place) for name in ("numeric", "text") if name in sample for place in range(sample[name].shape[1])
    ]
    whole = score(sample)
    return np.array([[whole - score(shuffled(*column)) for _ in range(REPEATS)] for column in columns])


def _one_by_one(
    classes: Sequence[str], truth: ArrayLike, outputs: Floats
) -> Iterator[tuple[str, NDArray[np.bool_], Floats, dict[str, Any]]]:
    """Each class to draw, with its rows, scores and style: the second of two, the commonest of many."""
    codes = metrics.codes(classes, truth)
    rows = np.bincount(codes, minlength=len(classes))
    commonest = np.sort(np.argsort(-rows, kind="stable")[:MAX_CURVES])
    for place, number in enumerate([1] if len(classes) == 2 else commonest.tolist()):
        if 0 < rows[number] < len(codes):  # else there is nothing to tell apart
            style = {"color": COLOURS[place % len(COLOURS)], "linestyle": LINES[place % len(LINES)]}
            yield _plain(classes[number], 20), codes == number, outputs[:, number], style


def _points(axes: Axes, x: Floats, y: Floats) -> None:
    """A cloud that shows where it is dense, with many rows too."""
    size, alpha = np.clip(4000 / len(x), 3, 18), np.clip(15 / len(x) ** 0.5, 0.03, 0.7)
    axes.scatter(x, y, s=size, color=COLOURS[0], alpha=float(alpha), linewidths=0)


def _figure(title: str) -> tuple[Figure, Axes]:
    figure = _empty()
    axes = figure.subplots()
    _dress(axes, title)
    return figure, axes


def _empty() -> Figure:
    padded = ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.12, wspace=0, hspace=0)
    return Figure(figsize=(8, 6), dpi=100, layout=padded)


def _dress(axes: Axes, title: str = "") -> None:
    axes.set_title(title, loc="left", fontweight="bold")
    axes.grid(visible=True, alpha=0.25)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)


def _plain(text: str, longest: int = 30) -> str:
    """A name as it is, cut to what fits: matplotlib would read dollar signs as mathematics."""
    short = text if len(text) <= longest else text[: longest - 1] + "…"
    return short.replace("$", r"\$")


def _png(figure: Figure) -> bytes:
    file = io.BytesIO()
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Glyph")  # a name in a script that the font lacks shows as boxes
        figure.savefig(file, format="png", metadata={"Software": None})
    return file.getvalue()
