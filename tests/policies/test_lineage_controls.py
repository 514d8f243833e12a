"""Where a model comes from: what trains it and is started, what registers it, what names its commit and its version."""

import json

import pytest
from judged import SERVICE, ci, refuses

FIT = "model.fit(rows)"


@pytest.mark.parametrize(
    ("call", "trains"),
    [
        *((f"self.model.{name}(rows)", True) for name in ("fit", "fit_transform", "train", "partial_fit")),
        ("train(rows)", True),
        ("model.predict(rows)", False),
    ],
)
def test_what_trains(call, trains):
    files = {"train.py": call, "Makefile": "train:\n\tpython train.py"}
    assert refuses("G1.training-is-code", files=files) is not trains


@pytest.mark.parametrize(
    ("name", "read"),
    [
        *((name, True) for name in ("Makefile", "dvc.lock", ".github/workflows/a.yml", ".gitlab-ci.yml")),
        *(
            (name, True)
            for name in ("Jenkinsfile", "train.sh", "README.md", "Dockerfile", "pyproject.toml", "pipeline.yaml")
        ),
        ("notes.txt", False),
    ],
)
def test_what_names_a_program_starts_it(name, read):
    assert refuses("G1.training-is-code", files={"train.py": FIT, name: "python train.py"}) is not read


@pytest.mark.parametrize(
    ("path", "command", "started"),
    [
        ("train.py", "python -m train", True),
        ("train.py", '["python", "-m", "train"]', True),
        ("train.py", "python -m trainer", False),
        ("train.py", "python retrain.py", False),
        ("src/train.py", "python ./src/train.py", True),
        ("src/train.py", "python -m train", True),
        ("src/training/train.py", "python -m training.train", True),
        ("src/training/train.py", "python -m training", True),
        ("src/training/steps/train.py", "python -m training.steps.train", True),
        ("src/training/steps/train.py", "python -m training.other", False),
        ("src/training/train.py", "python tools/train.py", True),
    ],
)
def test_ways_to_start_a_program(path, command, started):
    assert refuses("G1.training-is-code", files={path: FIT, "README.md": command}) is not started


def test_a_program_that_is_started_starts_what_it_imports():
    files = {"train.py": FIT, **ci("python main.py")}
    assert not refuses("G1.training-is-code", files={"main.py": "import train", **files})
    assert refuses("G1.training-is-code", files={"main.py": "import other", **files})


@pytest.mark.parametrize(
    ("code", "registers"),
    [
        *((f"import {name}\n{name}.save_model(model)", True) for name in ("mlflow", "bentoml", "wandb", "sagemaker")),
        *((f"import {name}\n{name}.upload_model(model)", True) for name in ("azure", "clearml", "neptune", "comet_ml")),
        ("from dvclive import Live\nLive().log_artifact(model)", True),
        ("from huggingface_hub import HfApi\nmodel.push_to_hub(name)", True),
        ("from google.cloud import aiplatform\naiplatform.register(model)", True),
        ("import mlflow\nmlflow.start_run()", False),
        ("import atexit\natexit.register(model)", False),
        *((f"log(model, {name}='iris')", True) for name in ("registered_model_name", "registered_name")),
        ("log(model, name='iris')", False),
    ],
)
def test_registries(code, registers):
    assert refuses("G1.model-registered", files={"train.py": code}) is not registers


@pytest.mark.parametrize(("name", "kept"), [("model.onnx.dvc", True), ("dvc.lock", True), ("dvc.yaml", False)])
def test_dvc_keeps_versions_but_not_by_its_steps(name, kept):
    assert refuses("G1.model-registered", files={"train.py": FIT, name: ""}) is not kept


@pytest.mark.parametrize("text", ["no JSON", json.dumps({"cells": [{"cell_type": "code", "source": "pip install"}]})])
def test_a_notebook_that_cannot_be_read_registers_nothing(text):
    assert refuses("G1.model-registered", files={"train.py": FIT, "a.ipynb": text})


@pytest.mark.parametrize(
    ("code", "recorded"),
    [
        *((f"commit = '{name}'", True) for name in ("rev-parse", "GITHUB_SHA", "CI_COMMIT_SHA", "GIT_COMMIT")),
        *((f"commit = {name}", True) for name in ("git_commit", "git.commit", "repo.head.object.hexsha")),
        ("import mlflow\nmlflow.start_run()", True),
        ("start_run()", False),
        ("import mlflow", False),
        ("commit = 1", False),
    ],
)
def test_commits(code, recorded):
    assert refuses("G1.lineage-recorded", files={"train.py": f"{code}\ndata_digest = 1"}) is not recorded


@pytest.mark.parametrize(
    ("code", "recorded"),
    [
        *((f"{name} = 1", True) for name in ("data_version", "DATASET_SHA256", "dataset_fingerprint")),
        *((f"run.{name}(rows)", True) for name in ("log_input", "use_artifact")),
        ("data = 1", False),
    ],
)
def test_data(code, recorded):
    assert refuses("G1.lineage-recorded", files={"train.py": f"{code}\ngit_commit = 1"}) is not recorded


def test_dvc_records_data():
    assert not refuses("G1.lineage-recorded", files={"train.py": "git_commit = 1", "rows.csv.dvc": ""})


@pytest.mark.parametrize(
    ("call", "newest"),
    [
        ("load_model('models:/iris/Production')", True),
        ("load_model('models:/iris/Staging')", True),
        ("load_model('models:/iris/latest')", True),
        ("load_model('models:/iris')", True),
        ("load_model('models:/iris@champion')", False),
        ("load_model('models:/iris/7')", False),
        ("store.get('iris:latest')", True),
        ("bentoml.models.BentoModel('iris:latest')", True),
        ("store.describe('iris:latest')", False),
        ("get('models', 'iris:latest')", True),
    ],
)
def test_versions_that_are_served(call, newest):
    assert refuses("G1.served-version-fixed", files={"app.py": SERVICE + call}) is newest
