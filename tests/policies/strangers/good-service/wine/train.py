"""Trains, compares with a baseline, and registers the model with its data and commit."""

import hashlib
import pathlib
import subprocess

import mlflow
import pandas as pd
from skl2onnx import to_onnx
from sklearn.dummy import DummyClassifier
from sklearn.ensemble import RandomForestClassifier

raw = pathlib.Path("data/wine.csv").read_bytes()
table = pd.read_csv("data/wine.csv")
features, target = table.drop(columns="quality"), table["quality"]
baseline = DummyClassifier().fit(features, target).score(features, target)
model = RandomForestClassifier(random_state=0).fit(features, target)
assert model.score(features, target) > baseline
with mlflow.start_run():
    mlflow.set_tag("git_commit", subprocess.check_output(["git", "rev-parse", "HEAD"], text=True).strip())
    mlflow.set_tag("data_sha256", hashlib.sha256(raw).hexdigest())
    mlflow.onnx.log_model(to_onnx(model, features[:1]), name="model", registered_model_name="wine-quality")
