"""schema.yaml: what the table must look like. Inferred once, reviewed like code, enforced ever after."""

from __future__ import annotations

import logging
from pathlib import Path

from service.signature import Feature, Signature, Task
from training.enforcement import enforce
from training.inference import infer
from training.params import Params
from training.schema_file import Schema, load, save
from training.table import Table

__all__ = ["Schema", "enforce", "infer", "load", "resolve", "save", "signature"]

log = logging.getLogger("training")


def resolve(path: Path, table: Table, params: Params) -> Schema:
    """The schema of this table: the one in the file, or a new one when ``data`` in params.yaml changed since.

    When table and target stayed the same (only ``drop``, ``types`` and the like changed), what the file says
    of columns that are still there stands.

    Raises:
        DataError: the file is malformed.
        StorageError: a new one cannot be written.
    """
    if not path.exists():
        schema = infer(table, params)
        log.warning("%s: inferred from %s; review and commit it", path, table.path_label)
    else:
        old = load(path)
        if old.source == params.data:
            return old
        schema = _carried_over(old, infer(table, params))
        log.warning("%s: inferred anew, as data in params.yaml changed; review and commit it", path)
    save(schema, path)
    return schema


def signature(schema: Schema, task: Task) -> Signature:
    """The model's contract, as training and service both read it."""
    features = tuple(
        Feature(
            name=name,
            type=column.type,
            minimum=column.min,
            maximum=column.max,
            categories=tuple(column.categories),
            on_missing=column.on_missing,
            on_unseen=column.on_unseen,
            on_range=column.on_range,
        )
        for name, column in schema.features.items()
    )
    return Signature(task=task, target=schema.target.name, features=features, classes=tuple(schema.target.classes))


def _carried_over(old: Schema, new: Schema) -> Schema:
    """The new schema, but what was reviewed of the same table stands: target, columns of the same type."""
    if (old.source.label, old.target.name) != (new.source.label, new.target.name):
        return new
    kept = {name: column for name, column in old.features.items() if name in new.features}
    kept = {name: column for name, column in kept.items() if column.type == new.features[name].type}
    target = old.target if bool(old.target.classes) == bool(new.target.classes) else new.target
    return new.model_copy(update={"features": {**new.features, **kept}, "target": target})
