"""The models that every server is asked: `python models.py FOLDER`, in the environment of a generated project.

Three scikit-learn classifiers of 30 numbers (breast cancer, from scikit-learn itself) and their ONNX forms. FOLDER gets
`rows.json` (names and 64 rows) and, for each model, `model.joblib`, `model.onnx` and `expected.json`: what scikit-learn
answers to these rows, which every server's answers are held against. `forest-2` is the release that a reload brings.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import joblib
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import GradientBoostingClassifier, RandomForestClassifier
from sklearn.neural_network import MLPClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

ROWS = 64
MODELS = {
    "forest": RandomForestClassifier(100, random_state=0),
    "forest-2": RandomForestClassifier(100, random_state=1),
    "boosted": GradientBoostingClassifier(n_estimators=100, random_state=0),
    "mlp": make_pipeline(StandardScaler(), MLPClassifier((32, 16), max_iter=1000, random_state=0)),
}


def main(folder: Path) -> None:
    """Train, convert and write."""
    table = load_breast_cancer()
    for name, model in MODELS.items():
        fitted = model.fit(table.data, table.target)
        write(folder / name, fitted, table.data[:ROWS])
    rows = {"names": list(table.feature_names), "classes": list(table.target_names), "rows": table.data[:ROWS].tolist()}
    ranges = {"minimum": table.data.min(axis=0).tolist(), "maximum": table.data.max(axis=0).tolist()}
    (folder / "rows.json").write_text(json.dumps({**rows, **ranges}), encoding="utf-8")


def write(folder: Path, fitted: Any, rows: Any) -> None:
    """One model in both forms, with the answers that count as right."""
    folder.mkdir(parents=True, exist_ok=True)
    joblib.dump(fitted, folder / "model.joblib")
    converted = convert_sklearn(
        fitted,
        name="model",
        initial_types=[("numeric", FloatTensorType([None, rows.shape[1]]))],
        options={id(fitted): {"zipmap": False}},
        target_opset={"": 18, "ai.onnx.ml": 3},
    )
    (folder / "model.onnx").write_bytes(converted.SerializeToString())
    (folder / "expected.json").write_text(json.dumps(fitted.predict_proba(rows).tolist()), encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
