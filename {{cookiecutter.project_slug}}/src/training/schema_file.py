"""What schema.yaml holds, and how it is read and written."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import yaml
from pydantic import Field, ValidationError, model_validator

from service.signature import FeatureType
from training.block import Block
from training.errors import DataError
from training.params import Data
from training.problems import Problems, add_invalid
from training.storage import write_file
from training.strict_yaml import read_mapping

HEADER = """\
# What the table must look like: inferred from it once, then reviewed like code and enforced. Edit it in a
# pull request, or delete it to have it inferred anew. min and max are those seen, widened by a quarter of
# their span on each side; max_missing is the largest share of rows without a value.
# The service reads requests by it: on_missing reject or impute; on_range and on_unseen reject, or flag,
# which lets the value through and says so in the answer.
"""

_KEYS: dict[FeatureType, frozenset[str]] = {
    "number": frozenset({"type", "min", "max", "max_missing", "on_missing", "on_range"}),
    "boolean": frozenset({"type", "max_missing", "on_missing"}),
    "text": frozenset({"type", "categories", "max_missing", "on_missing", "on_unseen"}),
}


class Column(Block):
    """What one feature's values may be, and what the service does with others."""

    type: FeatureType
    min: float | None = None
    max: float | None = None
    categories: list[str] = Field(default=[])
    max_missing: float = Field(default=0.0, ge=0, le=1)
    on_missing: Literal["reject", "impute"] = "reject"
    on_range: Literal["reject", "flag"] = "flag"
    on_unseen: Literal["reject", "flag"] = "reject"

    @model_validator(mode="after")
    def _consistent(self) -> Column:
        odd = sorted(self.model_fields_set - _KEYS[self.type])
        if odd:
            raise ValueError(f"a {self.type} has no {' or '.join(odd)}; remove it")
        if self.type == "number" and (self.min is None or self.max is None or self.min > self.max):
            raise ValueError("a number needs min and max, min not above max; add or correct them")
        if self.type == "text" and (not self.categories or len(set(self.categories)) < len(self.categories)):
            raise ValueError("a text needs categories, each once; list them")
        if self.max_missing and self.on_missing == "reject":
            raise ValueError("max_missing allows what on_missing rejects; set on_missing: impute or max_missing: 0.0")
        return self


class Target(Block):
    """The column to predict: its classes (of two, the last is the positive one), or its range."""

    name: str
    classes: list[str] = Field(default=[])
    min: float | None = None
    max: float | None = None

    @model_validator(mode="after")
    def _one_kind(self) -> Target:
        ranged = self.min is not None and self.max is not None and self.min <= self.max
        if bool(self.classes) == ranged or len(set(self.classes)) < len(self.classes):
            raise ValueError("takes classes, each once, or else min and max; give one of the two")
        return self


class Schema(Block):
    """What one table must look like; ``source`` is the ``data`` block of params.yaml that it belongs to."""

    source: Data
    target: Target
    features: dict[str, Column] = Field(min_length=1)


def load(path: Path) -> Schema:
    """Read schema.yaml.

    Raises:
        DataError: missing or malformed, naming every key that is wrong.
    """
    data = read_mapping(path, DataError, "delete it to have it inferred anew, or `git restore` it")
    try:
        return Schema.model_validate(data)
    except ValidationError as invalid:
        problems = Problems(str(path), DataError)
        add_invalid(problems, invalid, Schema)
        problems.refuse()
        raise


def save(schema: Schema, path: Path) -> None:
    """Write schema.yaml, whole or not at all.

    Raises:
        StorageError: it cannot be written.
    """
    data = {
        "source": schema.source.model_dump(exclude_defaults=True),
        "target": schema.target.model_dump(exclude_defaults=True),
        "features": {
            name: column.model_dump(include=set(_KEYS[column.type])) for name, column in schema.features.items()
        },
    }
    body = yaml.safe_dump(data, sort_keys=False, default_flow_style=None, allow_unicode=True, width=140)
    write_file(path, (HEADER + body).encode())
