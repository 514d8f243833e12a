"""The schema that a table suggests, before anyone has reviewed it."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR, Context
from typing import Any

import pandas as pd

from training.params import Params
from training.schema_file import Column, Schema, Target
from training.table import Table
from training.target import in_order


def infer(table: Table, params: Params) -> Schema:
    """The schema that a table suggests: what is never missing is required, what it holds is expected."""
    target = table.frame[params.data.target]
    if table.task == "regression":
        low, high = _widened(target)
        wanted = Target(name=params.data.target, min=low, max=high)
    else:
        wanted = Target(name=params.data.target, classes=in_order(target.unique().tolist()))
    return Schema(
        source=params.data,
        target=wanted,
        features={name: _column(table.frame[name]) for name in table.features},
    )


def _column(values: pd.Series[Any]) -> Column:
    missing = float(values.isna().mean())
    rules: dict[str, Any] = {}
    if missing:
        rules = {"max_missing": round(min(1.0, missing + 0.05), 4), "on_missing": "impute"}
    if values.dtype == "boolean":
        return Column(type="boolean", **rules)
    if values.dtype == "float64":
        low, high = _widened(values)
        return Column(type="number", min=low, max=high, **rules)
    return Column(type="text", categories=sorted(values.dropna().unique()), **rules)


def _widened(values: pd.Series[Any]) -> tuple[float, float]:
    """The range seen and a quarter of its span on each side, not across zero; four digits, outwards."""
    low, high = float(values.min()), float(values.max())
    spare = (high - low) / 4
    wider_low = max(0.0, low - spare) if low >= 0 else low - spare
    wider_high = min(0.0, high + spare) if high <= 0 else high + spare
    down, up = Context(prec=4, rounding=ROUND_FLOOR), Context(prec=4, rounding=ROUND_CEILING)
    return float(down.create_decimal_from_float(wider_low)), float(up.create_decimal_from_float(wider_high))
