"""Sentiment of product reviews."""

import bentoml
import numpy as np

MODEL = bentoml.models.BentoModel("sentiment:latest")


@bentoml.service(traffic={"timeout": 5, "max_concurrency": 32}, resources={"cpu": "1"})
class Sentiment:
    def __init__(self) -> None:
        self.pipeline = bentoml.sklearn.load_model(MODEL)

    @bentoml.api(batchable=True)
    def classify(self, texts: list[str]) -> np.ndarray:
        return self.pipeline.predict_proba(texts)[:, 1]
