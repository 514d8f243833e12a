"""Settings of a release: whatever is wrong with them is told at once, with the key, before anything is planned."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from deploy.configuration import parse
from deploy.errors import PlatformError, SettingsError
from planning import DEPLOY, ENVIRONMENTS, NAME, OWNERS, PLATFORM, RELEASE, plan, settings
from service.settings import Settings as ServiceSettings


def told(environment: str = "prod", **changes: Any) -> list[str]:
    """What is said of an environment's settings with some changes; None takes a key away."""
    chosen = {**settings(environment), **OWNERS, **RELEASE, **changes}
    config = {f"{NAME}:{key}": json.dumps(value) for key, value in chosen.items() if value is not None}
    with pytest.raises(SettingsError) as refused:
        parse({key: value.strip('"') for key, value in config.items()}, NAME, environment)
    return [line.strip() for line in str(refused.value).splitlines()]


def test_all_that_is_wrong_is_told_at_once() -> None:
    head, *lines = told(
        owner=None,
        image="diagnosis:latest",
        imagee="diagnosis:1",
        model_version="newest",
        scaling={"minimum": 3, "maximum": 1},
        strategy={"kind": "canary", "weights": [50, 10], "wait": 1},
        service={"workers": 0, "porrt": 1},
        objectives={"seconds": 0.3},
    )
    assert head == "deploy/Pulumi.prod.yaml will not do:"
    assert {line.split(":")[0] for line in lines} == {
        "owner",
        "image",
        "imagee",
        "model_version",
        "scaling",
        "strategy.weights",
        "strategy.wait",
        "service",
        "objectives",
    }


@pytest.mark.parametrize(
    ("changes", "remedy"),
    [
        ({"image": "diagnosis:1.2"}, "by digest"),
        ({"pull_image": None}, "make deploy PULL_IMAGE="),
        ({"model_version": None}, "make deploy MODEL="),
        ({"imagee": "a:1"}, "did you mean image?"),
        ({"audit_volume": None}, "needed outside dev"),
        ({"callers": []}, "who may call the service"),
        ({"platform": {"organization": "acme", "tracking_uri": "http://a.b"}}, "one or the other"),
        ({"platform": {"tracking_uri": "http://a.b"}}, "lacks prometheus_url, runbook_base, context"),
        ({"service": {"wrokers": 2}}, "did you mean workers?"),
        ({"service": {"workers": "many"}}, "workers: Input should be a valid integer"),
        ({"service": {"otlp": "http://a"}}, "platform.otlp_endpoint"),
        ({"objectives": {"seconds": 0.3}}, "0.25"),
        ({"objectives": {"available": 1.0}}, "available"),
    ],
    ids=str,
)
def test_what_is_wrong_is_told_with_what_would_do(changes: dict[str, Any], remedy: str) -> None:
    _, line = told(**changes)
    assert line.startswith(next(iter(changes)))
    assert remedy in line


@pytest.mark.parametrize("name", ["environment", "host", "port", "bundle", "api_keys", "tls_key", "fallback"])
def test_what_the_program_decides_cannot_be_set_beside_it(name: str) -> None:
    assert name in ServiceSettings.model_fields
    (_, line) = told(service={name: "8081"})
    assert f"{name}: not to be set here" in line


def test_the_environment_is_no_setting() -> None:
    config = {f"{NAME}:{key}": json.dumps(value) for key, value in {**settings("dev"), "environment": "dev"}.items()}
    with pytest.raises(SettingsError, match="environment: the name of the stack says it; remove it"):
        parse(config, NAME, "dev")


def test_keys_of_others_are_refused_as_they_would_do_nothing() -> None:
    config = {f"{NAME}:{key}": json.dumps(value) for key, value in settings("dev").items()}
    with pytest.raises(SettingsError, match="kubernetes:context: does nothing here"):
        parse({**config, "kubernetes:context": "other"}, NAME, "dev")


def test_a_stack_is_an_environment() -> None:
    with pytest.raises(SettingsError, match="the stack is named 'production'; an environment is one of dev, staging"):
        parse({}, NAME, "production")


def test_in_dev_a_tag_will_do_and_the_champion_is_served() -> None:
    found = plan("dev", image="localhost/diagnosis:dev", model_version=None)
    assert found.service["image"] == "localhost/diagnosis:dev"
    assert found.outputs["model_version"] == "champion"


@pytest.mark.parametrize("environment", ENVIRONMENTS)
def test_the_settings_of_each_environment_will_do(environment: str) -> None:
    assert plan(environment).outputs["image"] == RELEASE["image"]


def test_pulumi_can_run_the_folder(tmp_path: Path) -> None:
    """From anywhere, with nothing of ours on the path; it then misses its settings, and says so."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [sys.executable, str(DEPLOY)]
    ran = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert "will not do:" in ran.stderr, ran.stderr
    assert "owner: missing" in ran.stderr


def test_no_module_hides_one_of_pythons() -> None:
    """Pulumi puts the folder itself on the path."""
    assert not {path.stem for path in DEPLOY.glob("*.py")} & sys.stdlib_module_names


@pytest.mark.filterwarnings("ignore:coroutine")  # of what is no longer asked once the program has failed
@pytest.mark.parametrize(
    ("project", "output"), [("airworthy-registry", "tracking_uri"), ("airworthy-observability", r"\w+")]
)
def test_a_platform_that_is_not_up_is_named_with_the_way_out(project: str, output: str) -> None:
    lacking = {**PLATFORM, project: {}}
    with pytest.raises(PlatformError, match=rf"{project}/prod has no output {output}: bring that stack up first"):
        plan("prod", outputs=lacking)
