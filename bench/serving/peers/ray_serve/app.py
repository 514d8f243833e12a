"""Ray Serve: one replica that batches, behind HAProxy and tuned for throughput as its documentation advises."""

from __future__ import annotations

import os
import signal

import numpy as np
import onnxruntime
import ray
from ray import serve
from starlette.requests import Request


@serve.deployment(num_replicas=1, max_ongoing_requests=512)
class Bench:
    def __init__(self) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(os.path.join(os.environ["BENCH_MODEL"], "model.onnx"), options)

    @serve.batch(max_batch_size=64, batch_wait_timeout_s=0)
    async def run(self, requests: list[np.ndarray]) -> list[np.ndarray]:
        (found,) = self.session.run(["probabilities"], {"numeric": np.concatenate(requests)})
        return np.split(found, np.cumsum([len(rows) for rows in requests])[:-1])

    async def __call__(self, request: Request) -> dict:
        document = await request.json()
        found = await self.run(np.array(document["rows"], dtype=np.float32))
        return {"probabilities": found.tolist()}


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    ray.init(num_cpus=os.cpu_count(), include_dashboard=False, log_to_driver=False)
    serve.start(http_options={"host": "127.0.0.1", "port": int(os.environ["BENCH_PORT"])})
    try:
        serve.run(Bench.bind(), route_prefix="/predict", blocking=True)
    finally:
        serve.shutdown()
        ray.shutdown()
