"""FastAPI with scikit-learn, as its tutorials have it: a pydantic model, a plain function, the pickled estimator."""

from __future__ import annotations

import os

import joblib
from fastapi import FastAPI
from pydantic import BaseModel

app = FastAPI()
model = joblib.load(os.path.join(os.environ["BENCH_MODEL"], "model.joblib"))


class Request(BaseModel):
    rows: list[list[float]]


class Answer(BaseModel):
    probabilities: list[list[float]]


@app.post("/predict")
def predict(request: Request) -> Answer:
    return Answer(probabilities=model.predict_proba(request.rows).tolist())
