"""A client generated from the service's own OpenAPI document, used as it comes, gets right answers."""

import importlib
import json
import os
import subprocess
import sys

import pytest

from project import run, served

SAMPLE = "import pathlib, sample, sys; sample.release(pathlib.Path(sys.argv[1]), sys.argv[2])"
"""Makes a small approved bundle: gaps, texts and true/false in its rows, which the demo's have not."""


@pytest.fixture
def generate(tmp_path, monkeypatch):
    """Generates a client of a running service, without a warning: generate(service) gives its package."""

    def generate(service):
        (tmp_path / "openapi.json").write_bytes(service.get("/openapi.json"))
        command = [sys.executable, "-m", "openapi_python_client", "generate", "--meta=none", "--fail-on-warning"]
        files = [f"--path={tmp_path}/openapi.json", f"--output-path={tmp_path}/generated"]
        path = f"{os.path.dirname(sys.executable)}{os.pathsep}{os.environ['PATH']}"  # it looks for ruff there
        done = subprocess.run([*command, *files], env={**os.environ, "PATH": path}, capture_output=True, text=True)
        assert done.returncode == 0, done.stdout + done.stderr
        monkeypatch.syspath_prepend(tmp_path)
        for name in [name for name in sys.modules if name.split(".")[0] == "generated"]:
            monkeypatch.delitem(sys.modules, name)  # that of another model
        return importlib.import_module("generated")

    return generate


def answers(generated, service, rows):
    """What the generated client makes of the service's predictions, as plain numbers."""
    predict = importlib.import_module("generated.api.predictions.predict")
    models = importlib.import_module("generated.models")
    body = models.PredictRequest(rows=[models.Row.from_dict(row) for row in rows])
    with generated.AuthenticatedClient(base_url=service.address, token=service.key) as client:
        answer = predict.sync(client=client, body=body)
    assert isinstance(answer, models.PredictResponse), answer
    told = [prediction.to_dict() for prediction in answer.predictions]
    return [list(one["probabilities"].values()) if "label" in one else [one["value"]] for one in told]


def golden(bundle):
    found = json.loads((bundle / "golden.json").read_text(encoding="utf-8"))
    return found["rows"], [pytest.approx(row, abs=1e-6) for row in found["expected"]]


def test_of_the_demo(demo, generate):
    rows, expected = golden(demo.folder / "models/current/bundle")
    with served(demo.folder) as service:
        assert answers(generate(service), service, rows) == expected


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_of_any_kind_of_model(new_project, generate, task):
    release, python = new_project / "models/current", new_project / ".venv/bin/python"
    path = f"{new_project}/src{os.pathsep}{new_project}/tests"
    run(new_project, python, "-c", SAMPLE, release, task, PYTHONPATH=path)
    rows, expected = golden(release / "bundle")
    with served(new_project, SERVICE_APPROVERS="models/approvers.toml") as service:
        assert answers(generate(service), service, rows) == expected
