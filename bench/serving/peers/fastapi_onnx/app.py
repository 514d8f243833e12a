"""FastAPI with ONNX Runtime and what production code usually puts around it.

A dependency that checks the API key, an `http` middleware that sets a request id and logs a JSON line, the Prometheus
instrumentator, OpenTelemetry's instrumentation with the same share of requests sampled as the service has.
"""

from __future__ import annotations

import json
import logging
import os
import secrets
import sys
import time
import uuid
from typing import Annotated

import numpy as np
import onnxruntime
from fastapi import Depends, FastAPI, HTTPException, Request
from fastapi.security import APIKeyHeader
from opentelemetry import trace
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.instrumentation.fastapi import FastAPIInstrumentor
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from prometheus_fastapi_instrumentator import Instrumentator
from pydantic import BaseModel

logging.basicConfig(stream=sys.stdout, level=logging.INFO, format="%(message)s")
log = logging.getLogger("access")
KEY = os.environ["BENCH_KEY"]

options = onnxruntime.SessionOptions()
options.intra_op_num_threads = 1
session = onnxruntime.InferenceSession(os.path.join(os.environ["BENCH_MODEL"], "model.onnx"), options)

provider = TracerProvider(
    resource=Resource.create({"service.name": "bench"}),
    sampler=ParentBased(TraceIdRatioBased(float(os.environ["BENCH_TRACE_SHARE"]))),
)
provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter(endpoint=os.environ["BENCH_OTLP"])))
trace.set_tracer_provider(provider)

app = FastAPI()
Instrumentator().instrument(app).expose(app)
FastAPIInstrumentor.instrument_app(app)


class Rows(BaseModel):
    rows: list[list[float]]


class Answer(BaseModel):
    probabilities: list[list[float]]


@app.middleware("http")
async def observe(request: Request, call_next):
    began = time.perf_counter()
    request_id = request.headers.get("x-request-id") or str(uuid.uuid4())
    response = await call_next(request)
    response.headers["x-request-id"] = request_id
    took = round((time.perf_counter() - began) * 1000, 3)
    line = {"request_id": request_id, "method": request.method, "path": request.url.path}
    log.info(json.dumps({**line, "status": response.status_code, "milliseconds": took}))
    return response


def authenticate(key: Annotated[str | None, Depends(APIKeyHeader(name="X-API-Key", auto_error=False))]) -> None:
    if key is None or not secrets.compare_digest(key, KEY):
        raise HTTPException(401, "the API key is not known")


@app.post("/predict", dependencies=[Depends(authenticate)])
async def predict(request: Rows) -> Answer:
    (found,) = session.run(["probabilities"], {"numeric": np.array(request.rows, dtype=np.float32)})
    return Answer(probabilities=found.tolist())
