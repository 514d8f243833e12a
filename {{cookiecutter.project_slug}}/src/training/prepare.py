"""The step ``data``: read the table, hold it against its schema, and set test rows aside."""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from service.bundle import canonical
from service.signature import Blocks, Signature, rows_of
from training import enforcement, features, params, schema, split, table
from training.layout import Layout, read_bytes, read_json
from training.storage import write_folder

TRAIN, TEST, FACTS = "train.parquet", "test.parquet", "facts.json"


@dataclass(frozen=True)
class Part:
    """Some rows of the table, ready for fitting or measuring.

    Attributes:
        frame: all columns, the time or group column too.
        blocks: the rows as the model takes them.
        target: class numbers for classification, values for regression.
    """

    frame: pd.DataFrame
    blocks: Blocks
    target: NDArray[Any]

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return len(self.frame)


@dataclass(frozen=True)
class Prepared:
    """What the step leaves for the next ones."""

    signature: Signature
    train: Part
    test: Part
    facts: dict[str, Any]


def prepare(layout: Layout) -> dict[str, Any]:
    """Run the step; returns the facts it writes beside the two parts.

    Raises:
        TrainingError: whatever is wrong with params.yaml, the table or its schema.
    """
    wanted = params.load(layout.params)
    found = table.read(wanted.data, layout.root, wanted.slices)
    params.check_task(wanted, found.task)
    rules = schema.resolve(layout.schema, found, wanted)
    enforcement.enforce(rules, found.frame)
    parts = split.split(found.frame, wanted, found.task)
    facts = {
        "source": found.source,
        "digest": found.digest,
        "rows": len(found.frame),
        "train": len(parts.train),
        "test": len(parts.test),
        "split": split.described(wanted, found.task),
        "signature": schema.signature(rules, found.task).to_dict(),
    }
    write_folder(
        layout.data,
        {TRAIN: _parquet(parts.train), TEST: _parquet(parts.test), FACTS: canonical(facts)},
    )
    return facts


def read(layout: Layout) -> Prepared:
    """Read what the step wrote.

    Raises:
        DataError: it has not run yet.
    """
    facts = read_json(layout.data / FACTS, "data")
    signature = Signature.from_dict(facts["signature"])
    train, test = (_part(read_bytes(layout.data / name, "data"), signature) for name in (TRAIN, TEST))
    return Prepared(signature, train, test, facts)


def design(blocks: Blocks, signature: Signature) -> pd.DataFrame:
    """The model's input as the one table that a scikit-learn pipeline takes: numbers and booleans first, then texts."""
    parts = []
    if signature.numeric:
        parts.append(pd.DataFrame(blocks["numeric"], columns=[f.name for f in signature.numeric]))
    if signature.text:
        parts.append(pd.DataFrame(blocks["text"], columns=[f.name for f in signature.text], dtype=object))
    return pd.concat(parts, axis=1)


def rows(frame: pd.DataFrame, signature: Signature) -> list[dict[str, Any]]:
    """Rows as a caller would send them: plain values by name, ``None`` where one is missing."""
    columns = {}
    for feature in signature.features:
        column = frame[feature.name].astype(object)
        columns[feature.name] = column.where(column.notna(), None).tolist()
    return rows_of(columns)


def _part(data: bytes, signature: Signature) -> Part:
    frame = pd.read_parquet(io.BytesIO(data))
    target = frame[signature.target]
    if signature.task == "regression":
        values = target.to_numpy(dtype=np.float64)
    else:
        numbers = {label: number for number, label in enumerate(signature.classes)}
        values = target.astype(str).map(numbers).to_numpy(dtype=np.int64)
    return Part(frame, features.blocks(frame, signature), values)


def _parquet(frame: pd.DataFrame) -> bytes:
    data: bytes = frame.to_parquet(index=False)
    return data
