"""The drift reference counts every row once, the same whatever their order, and tells distributions apart."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from service.bundle import canonical
from service.signature import MISSING_TEXT, Blocks, Feature, Signature
from training.profile import BINS, profile

SIGNATURE = Signature(
    "binary",
    "diagnosis",
    (
        Feature("mass", "number"),
        Feature("site", "text", categories=("left", "right")),
        Feature("smoker", "boolean"),
    ),
    ("benign", "malignant"),
)
ROWS = 1000


def blocks(mass: NDArray[np.float64] | None = None) -> Blocks:
    random = np.random.default_rng(7)
    numbers = random.normal(size=ROWS) if mass is None else mass
    numbers = np.where(np.arange(ROWS) % 10 == 0, np.nan, numbers)
    smoker = np.where(np.arange(ROWS) % 4 == 0, np.nan, np.arange(ROWS) % 2)
    site = np.array(["left", "right", MISSING_TEXT, "new", "left"], dtype=object)[np.arange(ROWS) % 5]
    return {"numeric": np.column_stack([numbers, smoker]).astype(np.float32), "text": site.reshape(-1, 1)}


def outputs() -> NDArray[np.float32]:
    yes = np.random.default_rng(8).uniform(size=ROWS).astype(np.float32)
    return np.column_stack([1 - yes, yes])


def bins(mass: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.int64], int]:
    found = profile(SIGNATURE, blocks(mass), outputs())["features"]["mass"]
    return np.array(found["edges"]), np.array(found["counts"]), found["missing"]


def test_numbers_fill_equal_bins() -> None:
    edges, counts, missing = bins(np.random.default_rng(7).normal(size=ROWS))
    assert len(edges) == BINS - 1
    assert (np.diff(edges) > 0).all()
    assert counts.sum() + missing == ROWS
    assert missing == 100
    assert counts.max() - counts.min() <= 2


def test_texts_and_booleans_are_counted() -> None:
    features = profile(SIGNATURE, blocks(), outputs())["features"]
    assert features["site"] == {
        "type": "text",
        "counts": {"left": 400, "right": 200},
        "missing": 200,
        "unseen": 200,
    }
    assert features["smoker"] == {"type": "boolean", "counts": {"false": 250, "true": 500}, "missing": 250}


def test_outputs_have_a_histogram_for_each_class_or_for_the_value() -> None:
    found = profile(SIGNATURE, blocks(), outputs())
    assert found["outputs"].keys() == {"benign", "malignant"}
    assert found["rows"] == sum(found["outputs"]["benign"]["counts"]) == ROWS
    regression = Signature("regression", "price", SIGNATURE.features)
    assert profile(regression, blocks(), outputs()[:, :1])["outputs"].keys() == {"value"}


def test_few_values_get_a_bin_each() -> None:
    edges, counts, _ = bins(np.arange(ROWS) % 3.0)
    assert edges.tolist() == [0.5, 1.5]
    assert counts.tolist() == [300, 300, 300]


def test_a_constant_can_be_seen_to_change() -> None:
    edges, counts, _ = bins(np.full(ROWS, 5.0))
    assert counts.tolist() == [0, 900, 0]
    assert np.searchsorted(edges, [4.9, 5.0, 5.1], side="right").tolist() == [0, 1, 2]


@pytest.mark.parametrize("common", [-2.0, 0.5, 2.0])
def test_a_value_that_nearly_all_rows_share_is_kept_apart(common: float) -> None:
    """The others are too few to reach a quantile."""
    spread = np.random.default_rng(7).uniform(size=100)
    values = np.append(spread, np.full(20_000, common)).astype(np.float32).reshape(-1, 1)
    signature = Signature("regression", "price", (Feature("mass", "number"),))
    found = profile(signature, {"numeric": values}, values)["features"]["mass"]
    number = int(np.searchsorted(found["edges"], common, side="right"))
    assert found["counts"][number] == 20_000
    assert sum(found["counts"]) == len(values)


def test_no_edge_is_a_value_so_rounding_moves_none() -> None:
    values = (np.arange(ROWS) % 40) / 10
    edges, counts, _ = bins(values)
    kept = values[np.arange(ROWS) % 10 != 0]
    for shown in (kept, kept.astype(np.float32), kept + 1e-7):
        found = np.bincount(np.searchsorted(edges, shown, side="right"), minlength=len(counts))
        assert found.tolist() == counts.tolist()


def test_a_column_without_values_is_all_missing() -> None:
    found = profile(SIGNATURE, blocks(np.full(ROWS, np.nan)), outputs())["features"]["mass"]
    assert found == {"type": "number", "edges": [], "counts": [0], "missing": ROWS}


def test_the_order_of_rows_makes_no_difference() -> None:
    order = np.random.default_rng(9).permutation(ROWS)
    shuffled = {name: block[order] for name, block in blocks().items()}
    first = profile(SIGNATURE, blocks(), outputs())
    assert canonical(first) == canonical(profile(SIGNATURE, shuffled, outputs()[order]))


def test_numbers_are_short() -> None:
    found = profile(SIGNATURE, blocks(), outputs())
    edges = [*found["features"]["mass"]["edges"], *found["outputs"]["benign"]["edges"]]
    assert all(float(f"{edge:.9g}") == edge for edge in edges)
