"""Load: users who send one golden row after another. ``.venv/bin/locust -f FILE`` opens its page."""

from __future__ import annotations

import itertools
import json
import os
from pathlib import Path

from locust import HttpUser, constant, task

BUNDLE = Path(os.environ.get("SERVICE_BUNDLE", "models/current")) / "bundle"
ROWS = json.loads((BUNDLE / "golden.json").read_text(encoding="utf-8"))["rows"]
KEY = os.environ.get("API_KEY") or Path(".local/api-key").read_text(encoding="ascii").strip()


class Caller(HttpUser):
    """Somebody who asks for one prediction at a time, without a pause."""

    wait_time = constant(0)

    def on_start(self) -> None:
        """Each user starts at the first row."""
        self.rows = itertools.cycle(ROWS)

    @task
    def predict(self) -> None:
        """One row; anything but a prediction is a failure."""
        with self.client.post(
            "/v1/predict", json={"rows": [next(self.rows)]}, headers={"X-API-Key": KEY}, catch_response=True
        ) as answer:
            if answer.status_code != 200 or not answer.json().get("predictions"):
                answer.failure(f"{answer.status_code}: {answer.text[:200]}")
