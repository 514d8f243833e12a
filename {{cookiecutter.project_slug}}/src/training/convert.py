"""A fitted scikit-learn pipeline as ONNX, and the proof that both give the same answers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from skl2onnx import convert_sklearn
from skl2onnx.common.data_types import FloatTensorType, StringTensorType
from sklearn.pipeline import Pipeline

from service.session import Session
from service.signature import Blocks, Signature
from training.errors import ConversionError

OPSETS = {"": 18, "ai.onnx.ml": 3}
TOLERANCE = 1e-5
"""Largest difference between the pipeline and its ONNX form, in probability or in units of the target's spread."""


def to_onnx(fitted: Pipeline, signature: Signature) -> bytes:
    """Convert a pipeline; the same pipeline gives the same bytes.

    Raises:
        ConversionError: naming the step that has no ONNX form.
    """
    _register_boosters()
    inputs = _inputs(signature)
    regression = signature.task == "regression"
    try:
        model = convert_sklearn(
            fitted,
            name="model",
            initial_types=inputs,
            final_types=[("value", FloatTensorType([None, 1]))] if regression else None,
            options=None if regression else {id(fitted.steps[-1][1]): {"zipmap": False}},
            target_opset=OPSETS,
        )
    except Exception as error:  # skl2onnx and onnxmltools raise many kinds
        step, kind = _culprit(fitted, inputs)
        raise ConversionError(
            f"the step {step!r} ({kind}) cannot be converted to ONNX: {str(error).splitlines()[0]}",
            "take an estimator or transformer that skl2onnx or onnxmltools supports (see src/training/estimators.py)",
        ) from error
    data: bytes = model.SerializeToString()
    return data


def check_parity(fitted: Pipeline, session: Session, table: Any, blocks: Blocks, spread: float = 1.0) -> float:
    """Compare the two on a whole table; returns the largest difference, in units of ``spread``.

    Args:
        fitted: the scikit-learn pipeline.
        session: its ONNX form.
        table: the rows as the pipeline takes them.
        blocks: the same rows as the session takes them.
        spread: standard deviation of the target for regression, 1 for probabilities.

    Raises:
        ConversionError: they differ by more than ``TOLERANCE``.
    """
    expected = answers(fitted, table, session.signature)
    worst = float(np.abs(session.run(blocks).astype(np.float64) - expected).max() / spread)
    if not worst <= TOLERANCE:
        raise ConversionError(
            f"the ONNX form differs from the pipeline by {worst:.2g} on the test rows; {TOLERANCE:g} is allowed",
            "large numbers lose digits in single precision: subtract an offset from the column or target, or scale it",
        )
    return worst


def answers(fitted: Pipeline, table: Any, signature: Signature) -> NDArray[np.float64]:
    """What the pipeline itself answers, in the model's output shape."""
    if signature.task == "regression":
        return np.asarray(fitted.predict(table), dtype=np.float64).reshape(-1, 1)
    return np.asarray(fitted.predict_proba(table), dtype=np.float64)


def _inputs(signature: Signature) -> list[tuple[str, Any]]:
    inputs: list[tuple[str, Any]] = []
    if signature.numeric:
        inputs.append(("numeric", FloatTensorType([None, len(signature.numeric)])))
    if signature.text:
        inputs.append(("text", StringTensorType([None, len(signature.text)])))
    return inputs


def _culprit(fitted: Pipeline, inputs: list[tuple[str, Any]]) -> tuple[str, str]:
    """The first step without which the conversion works."""
    try:
        convert_sklearn(fitted[:-1], initial_types=inputs, target_opset=OPSETS)
    except Exception:
        name, step = fitted.steps[0]
    else:
        name, step = fitted.steps[-1]
    return name, type(step).__name__


def _register_boosters() -> None:
    """Teach skl2onnx the boosting libraries that happen to be installed."""
    from training import boosters

    boosters.register()
