"""Holding a table against its schema."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pandera.pandas as pa
from pandera.errors import SchemaErrors

from service.signature import FeatureType
from training.columns import count, place
from training.errors import DataError
from training.problems import Problems, did_you_mean, quoted
from training.schema_file import Column, Schema, Target

REMEDY = "correct the table, or edit schema.yaml in review"

_DTYPES: dict[FeatureType, str] = {"number": "float64", "boolean": "boolean", "text": "str"}
_KINDS = {"float64": "numbers", "boolean": "booleans", "str": "texts"}


def enforce(schema: Schema, frame: pd.DataFrame) -> None:
    """Check features and target of a table, as :func:`training.table.read` typed it, against its schema.

    Raises:
        DataError: naming each column at odds with the schema, its first offending line and their number.
    """
    source = schema.source
    hidden = [name for name in (source.time, source.group, *source.drop) if name in frame.columns]
    columns = {name: _column(column) for name, column in schema.features.items()}
    contract = pa.DataFrameSchema({**columns, schema.target.name: _target(schema.target)}, strict=True)
    try:
        contract.validate(frame.drop(columns=hidden), lazy=True)
    except SchemaErrors as broken:
        _refuse(schema, frame, broken.failure_cases)


def _column(column: Column) -> pa.Column:
    low, high, known = column.min, column.max, column.categories
    checks = [
        pa.Check(lambda values: bool(values.isna().mean() <= column.max_missing), name="missing", ignore_na=False)
    ]
    if column.type == "number":
        checks.append(pa.Check(lambda values: _within(values, low, high), name="range"))
    if column.type == "text":
        checks.append(pa.Check(lambda values: values.isin(known), name="known"))
    return pa.Column(_DTYPES[column.type], checks, nullable=True)


def _target(target: Target) -> pa.Column:
    if not target.classes:
        return pa.Column("float64", pa.Check(lambda values: _within(values, target.min, target.max), name="range"))
    return pa.Column(
        "str",
        [
            pa.Check(lambda values: values.isin(target.classes), name="known"),
            pa.Check(lambda values: set(target.classes) <= set(values), name="present"),
        ],
    )


def _refuse(schema: Schema, frame: pd.DataFrame, failures: pd.DataFrame) -> None:
    problems = Problems(schema.source.label, DataError)
    mistyped = set(failures.loc[failures["check"].str.startswith("dtype"), "column"])
    for (column, check), cases in failures.fillna({"column": ""}).groupby(["column", "check"], sort=False):
        if not column:
            for name in cases["failure_case"]:
                _add_name(problems, schema, frame, name, known=check == "column_in_dataframe")
        elif column not in mistyped:
            _add_values(problems, schema, frame[column], str(check))
    for name in sorted(mistyped):
        _add_type(problems, schema, frame[name])
    problems.refuse()


def _add_name(problems: Problems, schema: Schema, frame: pd.DataFrame, name: str, *, known: bool) -> None:
    if known:
        guess = did_you_mean(name, set(frame.columns) - schema.features.keys())
        problems.add(f"column '{name}' of schema.yaml is not in the table{guess}", REMEDY)
    else:
        guess = did_you_mean(name, schema.features.keys() - set(frame.columns))
        drop = f"set data.drop: [{name}] in params.yaml"
        problems.add(f"column '{name}' is not in schema.yaml{guess}", f"{drop}; or {REMEDY}")


def _add_type(problems: Problems, schema: Schema, values: pd.Series[Any]) -> None:
    name, present = str(values.name), values.notna()
    where, shown = place(present), quoted(values[present].iloc[0])
    kind = _KINDS.get(str(values.dtype), "times")
    if name == schema.target.name:
        wanted, declare = ("classes" if schema.target.classes else "a range"), "set data.task"
    else:
        wanted = schema.features[name].type
        declare = f"set data.types: {{{name}: {wanted}}}"
    problems.add(
        f"column '{name}', {where}: holds {kind}, as {shown}; schema.yaml says {wanted}",
        f"{declare} in params.yaml; or {REMEDY}",
    )


def _add_values(problems: Problems, schema: Schema, values: pd.Series[Any], check: str) -> None:
    name = str(values.name)
    rule: Column | Target = schema.target if name == schema.target.name else schema.features[name]
    if check == "present":
        absent = [label for label in schema.target.classes if label not in set(values)]
        problems.add(f"target '{name}': no row has the class {', '.join(map(quoted, absent))}", REMEDY)
        return
    if isinstance(rule, Column) and check == "missing":
        odd = values.isna()
        allowed = f"{odd.mean():.1%} of the values are missing, schema.yaml allows {rule.max_missing:.1%}"
    elif check == "range":
        odd = values.notna() & ~_within(values, rule.min, rule.max)
        allowed = f"{values[odd].iloc[0]} is outside {rule.min} to {rule.max}"
    else:
        known = rule.classes if isinstance(rule, Target) else rule.categories
        odd = values.notna() & ~values.isin(known)
        shown = ", ".join(known[:10]) + (", …" if len(known) > 10 else "")
        allowed = f"{quoted(values[odd].iloc[0])} is none of {shown}"
    problems.add(f"column '{name}', {place(odd)}: {allowed} ({count(odd)})", REMEDY)


def _within(values: pd.Series[Any], low: float | None, high: float | None) -> pd.Series[bool]:
    return (values >= low) & (values <= high)
