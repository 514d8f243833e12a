"""What a model takes and gives: its features, and what to do with values it was not trained on.

Training and serving build the model's input through this one module, so they cannot drift apart.
"""

from __future__ import annotations

import json
import math
import reprlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from functools import cached_property
from typing import Any, Literal, TypeVar

import numpy as np
from numpy.typing import NDArray

from service.errors import FieldProblem, InvalidInput, pointer

T = TypeVar("T")
Task = Literal["binary", "multiclass", "regression"]
FeatureType = Literal["number", "boolean", "text"]
Blocks = dict[str, NDArray[Any]]
"""The model's input: ``numeric`` float32 [rows, numbers and booleans], ``text`` str [rows, texts]; no empty block."""

MISSING_TEXT = "(missing)"
"""Stands for a missing text in the model's input; a category like any other."""

MAX_FLOAT32 = float(np.finfo(np.float32).max)

MAX_PROBLEMS = 20
"""At most so many problems are named in one answer, whatever the request holds."""


@dataclass(frozen=True, slots=True)
class Feature:
    """One named input of the model.

    Attributes:
        name: the column's name.
        type: ``number``, ``boolean`` or ``text``.
        minimum: smallest value expected (numbers only).
        maximum: largest value expected (numbers only).
        categories: the values known to the model (texts only).
        on_missing: ``reject`` a row without a value, or ``impute`` it and flag the answer.
        on_range: ``reject`` or ``flag`` a number outside [minimum, maximum].
        on_unseen: ``reject`` or ``flag`` a text that is none of the categories.
    """

    name: str
    type: FeatureType
    minimum: float | None = None
    maximum: float | None = None
    categories: tuple[str, ...] = ()
    on_missing: Literal["reject", "impute"] = "reject"
    on_range: Literal["reject", "flag"] = "flag"
    on_unseen: Literal["reject", "flag"] = "reject"


@dataclass(frozen=True, slots=True)
class Flag:
    """A value that was let through although the model was not trained on its like."""

    field: str
    problem: Literal["missing", "out_of_range", "unseen_category"]


@dataclass(frozen=True, slots=True)
class Decoded:
    """Rows ready for the model.

    Attributes:
        blocks: the model's input arrays.
        rows: how many rows they hold.
        flags: row number -> what was imputed or let through in it.
    """

    blocks: Blocks
    rows: int
    flags: dict[int, list[Flag]]

    def canonical(self) -> bytes:
        """The same bytes for the same input, whichever protocol it came in."""
        numeric, text = self.blocks.get("numeric"), self.blocks.get("text")
        head = b"" if numeric is None else numeric.tobytes()
        return head if text is None else head + json.dumps(text.tolist()).encode()


@dataclass(frozen=True)
class Signature:
    """The model's contract.

    Attributes:
        task: what kind of answer it gives.
        target: the name of what it predicts.
        features: its inputs, in the order of the table.
        classes: the labels it chooses from, in the order of its probabilities; empty for regression.
    """

    task: Task
    target: str
    features: tuple[Feature, ...]
    classes: tuple[str, ...] = field(default=())

    @cached_property
    def numeric(self) -> tuple[Feature, ...]:
        """The features of the ``numeric`` block, in its column order."""
        return tuple(f for f in self.features if f.type != "text")

    @cached_property
    def text(self) -> tuple[Feature, ...]:
        """The features of the ``text`` block, in its column order."""
        return tuple(f for f in self.features if f.type == "text")

    @cached_property
    def names(self) -> frozenset[str]:
        """All feature names."""
        return frozenset(f.name for f in self.features)

    @cached_property
    def bounds(self) -> tuple[tuple[Feature, float, float], ...]:
        """The features of the ``numeric`` block, each with the range of numbers that need no further look.

        The range is widened to what 32 bits make of its edges: sent in 32 bits, an edge is inside still.
        """
        return tuple((f, *_range(f)) for f in self.numeric)

    @property
    def output(self) -> str:
        """The name of the model's output: ``probabilities`` [rows, classes] or ``value`` [rows, 1]."""
        return "value" if self.task == "regression" else "probabilities"

    def decode(self, rows: Sequence[Any], at: Callable[[int, str | None], str] | None = None) -> Decoded:
        """Check rows of named values against the signature and lay them out for the model.

        Args:
            rows: one mapping of feature name to value for each row.
            at: gives the JSON Pointer of (row, field) in the caller's own document; ``/rows/ROW/FIELD`` by default.

        Raises:
            InvalidInput: naming each field that the signature rejects.
        """
        reader = _Reader(self, at or (lambda row, name: pointer("rows", row, *([] if name is None else [name]))))
        return reader.read(rows)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON; the inverse of :meth:`from_dict`."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Signature:
        """Read what :meth:`to_dict` wrote."""
        features = tuple(Feature(**{**f, "categories": tuple(f["categories"])}) for f in data["features"])
        return cls(task=data["task"], target=data["target"], features=features, classes=tuple(data["classes"]))


class _Reader:
    """Reads one request's rows, collecting every problem before it refuses."""

    def __init__(self, signature: Signature, at: Callable[[int, str | None], str]) -> None:
        self.signature = signature
        self.at = at
        self.problems: list[FieldProblem] = []
        self.flags: dict[int, list[Flag]] = {}

    def read(self, rows: Sequence[Any]) -> Decoded:
        numeric: list[list[float]] = []
        text: list[list[str]] = []
        for number, row in enumerate(rows):
            if not isinstance(row, Mapping):
                self.reject(number, None, "expected an object of feature names and values")
            else:
                self.unknown(number, row)
                numeric.append(self.numbers(number, row))
                text.append([self.text(number, f, row.get(f.name)) for f in self.signature.text])
            if len(self.problems) >= MAX_PROBLEMS:
                break
        if self.problems:
            found = self.problems[:MAX_PROBLEMS]
            raise InvalidInput(f"{len(found)} field(s) do not fit the model's signature", tuple(found))
        return Decoded(self.blocks(numeric, text), len(rows), self.flags)

    def blocks(self, numeric: list[list[float]], text: list[list[str]]) -> Blocks:
        blocks: Blocks = {}
        if self.signature.numeric:
            blocks["numeric"] = np.array(numeric, dtype=np.float32).reshape(-1, len(self.signature.numeric))
        if self.signature.text:
            blocks["text"] = np.array(text, dtype=object).reshape(-1, len(self.signature.text))
        return blocks

    def unknown(self, number: int, row: Mapping[str, Any]) -> None:
        if row.keys() <= self.signature.names:
            return
        for name in row:
            if name not in self.signature.names:
                self.reject(number, str(name), "the model has no such feature")

    def numbers(self, number: int, row: Mapping[str, Any]) -> list[float]:
        values: list[float] = []
        for feature, low, high in self.signature.bounds:
            value: Any = row.get(feature.name)
            usual = (type(value) is float or type(value) is int) and low <= value <= high
            values.append(value if usual else self.number(number, feature, value))
        return values

    def number(self, number: int, feature: Feature, value: Any) -> float:
        if value is None or value != value:
            return self.missing(number, feature, math.nan)
        if feature.type == "boolean":
            if isinstance(value, bool | np.bool_):
                return float(value)
            self.reject(number, feature.name, f"expected true or false, got {_shown(value)}")
            return math.nan
        if isinstance(value, bool | np.bool_) or not isinstance(value, int | float | np.integer | np.floating):
            self.reject(number, feature.name, f"expected a number, got {_shown(value)}")
            return math.nan
        return self.in_range(number, feature, value)

    def in_range(self, number: int, feature: Feature, value: Any) -> float:
        if not -MAX_FLOAT32 <= value <= MAX_FLOAT32:
            self.reject(number, feature.name, "expected a finite number that fits 32 bits")
            return math.nan
        low, high = _range(feature)
        if not low <= value <= high:
            if feature.on_range == "reject":
                self.reject(number, feature.name, f"{value} is outside {feature.minimum} to {feature.maximum}")
            self.flag(number, Flag(feature.name, "out_of_range"))
        return float(value)

    def text(self, number: int, feature: Feature, value: Any) -> str:
        if value is None or value != value:
            return self.missing(number, feature, MISSING_TEXT)
        if not isinstance(value, str):
            self.reject(number, feature.name, f"expected a text, got {_shown(value)}")
            return MISSING_TEXT
        if value not in feature.categories:
            if feature.on_unseen == "reject":
                known = ", ".join(feature.categories[:10]) + (", …" if len(feature.categories) > 10 else "")
                self.reject(number, feature.name, f"{_shown(value)} is none of the known categories: {known}")
            self.flag(number, Flag(feature.name, "unseen_category"))
        return value

    def missing(self, number: int, feature: Feature, filler: T) -> T:
        if feature.on_missing == "reject":
            self.reject(number, feature.name, "required: the model has no rule for a missing value here")
        self.flag(number, Flag(feature.name, "missing"))
        return filler

    def reject(self, number: int, name: str | None, detail: str) -> None:
        self.problems.append(FieldProblem(self.at(number, name), detail))

    def flag(self, number: int, flag: Flag) -> None:
        self.flags.setdefault(number, []).append(flag)


def _shown(value: object) -> str:
    """A value as an error may quote it: its kind and a few characters, never a whole payload."""
    return f"{type(value).__name__} {_short.repr(value)}"


_short = reprlib.Repr()
_short.maxstring = _short.maxother = _short.maxlong = 40


def _range(feature: Feature) -> tuple[float, float]:
    """Smallest and largest number that is as expected; none for a boolean."""
    if feature.type != "number":
        return math.inf, -math.inf
    low = -MAX_FLOAT32 if feature.minimum is None else max(feature.minimum, -MAX_FLOAT32)
    high = MAX_FLOAT32 if feature.maximum is None else min(feature.maximum, MAX_FLOAT32)
    return min(low, float(np.float32(low))), max(high, float(np.float32(high)))


def rows_of(columns: Mapping[str, Iterable[Any]]) -> list[dict[str, Any]]:
    """Turn named columns of equal length into rows."""
    return [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
