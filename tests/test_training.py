"""The owner's own table, stages that are skipped, and what happens when things go wrong on the way."""

import json
import os
import random
import signal
import socket
import subprocess
import time
import urllib.request
from datetime import date, timedelta

import pytest
import yaml

from repository import git

LOCAL = {"TRAINING_ENVIRONMENT": "local", "SERVICE_ENVIRONMENT": "local", "TRAINING_USER": "owner@example.com"}


@pytest.fixture
def project(bake, tmp_path):
    """A newly baked project under version control."""
    made = bake(tmp_path)
    git(made, "init", "-q")
    git(made, "add", "-A")
    git(made, "commit", "-q", "-m", "Start")
    return made


@pytest.fixture
def run(project_env):
    """Runs a command of the project's environment in a project: run(project, "training", "data")."""

    def run(project, *command, check=0, **environment):
        path = f"{project_env.parent}{os.pathsep}{os.environ['PATH']}"
        variables = {
            **os.environ,
            **LOCAL,
            "PYTHONDONTWRITEBYTECODE": "",
            "PATH": path,
            "PYTHONPATH": f"src{os.pathsep}.",
            **environment,
        }
        program = [str(project_env), "-m", *command] if command[0] != "dvc" else list(command)
        done = subprocess.run(program, cwd=project, env=variables, capture_output=True, text=True, timeout=300)
        assert done.returncode == check, f"{command} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        assert "Traceback" not in done.stderr
        return done.stdout + done.stderr

    return run


def own_table(task, rows=300):
    """A CSV as an owner might have it: text categories, gaps, true/false, an identifier and a time column."""
    rng = random.Random(7)
    lines = ["visit,seen_on,age,weight,site,smoker,result"]
    for number in range(rows):
        age, weight = rng.randint(18, 90), rng.gauss(75, 12)
        site, smoker = rng.choice(["north", "south", "east"]), rng.random() < 0.4
        score = age / 30 + weight / 50 + (site == "north") + smoker + rng.gauss(0, 0.3)
        result = {
            "binary": "ill" if score > 4.2 else "well",
            "multiclass": ["low", "mid", "high"][(score > 3.8) + (score > 4.6)],
            "regression": f"{score * 40:.3f}",
        }[task]
        shown = "" if rng.random() < 0.08 else f"{weight:.1f}"
        where = "" if rng.random() < 0.05 else site
        day = date(2025, 1, 1) + timedelta(days=number)
        lines.append(f"V{number},{day},{age},{shown},{where},{str(smoker).lower()},{result}")
    return "\n".join(lines) + "\n"


def use_own_table(project, task, table=None, **data):
    """What the owner does: a file into data/, and params.yaml edited; nothing else."""
    (project / "data" / "visits.csv").write_text(table or own_table(task), encoding="utf-8")
    path = project / "params.yaml"
    params = yaml.safe_load(path.read_text(encoding="utf-8"))
    params["data"] = {"path": "data/visits.csv", "target": "result", "time": "seen_on", "drop": ["visit"], **data}
    metric, other = ("r2", {"mae": {"max": 60.0}}) if task == "regression" else ("roc_auc", {"log_loss": {"max": 1.0}})
    params["slices"] = [{"name": "smokers", "column": "smoker", "equals": True}]
    params["gates"]["metrics"] = {metric: {"min": 0.5}, **other}
    params["gates"]["baseline"]["metric"] = params["gates"]["champion"]["metric"] = metric
    sliced = {"mae": {"max": 60.0}} if task == "regression" else {"accuracy": {"min": 0.5}}
    params["gates"]["slices"] = {"metric": next(iter(sliced)), **next(iter(sliced.values())), "rows": 5}
    path.write_text(yaml.safe_dump(params), encoding="utf-8")
    return params


STEPS = """
from training import settings
settings.load()
from training.commands import cli
for step in (["keygen", "owner@example.com", "--trust", "approvers.toml"], ["run"], ["register"], ["approve"], ["pull"],
             ["lineage"]):
    cli(step, standalone_mode=False)
"""
"""What somebody types between a new table and a model that may be served, in one process for speed."""


@pytest.mark.parametrize("task", ["binary", "multiclass", "regression"])
def test_an_own_table_goes_from_file_to_served_prediction(project, run, project_env, task):
    use_own_table(project, task)
    (project / "steps.py").write_text(STEPS, encoding="utf-8")
    run(project, "steps")
    signature = json.loads((project / "models/current/bundle/signature.json").read_text(encoding="utf-8"))
    assert signature["task"] == task
    assert [feature["name"] for feature in signature["features"]] == ["age", "weight", "site", "smoker"]
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    serving = {**os.environ, **LOCAL, "PYTHONPATH": "src", "SERVICE_PORT": str(port)}
    service = subprocess.Popen([str(project_env), "-m", "service"], cwd=project, env=serving, stderr=subprocess.PIPE)
    try:
        wait_for_port(port, service)
        row = {"age": 61, "weight": None, "site": None, "smoker": True}
        answer = ask(port, (project / ".local/api-key").read_text(), {"rows": [row]})
    finally:
        service.terminate()
        assert service.wait(timeout=30) == 0
        service.stderr.close()
    (prediction,) = answer["predictions"]
    assert {flag["field"] for flag in prediction["flags"]} == {"weight", "site"}
    if task == "regression":
        assert 100 < prediction["value"] < 260
    else:
        assert prediction["label"] in signature["classes"]


def wait_for_port(port, process):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert process.poll() is None, process.stderr.read()
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)  # between two looks at a starting server
    raise AssertionError("the service did not start")


def ask(port, key, body):
    headers = {"X-API-Key": key, "Content-Type": "application/json"}
    request = urllib.request.Request(f"http://127.0.0.1:{port}/v1/predict", json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def test_dvc_runs_only_what_changed(project, run):
    assert "Running stage 'register'" in run(project, "dvc", "repro")
    second = run(project, "dvc", "repro")
    assert "Running stage" not in second
    assert "up to date" in second
    edit(project, "latency_ms: 20.0", "latency_ms: 25.0")
    assert stages(run(project, "dvc", "repro")) == ["register"]
    edit(project, "n_estimators: 100", "n_estimators: 60")
    assert stages(run(project, "dvc", "repro")) == ["train", "evaluate", "register"]


def edit(project, old, new):
    path = project / "params.yaml"
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new), encoding="utf-8")


def stages(said):
    return [line.split("'")[1] for line in said.splitlines() if line.startswith("Running stage")]


def test_two_folders_give_the_same_bundle(project, run, tmp_path):
    copy = tmp_path / "elsewhere" / "copy"
    copy.parent.mkdir()
    git(tmp_path, "clone", "-q", str(project), str(copy))
    for folder in (project, copy):
        run(folder, "training", "run")
    first, second = ((folder / "build/bundle/manifest.json").read_bytes() for folder in (project, copy))
    assert first == second


BAD_TABLES = {
    "no such file": (None, ["data/visits.csv", "data.path"]),
    "empty file": ("", ["data/visits.csv", "empty"]),
    "no target": ("a,b\n1,2\n", ["data/visits.csv", "result", "data.target"]),
    "duplicate names": ("a,a,result\n1,2,x\n", ["data/visits.csv", "'a'"]),
    "not UTF-8": (b"a,result\n\xff\xfe,x\n", ["data/visits.csv", "UTF-8"]),
}


@pytest.mark.parametrize("kind", BAD_TABLES)
def test_a_bad_table_is_refused_and_nothing_is_registered(project, run, kind):
    content, named = BAD_TABLES[kind]
    use_own_table(project, "binary", table="x", time=None, drop=[])
    table = project / "data" / "visits.csv"
    table.unlink()
    if content is not None:
        table.write_bytes(content if isinstance(content, bytes) else content.encode())
    said = run(project, "training", "run", check=2)
    for word in [*named, "remedy"]:
        assert word in said
    assert not (project / "build").exists()
    assert not (project / "mlflow.db").exists()


def test_a_category_never_seen_before_is_refused_by_the_schema(project, run):
    use_own_table(project, "binary")
    run(project, "training", "data")
    table = project / "data" / "visits.csv"
    table.write_text(table.read_text().replace("south", "soutth", 1))
    said = run(project, "training", "data", check=2)
    for word in ("site", "soutth", "line", "schema.yaml"):
        assert word in said


def test_a_failing_gate_says_which_and_by_how_much(project, run):
    edit(project, "roc_auc: {min: 0.95}", "roc_auc: {min: 0.9999}")
    run(project, "training", "run")
    said = run(project, "training", "register", check=1)
    assert "metrics.roc_auc" in said
    assert "at least 0.9999" in said
    assert "off by 0.00" in said
    assert "no version" in run(project, "training", "lineage", check=2)


def test_a_server_that_is_down_is_told_within_a_minute(project, run):
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}"
    said = run(project, "training", "run", check=2, MLFLOW_TRACKING_URI=address)
    assert "MLFLOW_TRACKING_URI" in said
    assert address in said


def test_a_killed_training_can_be_run_again(project, run, project_env):
    variables = {**os.environ, **LOCAL, "PYTHONPATH": "src"}
    run(project, "training", "data")
    child = subprocess.Popen([str(project_env), "-m", "training", "train"], cwd=project, env=variables)
    while not any((project / "build").glob(".model*")) and child.poll() is None:
        pass  # as soon as it begins to write
    child.send_signal(signal.SIGKILL)
    child.wait()
    model = project / "build" / "model"
    assert not model.exists() or {p.name for p in model.iterdir()} >= {"model.onnx", "training.json"}
    run(project, "training", "run")
    assert "candidate" in run(project, "training", "register")


def test_code_that_is_in_no_commit_is_registered_in_local_mode_only(project, run):
    edit(project, "n_estimators: 100", "n_estimators: 60")
    run(project, "training", "run")
    said = run(project, "training", "register", check=1, TRAINING_ENVIRONMENT="prod")
    assert "commit" in said
    assert "candidate" in run(project, "training", "register")
