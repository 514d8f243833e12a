"""Every estimator that params.yaml can name is fitted, converted and gives the same answers as ONNX."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import Pipeline

from service.session import Session
from service.signature import MISSING_TEXT, Blocks, Feature, Signature, Task
from training import convert, estimators, prepare
from training.errors import ConversionError, ParamsError

NEEDS = {"lightgbm": "lightgbm", "xgboost": "xgboost"}
CLASSES: dict[Task, tuple[str, ...]] = {"binary": ("no", "yes"), "multiclass": ("low", "mid", "high"), "regression": ()}


def problem(task: Task, rows: int = 240) -> tuple[Signature, Blocks, np.ndarray[Any, Any]]:
    """A table with numbers, a boolean, a text and gaps, and a target that depends on them."""
    rng = np.random.default_rng(0)
    numeric = rng.normal(size=(rows, 3)).astype(np.float32)
    numeric[::9, 1] = np.nan
    numeric[:, 2] = numeric[:, 2] > 0
    text = rng.choice(["red", "blue", MISSING_TEXT], size=(rows, 1)).astype(object)
    score = np.nan_to_num(numeric).sum(axis=1) + (text[:, 0] == "red")
    features = (
        Feature("a", "number"),
        Feature("b", "number", on_missing="impute"),
        Feature("c", "boolean"),
        Feature("colour", "text", categories=("blue", "red"), on_missing="impute"),
    )
    edges = [score.mean()] if task == "binary" else np.quantile(score, [0.33, 0.66])
    target = score * 50 + 100 if task == "regression" else np.digitize(score, edges)
    return Signature(task, "y", features, CLASSES[task]), {"numeric": numeric, "text": text}, target


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("task", CLASSES)
@pytest.mark.parametrize("name", estimators.ESTIMATORS)
def test_onnx_answers_like_the_pipeline(name: str, task: Task) -> None:
    if name in NEEDS and find_spec(NEEDS[name]) is None:
        pytest.skip(f"{name} is not installed (make setup WITH=boosting)")
    signature, blocks, target = problem(task)
    rows = prepare.design(blocks, signature)
    fitted = estimators.pipeline(name, {}, signature, seed=7)
    estimators.fit(fitted, name, rows, target)
    model = convert.to_onnx(fitted, signature)
    assert model == convert.to_onnx(fitted, signature), "the same pipeline must give the same bytes"
    spread = float(target.std()) if task == "regression" else 1.0
    assert convert.check_parity(fitted, Session(model, signature), rows, blocks, spread) <= convert.TOLERANCE


def test_a_model_that_answers_otherwise_is_refused() -> None:
    signature, blocks, target = problem("binary")
    rows = prepare.design(blocks, signature)
    one = estimators.pipeline("decision-tree", {"max_depth": 2}, signature, seed=7).fit(rows, target)
    other = estimators.pipeline("decision-tree", {"max_depth": 5}, signature, seed=7).fit(rows, target)
    with pytest.raises(ConversionError, match="differs from the pipeline by"):
        convert.check_parity(one, Session(convert.to_onnx(other, signature), signature), rows, blocks)


class OwnClassifier(LogisticRegression):
    """Somebody's own, of which no converter knows."""


def test_what_cannot_be_converted_is_named() -> None:
    signature, blocks, target = problem("binary")
    features = estimators.pipeline("linear", {}, signature, seed=7).steps[0]
    fitted = Pipeline([features, ("estimator", OwnClassifier())])
    fitted.fit(prepare.design(blocks, signature), target)
    with pytest.raises(ConversionError, match=r"'estimator' \(OwnClassifier\)"):
        convert.to_onnx(fitted, signature)


@pytest.mark.parametrize(
    ("name", "parameters", "named"),
    [
        ("forest", {}, "random-forest"),
        ("random-forest", {"trees": 3}, "n_estimators"),
        ("random-forest", {"n_estimators": -1}, "n_estimators"),
    ],
)
def test_wrong_names_and_parameters_are_refused(name: str, parameters: dict[str, Any], named: str) -> None:
    signature, blocks, target = problem("binary")
    with pytest.raises(ParamsError, match=named):
        estimators.fit(
            estimators.pipeline(name, parameters, signature, 7), name, prepare.design(blocks, signature), target
        )
