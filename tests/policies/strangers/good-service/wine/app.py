"""The service: predictions for those with a key, and what operators need."""

import logging
import os
import uuid

from fastapi import Depends, FastAPI, HTTPException, Request
from prometheus_client import make_asgi_app
from pythonjsonlogger.json import JsonFormatter
from slowapi import Limiter

from wine import audit, drift
from wine.keys import known_caller
from wine.measures import OUTCOMES, PREDICTIONS
from wine.model import load

handler = logging.StreamHandler()
handler.setFormatter(JsonFormatter())
logging.basicConfig(level=logging.INFO, handlers=[handler])
log = logging.getLogger("wine")

app = FastAPI()
app.mount("/metrics", make_asgi_app())
app.state.limiter = Limiter(key_func=known_caller, default_limits=["50/second"])
model = load(os.environ.get("MODEL", "model.onnx"))


@app.get("/healthz")
def live():
    return {"status": "lives"}


@app.get("/readyz")
def ready():
    if model is None:
        raise HTTPException(503, "no model is loaded")
    return {"version": model.version}


@app.post("/predict")
def predict(row: dict, request: Request, caller: str = Depends(known_caller)):
    request_id = request.headers.get("x-request-id") or uuid.uuid4().hex
    quality = model.run(row)
    drift.observe(row)
    PREDICTIONS.labels(model.version, quality).inc()
    audit.record(request_id, caller, model.version, row, quality)
    log.info("predicted", extra={"request_id": request_id})
    return {"quality": quality, "request_id": request_id}


@app.post("/feedback")
def feedback(request_id: str, quality: int, caller: str = Depends(known_caller)):
    OUTCOMES.labels(audit.outcome(request_id, quality)).inc()
    return {}
