"""Releasing and going back by Pulumi's command, which a small program stands in for: it needs a cluster."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

import pytest

from deploy import history
from deploy.command import main

OLD, NEW = "registry.example/diagnosis@sha256:" + "a" * 64, "registry.example/diagnosis@sha256:" + "b" * 64
STAND_IN = """#!/bin/sh
echo "$*" >> "{folder}/asked"
case "$*" in
  *history*) cat "{folder}/history" ;;
  *"config --stack"*) cat "{folder}/config" ;;
  *"stack output"*) cat "{folder}/output" ;;
  *" up "*) exit {code} ;;
esac
"""


def config(image: str, **more: object) -> dict[str, Any]:
    """Settings, as Pulumi tells them."""
    objects = {f"diagnosis:{key}": {"value": json.dumps(value), "objectValue": value} for key, value in more.items()}
    return {"diagnosis:image": {"value": image, "secret": False}, **objects}


def update(image: str, result: str = "succeeded", kind: str = "update", **more: object) -> dict[str, Any]:
    return {"version": 0, "kind": kind, "result": result, "config": config(image, **more)}


class StandIn:
    """A ``pulumi`` on the PATH that notes what it is asked."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.answer(0, [])

    def answer(self, code: int, updates: list[dict[str, Any]]) -> None:
        """Let ``up`` end with a code; tell these updates, newest first."""
        (self.folder / "history").write_text(json.dumps(updates))
        (self.folder / "config").write_text(json.dumps(updates[0]["config"] if updates else {}))
        (self.folder / "output").write_text("{}")
        (self.folder / "pulumi").write_text(STAND_IN.format(folder=self.folder, code=code))
        (self.folder / "pulumi").chmod(0o755)

    @property
    def asked(self) -> list[str]:
        """All but what it was asked of the outputs."""
        lines = [line.split(" ", 2)[2] for line in (self.folder / "asked").read_text().splitlines()]
        return [line for line in lines if not line.startswith("stack output")]


@pytest.fixture
def pulumi(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> StandIn:
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("PULUMI_CONFIG_PASSPHRASE", "of a test")
    return StandIn(tmp_path)


def test_what_is_released_is_written_down_first(pulumi: StandIn) -> None:
    assert main(["up", "prod", "--image", NEW, "--model", "8", "--yes"]) == 0
    assert pulumi.asked == [
        "stack select --create prod",
        f"config set image {NEW} --stack prod",
        "config set model_version 8 --stack prod",
        "up --yes --stack prod",
    ]


def test_a_roll_back_restores_all_settings_and_releases_them(
    pulumi: StandIn, capsys: pytest.CaptureFixture[str]
) -> None:
    before = update(OLD, service={"workers": 2})
    pulumi.answer(0, [update(NEW, spread="preferred"), before])
    assert main(["rollback", "prod", "--yes"]) == 0
    assert pulumi.asked[-3:] == [
        "config rm diagnosis:spread --stack prod",
        f"config set-all --json {json.dumps(before['config'])} --stack prod",
        "up --yes --stack prod",
    ]
    assert "Pulumi.prod.yaml is as it was before; commit it" in capsys.readouterr().err


@pytest.mark.parametrize(
    "updates",
    [
        [update(NEW), update(OLD)],
        [update(NEW, "failed"), update(OLD)],
        [update(NEW), update(NEW), update("broken", "failed"), update(OLD)],
        [update("any", kind="refresh"), update(NEW), update(OLD)],
    ],
    ids=["plain", "the newest failed", "one between failed", "a refresh"],
)
def test_the_release_before_is_the_last_good_one_that_differs(updates: list[dict[str, Any]]) -> None:
    assert history.before(updates) == config(OLD)


@pytest.mark.parametrize("updates", [[], [update(NEW)], [update(NEW), update(OLD, "failed")]])
def test_without_an_earlier_release_nothing_is_changed(
    updates: list[dict[str, Any]], pulumi: StandIn, capsys: pytest.CaptureFixture[str]
) -> None:
    pulumi.answer(0, updates)
    assert main(["rollback", "prod", "--yes"]) == 2
    assert "no earlier release" in capsys.readouterr().err
    assert not [line for line in pulumi.asked if "set" in line or line.startswith("up")]


def test_a_release_that_fails_is_no_success(pulumi: StandIn, capsys: pytest.CaptureFixture[str]) -> None:
    pulumi.answer(1, [])
    assert main(["up", "prod", "--yes"]) == 2
    assert "pulumi up --yes ended with 1" in capsys.readouterr().err


def test_what_the_cluster_took_back_is_taken_back_here_too(pulumi: StandIn, capsys: pytest.CaptureFixture[str]) -> None:
    """Settings and state, or the next roll back would return to what was found bad."""
    bad, good = update(NEW), update(OLD)
    pulumi.answer(0, [bad, good])
    workload = {"kind": "Rollout", "name": "diagnosis", "namespace": "services", "context": "production"}
    (pulumi.folder / "output").write_text(json.dumps({"workload": workload}))
    status = {"phase": "Degraded", "observedGeneration": "2", "message": 'Metric "failing" assessed Failed'}
    rollout = {"metadata": {"generation": 2, "namespace": "services"}, "spec": {"strategy": {}}, "status": status}
    (pulumi.folder / "kubectl").write_text(f"#!/bin/sh\ncat <<'END'\n{json.dumps(rollout)}\nEND\n")
    (pulumi.folder / "kubectl").chmod(0o755)
    assert main(["up", "prod", "--image", NEW, "--yes"]) == 1
    assert pulumi.asked[2:] == [
        "up --yes --stack prod",
        "stack history --stack prod --json",
        "config --stack prod --json",
        f"config set-all --json {json.dumps(good['config'])} --stack prod",
        "up --yes --skip-preview --stack prod",
    ]
    told = capsys.readouterr().err
    assert 'taken back, the old one answers: Metric "failing" assessed Failed' in told
    assert "kubectl --namespace=services get analysisruns" in told


def test_what_is_missing_is_named(
    pulumi: StandIn, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("PULUMI_CONFIG_PASSPHRASE")
    monkeypatch.delenv("PULUMI_ACCESS_TOKEN", raising=False)
    assert main(["up", "dev"]) == 2
    assert "PULUMI_CONFIG_PASSPHRASE is not set" in capsys.readouterr().err
    monkeypatch.setenv("PATH", "")
    assert main(["up", "dev"]) == 2
    assert "install the Pulumi CLI" in capsys.readouterr().err
    assert not (pulumi.folder / "asked").exists()
