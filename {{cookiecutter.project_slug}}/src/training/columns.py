"""One column of a table: from the texts in a file to numbers, booleans, texts or times."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from service.signature import FeatureType
from training.problems import Problems, quoted

MISSING = frozenset(
    [
        "",
        "NA",
        "N/A",
        "n/a",
        "#N/A",
        "#NA",
        "<NA>",
        "NaN",
        "nan",
        "-NaN",
        "-nan",
        "NULL",
        "Null",
        "null",
        "None",
        "none",
    ]
)
"""The spellings of a missing value in a text file, much as pandas has them."""

_NUMBER = r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?|[+-]?(?i:inf|infinity)"
_COMMA_NUMBER = r"[+-]?\d[\d.,' ]*,[\d.,' ]*\d"
_BOOLEANS = {"true": True, "false": False, "yes": True, "no": False}
_DECLARED_BOOLEANS = {**_BOOLEANS, "1": True, "0": False}


def place(mask: pd.Series[bool]) -> str:
    """Where the first true value of ``mask`` stands in the file, as in ``line 7``."""
    return f"{mask.index.name} {mask.index[int(mask.to_numpy().argmax())]}"


def parse(text: pd.Series[Any], declared: FeatureType | None, problems: Problems) -> pd.Series[Any]:
    """Type a column of texts: as declared, else numbers if all are, else booleans if all are, else text.

    Numbers mixed with texts are a problem: which of the two was meant, nobody knows but the table's owner.
    """
    if declared == "text":
        return text
    if declared == "boolean":
        return _booleans(text, problems)
    present = text.notna()
    numeric = text.str.fullmatch(_NUMBER) & present
    if declared == "number" or numeric.any():
        odd = present & ~numeric
        if odd.any():
            _mixed(text, numeric, odd, declared, problems)
            return text
        return finite(pd.to_numeric(text).astype("float64"), problems)
    if not present.any():
        return text.astype("float64")
    if _looks_boolean(text):
        return text.str.lower().map(_BOOLEANS).astype("boolean")
    return text


def finite(numbers: pd.Series[Any], problems: Problems) -> pd.Series[Any]:
    """The same numbers; those that are infinite, or would be in the model's 32 bits, are a problem."""
    with np.errstate(over="ignore"):
        infinite = pd.Series(np.isinf(numbers.to_numpy(dtype="float32", na_value=np.nan)), index=numbers.index)
    if infinite.any():
        problems.add(
            f"column '{numbers.name}', {place(infinite)}: infinite or beyond 32 bits ({count(infinite)})",
            "leave the cell empty where the value is not known, or correct it",
        )
    return numbers


def parse_times(text: pd.Series[Any], problems: Problems) -> pd.Series[Any]:
    """Type a time column of texts: numbers if all are, else ISO 8601 times (UTC where no zone is given)."""
    if bool((text.str.fullmatch(_NUMBER) | text.isna()).all()):
        return complete(finite(pd.to_numeric(text).astype("float64"), problems), problems)
    times = pd.to_datetime(text, format="ISO8601", errors="coerce", utc=True)
    odd = text.notna() & times.isna()
    if odd.any():
        problems.add(
            f"time column '{text.name}', {place(odd)}: {_first(text, odd)} is no time ({count(odd)})",
            "write times as 2026-01-31 or 2026-01-31T23:59:00Z, or as plain numbers",
        )
        return text
    return complete(times, problems)


def complete(column: pd.Series[Any], problems: Problems) -> pd.Series[Any]:
    """The same time or group column; a row without a value, which no split can place, is a problem."""
    missing = column.isna()
    if missing.any():
        problems.add(
            f"time or group column '{column.name}', {place(missing)}: no value ({count(missing)})",
            "fill it in, or remove the row",
        )
    return column


def count(mask: pd.Series[bool]) -> str:
    """How many rows a mask marks, as in ``3 rows``."""
    rows = int(mask.sum())
    return f"{rows} row" + ("s" if rows > 1 else "")


def _looks_boolean(text: pd.Series[Any]) -> bool:
    """Whether all present texts are true, false, yes or no. (0 and 1 are numbers.)"""
    return bool(text.dropna().str.lower().isin(list(_BOOLEANS)).all())


def _booleans(text: pd.Series[Any], problems: Problems) -> pd.Series[Any]:
    folded = text.str.lower()
    odd = text.notna() & ~folded.isin(list(_DECLARED_BOOLEANS))
    if odd.any():
        problems.add(
            f"column '{text.name}', {place(odd)}: {_first(text, odd)} is no true or false ({count(odd)})",
            f"write true/false, yes/no or 1/0, or take '{text.name}' out of data.types in params.yaml",
        )
        return text
    return folded.map(_DECLARED_BOOLEANS).astype("boolean")


def _mixed(
    text: pd.Series[Any],
    numeric: pd.Series[bool],
    odd: pd.Series[bool],
    declared: FeatureType | None,
    problems: Problems,
) -> None:
    name = text.name
    if bool(text[odd].str.fullmatch(_COMMA_NUMBER).all()):
        what, remedy = (
            "is a number written with a comma",
            "write 1234.5: a point for decimals, nothing for thousands",
        )
        rarer = odd
    elif declared == "number" or numeric.sum() >= odd.sum():
        what, remedy = "is no number", "correct the cell, or empty it where the value is missing"
        rarer = odd
    else:
        what, remedy = "is a number among texts", "correct the cell"
        rarer = numeric
    problems.add(
        f"column '{name}', {place(rarer)}: {_first(text, rarer)} {what} "
        f"(the column has {int(numeric.sum())} numbers and {int(odd.sum())} texts)",
        f"{remedy}; or in params.yaml set data.types: {{{name}: text}} or data.drop: [{name}]",
    )


def _first(text: pd.Series[Any], mask: pd.Series[bool]) -> str:
    return quoted(text[mask].iloc[0])
