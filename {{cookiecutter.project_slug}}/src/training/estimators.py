"""The models that ``params.yaml`` can name. To train with another one, add a line to ``ESTIMATORS``."""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

from service.signature import MISSING_TEXT, Signature
from training.errors import ParamsError


@dataclass(frozen=True)
class Choice:
    """One estimator to choose.

    Attributes:
        classifier: ``module:class`` for classification.
        regressor: ``module:class`` for regression.
        fixed: parameters that it always gets, unless ``params.yaml`` says otherwise.
        scale: whether numbers are standardised first. Trees go without: they do not need it, and rounding a
            scaled number to 32 bits could carry it across a threshold.
        seeded: whether it takes ``random_state``.
    """

    classifier: str
    regressor: str
    fixed: Mapping[str, Any]
    scale: bool = False
    seeded: bool = True


ESTIMATORS: Mapping[str, Choice] = {
    "linear": Choice(
        "sklearn.linear_model:LogisticRegression", "sklearn.linear_model:Ridge", {"max_iter": 1000}, scale=True
    ),
    "decision-tree": Choice("sklearn.tree:DecisionTreeClassifier", "sklearn.tree:DecisionTreeRegressor", {}),
    "random-forest": Choice(
        "sklearn.ensemble:RandomForestClassifier", "sklearn.ensemble:RandomForestRegressor", {"n_jobs": 1}
    ),
    "gradient-boosting": Choice(
        "sklearn.ensemble:GradientBoostingClassifier", "sklearn.ensemble:GradientBoostingRegressor", {}
    ),
    "lightgbm": Choice(
        "lightgbm:LGBMClassifier", "lightgbm:LGBMRegressor", {"n_jobs": 1, "verbose": -1, "deterministic": True}
    ),
    "xgboost": Choice("xgboost:XGBClassifier", "xgboost:XGBRegressor", {"n_jobs": 1, "tree_method": "hist"}),
}


def pipeline(name: str, parameters: Mapping[str, Any], signature: Signature, seed: int) -> Pipeline:
    """An unfitted pipeline: impute numbers, encode texts, then the estimator.

    It takes a table whose first columns are the signature's numbers and booleans, followed by its texts.

    Raises:
        ParamsError: no such estimator, its package is not installed, or it does not take these parameters.
    """
    choice = ESTIMATORS.get(name)
    if choice is None:
        raise ParamsError(f"params.yaml: estimator {name!r} is not known", f"take one of {', '.join(ESTIMATORS)}")
    made = _class(name, choice.regressor if signature.task == "regression" else choice.classifier)
    wanted = {**({"random_state": seed} if choice.seeded else {}), **choice.fixed, **parameters}
    try:
        estimator = made()
        unknown = set(parameters) - set(estimator.get_params())
        if unknown:
            raise TypeError(f"it has no parameter {', '.join(sorted(unknown))}")
        estimator.set_params(**wanted)
    except (TypeError, ValueError) as error:
        raise ParamsError(
            f"params.yaml: estimator {name} cannot be made: {error}",
            f"correct its parameters; {made.__name__} takes {', '.join(sorted(made().get_params()))}",
        ) from error
    return Pipeline([("features", _features(signature, scale=choice.scale)), ("estimator", estimator)])


def fit(pipeline: Pipeline, name: str, rows: Any, target: Any) -> None:
    """Fit a pipeline in place.

    Raises:
        ParamsError: the estimator refuses its parameters or the rows; what it said is in the message.
    """
    try:
        pipeline.fit(rows, target)
    except (ValueError, TypeError) as error:
        raise ParamsError(
            f"params.yaml: estimator {name} cannot be fitted: {str(error).strip().splitlines()[0]}",
            "correct its parameters, or the table",
        ) from error


def _features(signature: Signature, *, scale: bool) -> ColumnTransformer:
    impute: list[tuple[str, Any]] = [("impute", SimpleImputer(strategy="median", keep_empty_features=True))]
    numeric = Pipeline([*impute, ("scale", StandardScaler())] if scale else impute)
    first = len(signature.numeric)
    categories = [
        [*feature.categories, *([MISSING_TEXT] if feature.on_missing == "impute" else [])] for feature in signature.text
    ]
    encode = OneHotEncoder(categories=categories, handle_unknown="ignore", sparse_output=False)
    parts: list[tuple[str, Any, list[int]]] = []
    if signature.numeric:
        parts.append(("numeric", numeric, list(range(first))))
    if signature.text:
        parts.append(("text", encode, list(range(first, first + len(signature.text)))))
    return ColumnTransformer(parts)


def _class(name: str, path: str) -> Any:
    module, _, attribute = path.partition(":")
    try:
        return getattr(importlib.import_module(module), attribute)
    except ImportError as error:
        raise ParamsError(
            f"params.yaml: estimator {name} needs the package {module}, which is not installed",
            "make setup WITH=boosting",
        ) from error
