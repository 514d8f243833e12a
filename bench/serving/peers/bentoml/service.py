"""BentoML: a service class with adaptive batching, as its documentation advises for models that take batches."""

from __future__ import annotations

import os

import bentoml
import numpy as np
import onnxruntime


@bentoml.service(workers=1)
class Bench:
    def __init__(self) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(os.path.join(os.environ["BENCH_MODEL"], "model.onnx"), options)

    @bentoml.api(batchable=True, max_batch_size=1_000)
    def predict(self, rows: np.ndarray) -> np.ndarray:
        return self.session.run(["probabilities"], {"numeric": rows.astype(np.float32)})[0]
