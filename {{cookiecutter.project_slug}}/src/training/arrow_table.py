"""A Parquet file, or a table in memory: columns that bring their types along."""

from __future__ import annotations

import io
import re
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet

from service.signature import FeatureType
from training import columns
from training.errors import DataError
from training.problems import Problems

_ROW_LABELS = re.compile(r"__index_level_\d+__")  # pandas' name for row labels without a name: no data


class ArrowTable:
    """Typed columns; rows are counted from 1.

    Args:
        table: the columns.
        label: the table's name in messages.

    Raises:
        DataError: two columns have the same name, or there are no rows.
    """

    def __init__(self, table: Any, label: str) -> None:
        self._table = table
        self.names = [name for name in table.column_names if not _ROW_LABELS.fullmatch(name)]
        self._index = pd.RangeIndex(1, table.num_rows + 1, name="row")
        twice = sorted({name for name in self.names if self.names.count(name) > 1})
        if twice:
            raise DataError(f"{label}: two columns are named '{twice[0]}'", "rename or remove one of them")
        if not table.num_rows:
            raise DataError(f"{label}: holds no rows", "write a table that has some")

    def column(self, name: str, declared: FeatureType | None, problems: Problems) -> pd.Series[Any]:
        """One column as number, boolean or text: as declared, else as it is stored."""
        values = self._values(name)
        kind = _kind(values.type)
        if kind is None:
            drop = f"set data.drop: [{name}] in params.yaml"
            problems.add(f"column '{name}' is of type {values.type}", f"store numbers, booleans or texts, or {drop}")
            return self._empty(name)
        if declared not in (None, kind):
            return columns.parse(self._as_text(name, values), declared, problems)
        if kind == "number":
            numbers = values.cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False)
            return columns.finite(pd.Series(numbers, index=self._index, name=name), problems)
        if kind == "boolean":
            return pd.Series(values.to_pylist(), index=self._index, name=name, dtype="boolean")
        return self._as_text(name, values)

    def times(self, name: str, problems: Problems) -> pd.Series[Any]:
        """One column as times or ordered numbers."""
        values = self._values(name)
        if _kind(values.type) == "number":
            return columns.complete(self.column(name, None, problems), problems)
        if pa.types.is_date(values.type) or pa.types.is_timestamp(values.type):
            times = pd.Series(values.to_pandas().to_numpy(), index=self._index, name=name)
            return columns.complete(pd.to_datetime(times, utc=True), problems)
        return columns.parse_times(self.text(name, problems), problems)

    def text(self, name: str, problems: Problems) -> pd.Series[Any]:
        """One column as text."""
        values = self._values(name)
        if _kind(values.type) is None:
            problems.add(f"column '{name}' is of type {values.type}", "store it as text")
            return self._empty(name)
        return self._as_text(name, values)

    def _values(self, name: str) -> Any:
        values = self._table.column(name).combine_chunks()
        return values.dictionary_decode() if pa.types.is_dictionary(values.type) else values

    def _as_text(self, name: str, values: Any) -> pd.Series[Any]:
        return pd.Series(values.cast(pa.string()).to_pylist(), index=self._index, name=name, dtype="str")

    def _empty(self, name: str) -> pd.Series[Any]:
        return pd.Series(np.nan, index=self._index, name=name)


def parquet(data: bytes, label: str) -> ArrowTable:
    """Read a Parquet file.

    Raises:
        DataError: empty, or no Parquet.
    """
    if not data:
        raise DataError(f"{label}: empty file", "write the table as Parquet again")
    try:
        table = pyarrow.parquet.ParquetFile(io.BytesIO(data)).read()
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{label}: no sound Parquet file ({error})", "write the table as Parquet again") from error
    return ArrowTable(table, label)


def _kind(stored: Any) -> FeatureType | None:
    types = pa.types
    if types.is_boolean(stored):
        return "boolean"
    if types.is_integer(stored) or types.is_floating(stored) or types.is_decimal(stored) or types.is_null(stored):
        return "number"
    if types.is_string(stored) or types.is_large_string(stored) or types.is_string_view(stored):
        return "text"
    return None
