"""What live traffic is held against: how inputs and outputs were distributed when the model was made."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from service.signature import MISSING_TEXT, Blocks, Feature, Signature

BINS = 64
"""At most so many bins for a number. One with no more distinct values than that has a bin for each."""


def profile(signature: Signature, blocks: Blocks, outputs: ArrayLike) -> dict[str, Any]:
    """Distributions as plain data for JSON; equal rows give equal data, in whatever order they come.

    A number is in bin ``numpy.searchsorted(edges, value, side="right")``. No edge is a value that was seen:
    rounding a value carries it across none.

    Args:
        signature: names and types of the columns.
        blocks: the rows that the model was fitted on.
        outputs: what the model answers, [rows, classes] or [rows, 1]; best to rows that it was not fitted on,
            as it is surer of those it knows.
    """
    answers = np.asarray(outputs, dtype=np.float64).reshape(len(np.asarray(outputs)), -1)
    features = {
        feature.name: _column(feature, blocks[name][:, place])
        for name, block in (("numeric", signature.numeric), ("text", signature.text))
        for place, feature in enumerate(block)
    }
    names = signature.classes or (signature.output,)
    return {
        "features": features,
        "outputs": {name: _number(answers[:, place]) for place, name in enumerate(names)},
        "rows": max((len(block) for block in blocks.values()), default=0),
    }


def _column(feature: Feature, values: NDArray[Any]) -> dict[str, Any]:
    if feature.type == "text":
        return {"type": "text", **_text(feature.categories, values)}
    if feature.type == "boolean":
        counts = {"false": int((values == 0).sum()), "true": int((values == 1).sum())}
        return {"type": "boolean", "counts": counts, "missing": int(np.isnan(values).sum())}
    return {"type": "number", **_number(values.astype(np.float64))}


def _text(categories: tuple[str, ...], values: NDArray[Any]) -> dict[str, Any]:
    found = Counter(values.tolist())
    counts = {category: found.pop(category, 0) for category in categories}
    missing = found.pop(MISSING_TEXT, 0)
    return {"counts": counts, "missing": missing, "unseen": sum(found.values())}


def _number(values: NDArray[np.float64]) -> dict[str, Any]:
    present = values[~np.isnan(values)]
    edges = _edges(present)
    bins = np.searchsorted(edges, present, side="right")
    counts = np.bincount(bins, minlength=len(edges) + 1)
    return {"edges": edges.tolist(), "counts": counts.tolist(), "missing": len(values) - len(present)}


def _edges(values: NDArray[np.float64]) -> NDArray[np.float64]:
    """Midway between neighbouring values, at the quantiles; around the only value where there is just one."""
    distinct, counts = np.unique(values[np.isfinite(values)], return_counts=True)
    if len(distinct) == 1:
        step = max(abs(float(distinct[0])), 1.0) * 1e-6
        return _rounded([distinct[0] - step, distinct[0] + step])
    above = np.arange(len(distinct) - 1) if len(distinct) <= BINS else _cuts(counts)
    return _rounded(distinct[above] / 2 + distinct[above + 1] / 2)


def _cuts(counts: NDArray[np.int64]) -> NDArray[np.int64]:
    """The values that end a bin: those at the quantiles, and those just below a value that spans several."""
    quantiles = np.arange(1, BINS) * counts.sum()
    at, spanned = np.unique(np.searchsorted(np.cumsum(counts) * BINS, quantiles), return_counts=True)
    cuts = np.union1d(at, at[spanned > 1] - 1)
    return cuts[(cuts >= 0) & (cuts < len(counts) - 1)]


def _rounded(edges: ArrayLike) -> NDArray[np.float64]:
    """Nine digits: enough to tell any two 32-bit numbers apart."""
    return np.array([float(f"{edge:.9g}") for edge in np.asarray(edges)], dtype=np.float64)
