"""The table to learn from: read from an example or a file, typed, and fit to learn from at all."""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import pandas as pd
import pyarrow as pa

from service.bundle import canonical, sha256
from service.signature import FeatureType, Task
from training import arrow_table
from training.columns import complete
from training.csv_table import CsvTable
from training.errors import DataError
from training.examples import EXAMPLES
from training.params import Data, Slice
from training.problems import Problems, did_you_mean
from training.target import MAX_CATEGORIES, settle

_CSV = (".csv", ".tsv")
_PARQUET = (".parquet", ".pq")

log = logging.getLogger("training")


@dataclass(frozen=True)
class Table:
    """A typed table whose every row has a target.

    Attributes:
        frame: the columns; its index holds the line (CSV) or the number of each row. Numbers are float64,
            booleans ``boolean``, texts ``str``; classes and groups are texts, times are times or numbers.
        features: the names of the columns that the model may see.
        task: what kind of prediction the target asks for.
        source: which table this is, as ``example:wine`` or the path in params.yaml.
        digest: ``sha256:`` and 64 hex digits, over the bytes of the file or the values of the example.
        path_label: how messages name the table.
    """

    frame: pd.DataFrame
    features: tuple[str, ...]
    task: Task
    source: str
    digest: str
    path_label: str


class _Cells(Protocol):
    """What a file format offers: its column names, and each column typed."""

    names: list[str]

    def column(self, name: str, declared: FeatureType | None, problems: Problems) -> pd.Series[Any]: ...
    def times(self, name: str, problems: Problems) -> pd.Series[Any]: ...
    def text(self, name: str, problems: Problems) -> pd.Series[Any]: ...


def read(data: Data, root: Path, slices: Sequence[Slice] = ()) -> Table:
    """Read the table that params.yaml names.

    Args:
        data: the ``data`` block of params.yaml.
        root: the folder that a relative path starts at.
        slices: the named slices; the columns they look at are kept even when they are dropped as features.

    Raises:
        DataError: naming file, column and line of all that is wrong, and what would mend it.
    """
    cells, digest = _open(data, root)
    _check_names(cells.names, data, slices)
    frame = _with_target(_typed(cells, data, slices), data)
    hidden = {data.target, data.time, data.group, *data.drop}
    features = tuple(name for name in cells.names if name not in hidden)
    _check_features(frame, features, data.label)
    _check_slices(frame, slices, data.label)
    target, task = settle(frame[data.target], data.task, data.label)
    source = f"example:{data.example}" if data.path is None else data.path
    return Table(frame.assign(**{data.target: target}), features, task, source, digest, data.label)


def _open(data: Data, root: Path) -> tuple[_Cells, str]:
    if data.path is None:
        frame = EXAMPLES[str(data.example)]()
        digest = sha256(canonical({name: frame[name].tolist() for name in frame.columns}))
        return arrow_table.ArrowTable(pa.Table.from_pandas(frame, preserve_index=False), data.label), digest
    path = root / Path(data.path).expanduser()
    suffix = path.suffix.lower()
    if suffix not in _CSV + _PARQUET:
        known = ", ".join(_CSV + _PARQUET)
        raise DataError(f"{data.label}: '{suffix}' is no kind of table that can be read", f"these can: {known}")
    try:
        content = path.read_bytes()  # once: what is digested is what is parsed
    except OSError as error:
        raise DataError(
            f"{data.label}: cannot be read ({error.strerror}: {path.resolve()})",
            "put the file there, or correct data.path in params.yaml",
        ) from error
    cells = CsvTable(content, data.label) if suffix in _CSV else arrow_table.parquet(content, data.label)
    return cells, sha256(content)


def _check_names(names: Collection[str], data: Data, slices: Sequence[Slice]) -> None:
    problems = Problems(data.label, DataError)
    listed = ", ".join(list(names)[:30]) + (", …" if len(names) > 30 else "")
    named = [("data.target", data.target), ("data.time", data.time), ("data.group", data.group)]
    named += [("data.drop", name) for name in data.drop] + [("data.types", name) for name in data.types]
    named += [(f"slices '{part.name}'", part.column) for part in slices]
    for key, name in named:
        if name is not None and name not in names:
            guess = did_you_mean(name, names)
            problems.add(f"no column '{name}'{guess}", f"correct {key} in params.yaml; the columns are: {listed}")
    problems.refuse()


def _typed(cells: _Cells, data: Data, slices: Sequence[Slice]) -> pd.DataFrame:
    problems = Problems(data.label, DataError)
    unused = set(data.drop) - {part.column for part in slices}
    columns = {name: _column(cells, name, data, problems) for name in cells.names if name not in unused}
    problems.refuse()
    return pd.DataFrame(columns)


def _column(cells: _Cells, name: str, data: Data, problems: Problems) -> pd.Series[Any]:
    declared = data.types.get(name)
    if name == data.time:
        return cells.times(name, problems)
    if name == data.group:
        return complete(cells.text(name, problems), problems)
    if name != data.target:
        return cells.column(name, declared, problems)
    column = cells.column(name, declared or ("number" if data.task == "regression" else None), problems)
    return cells.text(name, problems).str.lower() if column.dtype == "boolean" else column


def _with_target(frame: pd.DataFrame, data: Data) -> pd.DataFrame:
    """The rows that have a target; the number of the others is logged."""
    if bool(frame.isna().all(axis=None)):
        raise DataError(f"{data.label}: every cell of every row is empty", "write the values into the table")
    missing = frame[data.target].isna()
    if missing.all():
        raise DataError(
            f"{data.label}: target '{data.target}' has no value in any row",
            "fill in the column, or set data.target in params.yaml to another",
        )
    if missing.any():
        log.warning("%s: %d rows without '%s' are left out", data.label, int(missing.sum()), data.target)
    return frame[~missing]


def _check_features(frame: pd.DataFrame, features: Collection[str], label: str) -> None:
    problems = Problems(label, DataError)
    if not features:
        problems.add("no column is left to predict from", "add columns, or take some out of data.drop in params.yaml")
    for name in features:
        column = frame[name]
        distinct = column.nunique()
        if not distinct:
            problems.add(f"column '{name}' has no value in any row", f"fill it in, or set data.drop: [{name}]")
        elif column.dtype == "str" and distinct > MAX_CATEGORIES:
            problems.add(
                f"text column '{name}' has {distinct} distinct values, more than {MAX_CATEGORIES}: "
                "it looks like an identifier or free text",
                f"in params.yaml set data.drop: [{name}], or name it as data.group or data.time",
            )
    problems.refuse()


def _check_slices(frame: pd.DataFrame, slices: Sequence[Slice], label: str) -> None:
    problems = Problems(label, DataError)
    for part in slices:
        if part.equals is None and frame[part.column].dtype != "float64":
            problems.add(
                f"slice '{part.name}' has min or max on column '{part.column}', which holds no numbers",
                "use equals in params.yaml, or another column",
            )
    problems.refuse()
