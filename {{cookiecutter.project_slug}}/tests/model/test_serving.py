"""The trained model behind the real service: what training computed is what callers get."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import sample
from running import listening
from service import auth
from service.app import create_app
from service.approval import Statement
from service.settings import Settings
from trained import Trained
from training import convert, estimators, prepare

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def client(trained: Trained, tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    """A client of the service that serves the trained model, approved by somebody."""
    folder = tmp_path_factory.mktemp("served")
    release = folder / "current"
    shutil.copytree(trained.layout.bundle, release / "bundle")
    found, key = trained.bundle, Ed25519PrivateKey.generate()
    names = ("model", "version", "run_id", "trained_by", "trained_at", "approver", "approved_at", "note")
    words = dict.fromkeys(names, "-") | {"model": found.name, "approver": sample.APPROVER, "trained_by": sample.TRAINER}
    statement = Statement(**words, bundle_digest=found.digest, commit=found.lineage["commit"])
    sample.approve(release, statement, key)
    sample.list_approvers(folder / "approvers.toml", {sample.APPROVER: key})
    api_key = auth.create_key(folder / "api-keys.json", "tester")
    settings = Settings(
        environment="prod",
        bundle=release,
        approvers=folder / "approvers.toml",
        api_keys=folder / "api-keys.json",
        audit=None,
        log_level="error",
    )
    with (
        listening(create_app(settings)) as url,
        httpx.Client(base_url=url, headers={"X-API-Key": api_key}, trust_env=False, timeout=60) as made,
    ):
        yield made


@pytest.mark.filterwarnings("ignore")
def test_training_code_and_service_agree(trained: Trained, client: httpx.Client) -> None:
    """Train/serve skew: the test rows through the scikit-learn pipeline, and through HTTP."""
    ready, wanted, signature = trained.prepared, trained.params, trained.bundle.signature
    fitted = estimators.pipeline(wanted.estimator.name, wanted.estimator.parameters, signature, wanted.split.seed)
    estimators.fit(fitted, wanted.estimator.name, prepare.design(ready.train.blocks, signature), ready.train.target)
    expected = convert.answers(fitted, prepare.design(ready.test.blocks, signature), signature)
    rows = prepare.rows(ready.test.frame, signature)[:2000]
    answer = client.post("/v1/predict", json={"rows": rows})
    assert answer.status_code == 200, answer.text
    predictions = answer.json()["predictions"]
    if signature.classes:
        got = [[prediction["probabilities"][label] for label in signature.classes] for prediction in predictions]
    else:
        got = [[prediction["value"]] for prediction in predictions]
    spread = 1.0 if signature.classes else float(ready.train.target.std())
    np.testing.assert_allclose(np.array(got) / spread, expected[: len(rows)] / spread, atol=convert.TOLERANCE)
    assert np.median(np.abs(np.array(got) - expected[: len(rows)])) / spread <= 1e-6


def test_users_are_answered_under_load(trained: Trained, client: httpx.Client, tmp_path: Path) -> None:
    """A few seconds of `tests/load/locustfile.py`: it works, and nobody gets an error."""
    shutil.copytree(trained.layout.bundle, tmp_path / "bundle")
    command = [sys.executable, "-m", "locust", "-f", str(ROOT / "tests" / "load" / "locustfile.py")]
    options = ["--headless", "-u", "4", "-r", "4", "-t", "3s", "--host", str(client.base_url), "--only-summary"]
    environment = {**os.environ, "SERVICE_BUNDLE": str(tmp_path), "API_KEY": client.headers["X-API-Key"]}
    done = subprocess.run(
        [*command, *options], env=environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Aggregated" in done.stderr + done.stdout
