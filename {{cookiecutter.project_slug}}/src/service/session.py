"""The model in memory: the only module that knows ONNX Runtime."""

from __future__ import annotations

import os

os.environ["ORT_DISABLE_TELEMETRY"] = "1"  # read once, when onnxruntime is first imported

import numpy as np
import onnxruntime
from numpy.typing import NDArray

from service.bundle import Golden
from service.errors import BundleError
from service.signature import Blocks, Signature


class Session:
    """An ONNX model that answers for one signature.

    Args:
        model: the ONNX bytes.
        signature: what it takes and gives.
        threads: threads used for one call; 1 leaves the cores to concurrent requests.

    Raises:
        BundleError: the bytes are no model, or its inputs and output are not those of the signature.
    """

    def __init__(self, model: bytes, signature: Signature, threads: int = 1) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self.model = model
        self.signature = signature
        try:
            self._session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        except Exception as error:  # ONNX Runtime has no base class of its own for these
            raise BundleError(f"the model cannot be loaded: {error}") from error
        self._check_interface()

    def run(self, blocks: Blocks) -> NDArray[np.float32]:
        """Answer: class probabilities [rows, classes], or values [rows, 1]."""
        (output,) = self._session.run([self.signature.output], blocks)
        result: NDArray[np.float32] = np.asarray(output, dtype=np.float32)
        return result.reshape(-1, max(1, len(self.signature.classes)))

    def check(self, golden: Golden) -> None:
        """Compare with answers known since training.

        Raises:
            BundleError: an answer differs by more than the tolerance: train/serve skew.
        """
        got = self.run(self.signature.decode(golden.rows).blocks).astype(np.float64)
        expected = np.array(golden.expected, dtype=np.float64)
        if got.shape != expected.shape:
            raise BundleError(f"golden rows: {got.shape} answers for {expected.shape} expected")
        skew = np.abs(got - expected)
        if not bool((skew <= golden.tolerance).all()):
            row = int(skew.max(axis=1).argmax())
            raise BundleError(f"golden row {row}: off by {skew.max():.2g}, more than {golden.tolerance:.2g}")

    def _check_interface(self) -> None:
        blocks = {"numeric": self.signature.numeric, "text": self.signature.text}
        expected = {name: len(block) for name, block in blocks.items() if block}
        inputs = {node.name: node.shape[-1] for node in self._session.get_inputs()}
        outputs = [node.name for node in self._session.get_outputs()]
        if inputs != expected or self.signature.output not in outputs:
            raise BundleError(
                f"the model takes {inputs} and gives {outputs}, "
                f"the signature says {expected} and {self.signature.output}"
            )
