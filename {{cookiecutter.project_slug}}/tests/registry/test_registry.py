"""From a bundle to production and back, on a local registry and on a real MLflow server."""

from __future__ import annotations

import itertools
import os
import socket
from dataclasses import dataclass
from pathlib import Path

import pytest

import sample
from service.signature import Task
from training import approvals, lineage, releases
from training.errors import ApprovalError, RegistryError
from training.layout import Layout
from training.registry import Registry, Version
from training.settings import Settings

TRAINER, APPROVER = sample.TRAINER, sample.APPROVER
TASKS: tuple[Task, ...] = ("binary", "multiclass", "regression")
names = (f"model-{number}" for number in itertools.count())


@dataclass
class Place:
    """A registry, and the folder of somebody who approves there."""

    registry: Registry
    settings: Settings
    plots: Path
    folder: Path
    store: Path

    def register(self, task: Task = "binary") -> Version:
        """Register a small bundle, as ``python -m training register`` does."""
        digest = sample.write_bundle(self.folder / f"bundle-{task}", task, **self.lineage(task))
        tags = {"commit": "0" * 40, "trained_by": TRAINER, "trained_at": "2026-03-01T09:00:00+00:00"}
        metrics = {"accuracy": 0.9375, "log_loss": 0.21}
        run = self.registry.log_run({"estimator": "x"}, metrics, {**tags, "bundle_digest": digest}, self.plots)
        return self.registry.register(run, self.folder / f"bundle-{task}", digest, tags)

    def lineage(self, task: Task) -> dict[str, bytes]:
        """The sample's lineage under this registry's model name."""
        return {
            "lineage": sample.contents(task)["lineage.json"].replace(b'"sample"', f'"{self.registry.model}"'.encode())
        }

    def stored(self, version: Version, name: str) -> Path:
        """A file of a version's bundle where the registry keeps it."""
        return next(path for path in self.store.rglob(f"{version.run_id}/**/{name}"))

    def approve(self, number: str | None = None) -> Version:
        """Approve as the approver."""
        return approvals.approve(self.registry, number, self.settings, APPROVER, "looks good")


@pytest.fixture(params=["local file", "server"])
def place(request: pytest.FixtureRequest, tmp_path: Path, plots: Path, store: Path) -> Place:
    uri = request.getfixturevalue("server") if request.param == "server" else ""
    return _place(uri, tmp_path, plots, store)


@pytest.fixture
def local(tmp_path: Path, plots: Path, store: Path) -> Place:
    return _place("", tmp_path, plots, store)


def _place(uri: str, folder: Path, plots: Path, store: Path) -> Place:
    settings = Settings(
        environment="prod",
        approvers=folder / "approvers.toml",
        key=folder / "approver.pem",
        models=folder / "models",
    )
    approvals.keygen(APPROVER, settings.key, settings.approvers)
    return Place(Registry(uri, next(names), store), settings, plots, folder, store)


def test_a_version_goes_into_production_and_back(place: Place) -> None:
    first = place.register("binary")
    assert not first.servable
    with pytest.raises(RegistryError, match="no approved version"):
        releases.pull(place.registry, None, place.settings)
    assert place.approve().champion
    current = place.settings.models / "current"
    home = releases.pull(place.registry, None, place.settings)
    assert current.resolve() == home.resolve()

    second = place.register("multiclass")
    with pytest.raises(ApprovalError, match="is not approved"):
        releases.pull(place.registry, second.version, place.settings)
    place.approve(second.version)
    assert releases.pull(place.registry, None, place.settings) != home

    old, new = releases.rollback(place.registry, place.settings, "on-call@example.org", "wrong answers")
    assert (old.version, new.version, new.champion) == (second.version, first.version, True)
    assert current.resolve() == home.resolve()
    assert "wrong answers" in old.withdrawn
    with pytest.raises(ApprovalError, match="wrong answers"):
        releases.pull(place.registry, second.version, place.settings)
    with pytest.raises(RegistryError, match="no approved version before"):
        releases.rollback(place.registry, place.settings, "on-call@example.org", "")


def test_rolling_back_twice_does_not_return_to_what_was_withdrawn(local: Place) -> None:
    versions = []
    for task in TASKS:
        versions.append(local.register(task))
        local.approve()
    for expected in (versions[1], versions[0]):
        _, new = releases.rollback(local.registry, local.settings, "on-call@example.org", "bad")
        assert new.version == expected.version
    assert local.approve(versions[1].version).champion, "a person may approve it again"


def test_nobody_approves_their_own_training_outside_local_mode(local: Place) -> None:
    version = local.register()
    own = local.settings.model_copy(update={"key": local.folder / "own.pem"})
    approvals.keygen(TRAINER, own.key, own.approvers)
    with pytest.raises(ApprovalError, match="same person"):
        approvals.approve(local.registry, version.version, own, TRAINER.upper(), "")
    assert not local.registry.version(version.version).approval
    at_home = own.model_copy(update={"environment": "local"})
    assert approvals.approve(local.registry, version.version, at_home, TRAINER, "").servable


def test_only_listed_people_approve_and_only_with_their_own_key(local: Place) -> None:
    local.register()
    stranger = local.settings.model_copy(update={"key": local.folder / "stranger.pem"})
    approvals.keygen("stranger@example.org", stranger.key)
    with pytest.raises(ApprovalError, match="not in the list of approvers"):
        approvals.approve(local.registry, None, stranger, "stranger@example.org", "")
    with pytest.raises(ApprovalError, match="signature is not"):
        approvals.approve(local.registry, None, stranger, APPROVER, "")
    with pytest.raises(ApprovalError, match="keygen"):
        approvals.approve(local.registry, None, local.settings.model_copy(update={"key": Path("none")}), APPROVER, "")
    assert local.registry.champion() is None


def test_who_approves_is_told_by_the_key(local: Place) -> None:
    assert approvals.holder(local.settings) == APPROVER
    listed = local.settings.approvers.read_text(encoding="utf-8")
    local.settings.approvers.write_text(f"{listed}{listed.splitlines()[-1].replace(APPROVER, 'b@example.org')}\n")
    assert approvals.holder(local.settings) is None, "two have the same key"
    local.settings.approvers.write_text("[approvers]\n")
    assert approvals.holder(local.settings) is None


def test_a_bundle_changed_in_the_store_is_neither_approved_nor_pulled(local: Place) -> None:
    version = local.register()
    stored = local.stored(version, "model.onnx")
    sound = stored.read_bytes()
    stored.write_bytes(sound[:-1] + bytes([sound[-1] ^ 1]))
    with pytest.raises(ApprovalError, match="altered"):
        local.approve()
    stored.write_bytes(sound)
    local.approve()
    stored.write_bytes(sound[:-1] + bytes([sound[-1] ^ 1]))
    with pytest.raises(ApprovalError, match="altered"):
        releases.pull(local.registry, version.version, local.settings)
    assert not (local.settings.models / "current").exists()


def test_a_record_changed_in_the_registry_voids_the_approval(local: Place) -> None:
    version = local.register()
    approval = local.approve().approval
    local.registry.approve(version, approval.replace("looks good", "looks bad!"))
    with pytest.raises(ApprovalError, match="signature is not"):
        releases.pull(local.registry, None, local.settings)


def test_lineage_tells_what_is_wrong(local: Place) -> None:
    version = local.register()
    local.approve()
    states = {fact.name: fact.state for fact in _trace(local, version)}
    assert states["bundle"] == states["run"] == states["metrics"] == states["approver"] == "verified"
    stored = local.stored(version, "lineage.json")
    stored.write_bytes(stored.read_bytes().replace(b"0.9375", b"0.9999"))
    assert [(fact.name, fact.state) for fact in _trace(local, version)] == [("bundle", "wrong")]


def _trace(place: Place, version: Version) -> list[lineage.Fact]:
    (place.folder / "requirements").mkdir(exist_ok=True)
    (place.folder / "requirements" / "training.txt").write_text("")
    registered = place.registry.version(version.version)
    return lineage.trace(place.registry, registered, place.settings, Layout(place.folder))


def test_a_private_key_is_its_owners_alone_and_never_overwritten(tmp_path: Path) -> None:
    key = tmp_path / "keys" / "approver.pem"
    line = approvals.keygen("me@example.org", key)
    assert line.startswith('"me@example.org" = "')
    assert os.name == "nt" or key.stat().st_mode & 0o077 == 0
    with pytest.raises(ApprovalError, match="already"):
        approvals.keygen("me@example.org", key)
    with pytest.raises(ApprovalError, match="no e-mail"):
        approvals.keygen("me", tmp_path / "other.pem")


def test_a_server_that_is_down_is_a_clear_error(tmp_path: Path) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{unused.getsockname()[1]}"
    with pytest.raises(RegistryError) as caught:
        Registry(address, "model", tmp_path)
    assert "MLFLOW_TRACKING_URI" in caught.value.problem
    assert address in caught.value.problem
    assert "start the server" in caught.value.remedy


def test_an_unknown_version_is_a_clear_error(local: Place) -> None:
    local.register()
    with pytest.raises(RegistryError, match="no version '7'"):
        local.registry.version("7")


def test_a_database_that_is_not_finished_is_never_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(uri: str) -> None:
        Path(uri.removeprefix("sqlite:///")).write_bytes(b"half of it")
        raise KeyboardInterrupt

    monkeypatch.setattr("training.registry.MlflowClient", interrupted)
    with pytest.raises(KeyboardInterrupt):
        Registry("", "sample", tmp_path)
    assert list(tmp_path.iterdir()) == []
