"""Small sound releases for the service's tests, made without the training package."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from service import bundle
from service.approval import APPROVAL, Approval, Statement
from service.bundle import canonical, manifest, sha256
from service.session import Session
from service.signature import MISSING_TEXT, Feature, Signature, Task

APPROVER, TRAINER = "approver@example.org", "trainer@example.org"

NUMBERS = (
    Feature("mass", "number", minimum=0.5, maximum=9.5),
    Feature("age", "number", minimum=1.0, maximum=99.0, on_missing="impute"),
    Feature("limit", "number", minimum=-1.0, maximum=1.0, on_range="reject"),
)
SIGNATURES: dict[Task, Signature] = {
    "binary": Signature(
        "binary",
        "diagnosis",
        (
            *NUMBERS,
            Feature("smoker", "boolean"),
            Feature("site", "text", categories=("left", "right"), on_missing="impute"),
            Feature("stage", "text", categories=("I", "II"), on_unseen="flag"),
        ),
        ("benign", "malignant"),
    ),
    "multiclass": Signature("multiclass", "cultivar", NUMBERS, ("0", "1", "2")),
    "regression": Signature("regression", "progression", (*NUMBERS, Feature("treated", "boolean"))),
}
ROWS: dict[Task, list[dict[str, Any]]] = {
    "binary": [
        {"mass": 2.0, "age": 40.0, "limit": 0.25, "smoker": True, "site": "left", "stage": "I"},
        {"mass": 7.5, "age": None, "limit": -0.5, "smoker": False, "site": None, "stage": "II"},
    ],
    "multiclass": [{"mass": 2.0, "age": 40.0, "limit": 0.25}, {"mass": 7.5, "age": None, "limit": -0.5}],
    "regression": [
        {"mass": 2.0, "age": 40.0, "limit": 0.25, "treated": True},
        {"mass": 7.5, "age": None, "limit": -0.5, "treated": False},
    ],
}


@dataclass(frozen=True)
class Release:
    """A bundle and its approval on disk.

    Attributes:
        folder: holds ``bundle/`` and ``approval.json``, as ``pull`` leaves them.
        approvers: the list of those who may approve.
        key: the approver's private key.
        statement: what was signed.
    """

    folder: Path
    approvers: Path
    key: Ed25519PrivateKey
    statement: Statement

    def sign(self, key: Ed25519PrivateKey | None = None, **changes: str) -> None:
        """Write another approval: with other words, or by another key."""
        approve(self.folder, replace(self.statement, **changes), key or self.key)


def release(folder: Path, task: Task = "binary", key: Ed25519PrivateKey | None = None, **changes: str) -> Release:
    """Write an approved bundle, with ``approvers.toml`` beside the folder.

    Args:
        folder: where to.
        task: which of the small models.
        key: the approver's key; a new one by default.
        changes: fields of the signed statement that are to be other than usual.
    """
    key = key or Ed25519PrivateKey.generate()
    lineage = {**json.loads(contents(task)[bundle.LINEAGE]), "model": changes.get("model", "sample")}
    statement = Statement(
        **{
            "model": "sample",
            "version": "3",
            "bundle_digest": write_bundle(folder / "bundle", task, lineage=canonical(lineage)),
            "run_id": "run-1",
            "commit": "0" * 40,
            "trained_by": TRAINER,
            "trained_at": "2026-03-01T09:00:00+00:00",
            "approver": APPROVER,
            "approved_at": "2026-03-02T10:30:00+00:00",
            "note": "better on <small> tumours",
            **changes,
        }
    )
    approve(folder, statement, key)
    approvers = folder.parent / "approvers.toml"
    list_approvers(approvers, {APPROVER: key})
    return Release(folder, approvers, key, statement)


def approve(folder: Path, statement: Statement, key: Ed25519PrivateKey) -> None:
    """Sign a statement and put it beside the bundle."""
    approval = Approval(statement, key.sign(statement.payload()))
    (folder / APPROVAL).write_text(approval.to_json(), encoding="utf-8")


def list_approvers(path: Path, keys: dict[str, Ed25519PrivateKey]) -> None:
    """Write the list of those who may approve."""
    lines = [f'"{who}" = "{base64.b64encode(k.public_key().public_bytes_raw()).decode()}"' for who, k in keys.items()]
    path.write_text("\n".join(["[approvers]", *lines, ""]), encoding="utf-8")


def write_bundle(folder: Path, task: Task = "binary", **files: bytes) -> str:
    """Write a bundle and return its digest; ``files`` are contents other than usual, named by their stems."""
    written = {name: files.get(name.partition(".")[0], data) for name, data in contents(task).items()}
    folder.mkdir(parents=True)
    for name, data in written.items():
        (folder / name).write_bytes(data)
    head = manifest(written)
    (folder / bundle.MANIFEST).write_bytes(head)
    return sha256(head)


@cache
def contents(task: Task) -> dict[str, bytes]:
    """The files of a sound bundle, without its manifest."""
    signature, rows = SIGNATURES[task], ROWS[task]
    model = _train(signature)
    expected = Session(model, signature).run(signature.decode(rows).blocks).tolist()
    lineage = {
        "model": "sample",
        "commit": "0" * 40,
        "dirty": False,
        "data": {"source": "made up", "digest": sha256(b"data"), "rows": 120},
        "requirements": sha256(b"requirements"),
        "metrics": {"model": {"accuracy": 0.9375, "log_loss": 0.21}, "baseline": {"accuracy": 0.81}, "slices": {}},
    }
    return {
        bundle.MODEL: model,
        bundle.SIGNATURE: canonical(signature.to_dict()),
        bundle.GOLDEN: canonical({"rows": rows, "expected": expected, "tolerance": 1e-6}),
        bundle.LINEAGE: canonical(lineage),
        bundle.PROFILE: canonical({}),
        bundle.CARD: b"# Sample\n\nFor tests <only>.\n",
    }


def _train(signature: Signature) -> bytes:
    """Fit and convert a small model on made-up rows."""
    from skl2onnx import convert_sklearn
    from skl2onnx.common.data_types import FloatTensorType, StringTensorType

    numeric, text, target = _table(signature)
    regression = signature.task == "regression"
    fitted = _pipeline(signature).fit(np.hstack([numeric.astype(object), text]), target)
    kinds = [("numeric", FloatTensorType([None, numeric.shape[1]]))]
    kinds += [("text", StringTensorType([None, text.shape[1]]))] if text.size else []
    model = convert_sklearn(
        fitted,
        name="model",
        initial_types=kinds,
        final_types=[("value", FloatTensorType([None, 1]))] if regression else None,
        options=None if regression else {id(fitted[-1]): {"zipmap": False}},
        target_opset={"": 18, "ai.onnx.ml": 3},
    )
    return model.SerializeToString()


def _table(signature: Signature) -> tuple[Any, Any, Any]:
    chance = np.random.default_rng(7)
    rows = 120
    columns = [
        chance.uniform(f.minimum, f.maximum, rows) if f.type == "number" else chance.integers(0, 2, rows)
        for f in signature.numeric
    ]
    texts = [chance.choice(f.categories, rows).astype(object) for f in signature.text]
    numeric = np.column_stack(columns).astype(np.float32)
    text = np.column_stack(texts) if texts else np.empty((rows, 0), object)
    score = numeric[:, 0] + numeric[:, 2]
    if signature.task == "regression":
        return numeric, text, score
    edges = np.quantile(score, np.linspace(0, 1, len(signature.classes) + 1)[1:-1])
    return numeric, text, np.array(signature.classes)[np.digitize(score, edges)]


def _pipeline(signature: Signature) -> Any:
    from sklearn.compose import ColumnTransformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import Pipeline
    from sklearn.preprocessing import OneHotEncoder

    width = len(signature.numeric)
    known = [[*f.categories, *([MISSING_TEXT] if f.on_missing == "impute" else [])] for f in signature.text]
    encode = OneHotEncoder(categories=known, handle_unknown="ignore", sparse_output=False)
    parts = [("numeric", SimpleImputer(), list(range(width)))]
    parts += [("text", encode, list(range(width, width + len(known))))] if known else []
    estimator = Ridge() if signature.task == "regression" else LogisticRegression(max_iter=1000)
    return Pipeline([("features", ColumnTransformer(parts)), ("estimator", estimator)])
