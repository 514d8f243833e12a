"""Saves the ONNX model in MLflow's format: `python save.py MODEL TO`. `mlflow models serve` then serves it."""

from __future__ import annotations

import sys

import mlflow
import numpy as np
import onnx
from mlflow.models import ModelSignature
from mlflow.types import Schema, TensorSpec

model, to = sys.argv[1:]
mlflow.onnx.save_model(
    onnx.load(f"{model}/model.onnx"),
    to,
    signature=ModelSignature(inputs=Schema([TensorSpec(np.dtype("float32"), (-1, 30), "numeric")])),
    onnx_session_options={"intra_op_num_threads": 1},
    pip_requirements=[],
)
