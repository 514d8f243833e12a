"""A generated project's deployment by the real Pulumi engine, on a cloud in memory: what each change touches."""

import importlib.util
import json

import pytest
from pulumi import automation as auto

from engine.memory import Memory
from engine.runs import Runs
from engine.standin import StandIn
from needs import need, need_command

NAME = "tumour-diagnosis"
DIGEST = "@sha256:" + "a1" * 32
RELEASE = {"image": f"r.example/a{DIGEST}", "pull_image": f"r.example/b{DIGEST}", "model_version": "7"}
PLATFORM = {
    "tracking_uri": "http://mlflow.platform:5000",
    "prometheus_url": "http://prometheus.observability:9090",
    "runbook_base": "https://runbooks.example",
    "context": "production",
}


@pytest.fixture(scope="module")
def deployment(bake, tmp_path_factory):
    """The project's folder and its program."""
    need_command("pulumi")
    for package in ("prometheus_client", "pydantic_settings"):
        need(importlib.util.find_spec(package), f"install {package}")
    folder = bake(tmp_path_factory.mktemp("deployment"))
    with pytest.MonkeyPatch.context() as patch:
        for part in ("src", ""):
            patch.syspath_prepend(str(folder / part))
        yield folder, importlib.import_module("deploy.program").program


@pytest.fixture
def cloud(deployment, tmp_path):
    """The engine, with prod's settings but for the platform's addresses."""
    folder, program = deployment
    standin = StandIn({"kubernetes": Memory()})
    with standin.served() as providers:
        runs = Runs(tmp_path, standin, providers)
        settings = {**RELEASE, "platform": json.dumps(PLATFORM)}
        stack = runs.stack(program, NAME, "prod", folder / "deploy", {f"{NAME}:{k}": v for k, v in settings.items()})
        yield runs, stack


def change(stack, **settings):
    for name, value in settings.items():
        stack.set_config(f"{NAME}:{name}", auto.ConfigValue(value))


def test_a_release_is_made_once_and_each_change_touches_what_it_is_about(cloud):
    runs, stack = cloud
    assert set(runs.up(stack)) == {"create"}
    assert runs.standin.touched() >= {NAME, f"{NAME}-analysis", f"{NAME}-environment", f"{NAME}-approvers"}
    assert set(runs.up(stack)) == {"same"}
    assert not runs.standin.touched()

    change(stack, image=f"r.example/c{DIGEST}")
    runs.up(stack)
    assert [(call.verb, call.type.rpartition(":")[2]) for call in runs.standin.calls] == [("update", "Rollout")]
    runs.standin.touched()

    change(stack, service=json.dumps({"log_level": "debug"}))
    runs.up(stack)
    calls = [(call.verb, call.type.rpartition(":")[2]) for call in runs.standin.calls]
    assert calls == [("create", "ConfigMap"), ("update", "Rollout")], (
        "the old ConfigMap stays for the pods that name it"
    )


def test_the_record_of_decisions_is_not_given_up(cloud):
    runs, stack = cloud
    runs.up(stack)
    with pytest.raises(auto.errors.CommandError, match="protect"):
        runs.destroy(stack)
    assert any(kind.endswith("PersistentVolumeClaim") for kind, _ in runs.standin.stores["kubernetes"].things)


def test_no_state_or_log_holds_what_is_wrong_for_it_to_hold(cloud):
    """A release is described without a single secret: names of Secrets, and nothing that is in them."""
    runs, stack = cloud
    runs.up(stack)
    text = "\n".join([*runs.kept().values(), *runs.said])
    assert f"{NAME}-service" in text
    assert "stringData" not in text
    assert "PRIVATE KEY" not in text


def test_wrong_settings_are_told_before_anything_is_planned(cloud):
    runs, stack = cloud
    change(stack, image="a:latest", imagee="b")
    with pytest.raises(auto.errors.CommandError) as refused:
        runs.preview(stack)
    told = str(refused.value)
    assert "deploy/Pulumi.prod.yaml will not do:" in told
    assert "imagee: there is no such setting; did you mean image?" in told
    assert "Traceback" not in told
