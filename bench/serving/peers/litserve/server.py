"""LitServe: batches, and the ZeroMQ queue that its documentation advises above 100 requests a second."""

from __future__ import annotations

import os

import litserve
import numpy as np
import onnxruntime


class Bench(litserve.LitAPI):
    def setup(self, device):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(os.path.join(os.environ["BENCH_MODEL"], "model.onnx"), options)

    def decode_request(self, request):
        return np.array(request["rows"], dtype=np.float32)

    def batch(self, inputs):
        self.sizes = [len(rows) for rows in inputs]
        return np.concatenate(inputs)

    def predict(self, rows):
        return self.session.run(["probabilities"], {"numeric": rows})[0]

    def unbatch(self, output):
        return np.split(output, np.cumsum(self.sizes)[:-1])

    def encode_response(self, output):
        return {"probabilities": output.tolist()}


if __name__ == "__main__":
    api = Bench(max_batch_size=64, batch_timeout=0.001, api_path="/predict")
    server = litserve.LitServer(api, accelerator="cpu", workers_per_device=1, fast_queue=True)
    server.run(host="127.0.0.1", port=int(os.environ["BENCH_PORT"]), num_api_servers=1, generate_client_file=False)
