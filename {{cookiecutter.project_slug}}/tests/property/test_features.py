"""Training makes the model's input as the service does: the same rows give the same arrays."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from service.signature import Feature, Signature, rows_of
from training.features import blocks

FLOATS = st.floats(width=32, allow_nan=False, allow_infinity=False) | st.floats(min_value=-1e30, max_value=1e30)
CATEGORIES = ("a", "b", "", "(missing)", "näïve ✓")
VALUES: dict[str, st.SearchStrategy[Any]] = {
    "number": FLOATS,
    "boolean": st.booleans(),
    "text": st.sampled_from(CATEGORIES),
}
DTYPES: dict[str, Any] = {"number": "float64", "boolean": "boolean", "text": "str"}


@st.composite
def tables(draw: st.DrawFn) -> tuple[pd.DataFrame, Signature]:
    """A table that conforms to its signature, with values missing where they may be."""
    count = draw(st.integers(0, 8))
    features, columns = [], {}
    for position, kind in enumerate(draw(st.lists(st.sampled_from(sorted(VALUES)), min_size=1, max_size=6))):
        gaps = draw(st.booleans())
        name = f"{kind} {position}"
        features.append(
            Feature(
                name,
                kind,  # type: ignore[arg-type]
                categories=CATEGORIES if kind == "text" else (),
                on_missing="impute" if gaps else "reject",
            )
        )
        value = st.none() | VALUES[kind] if gaps else VALUES[kind]
        values = draw(st.lists(value, min_size=count, max_size=count))
        columns[name] = pd.Series(values, dtype=DTYPES[kind])
    frame = pd.DataFrame(columns).assign(unrelated=1)
    return frame, Signature("regression", "y", tuple(features))


def rows(frame: pd.DataFrame, signature: Signature) -> list[dict[str, Any]]:
    """The features as a caller would send them: ``None`` where a value is missing."""
    plain = {}
    for feature in signature.features:
        column = frame[feature.name].astype(object)
        plain[feature.name] = column.where(column.notna(), None).tolist()
    return rows_of(plain)


@settings(max_examples=50, deadline=None)
@given(tables())
def test_a_table_gives_the_blocks_of_its_rows(made: tuple[pd.DataFrame, Signature]) -> None:
    frame, signature = made
    expected = signature.decode(rows(frame, signature)).blocks
    found = blocks(frame, signature)
    assert found.keys() == expected.keys()
    for name, block in expected.items():
        assert found[name].dtype == block.dtype
        assert found[name].shape == block.shape
        np.testing.assert_array_equal(found[name], block)


@settings(max_examples=50, deadline=None)
@given(tables())
def test_row_order_and_labels_do_not_matter(made: tuple[pd.DataFrame, Signature]) -> None:
    frame, signature = made
    turned = frame.iloc[::-1].set_axis(range(100, 100 + len(frame)))
    for name, block in blocks(frame, signature).items():
        np.testing.assert_array_equal(blocks(turned, signature)[name], block[::-1])
