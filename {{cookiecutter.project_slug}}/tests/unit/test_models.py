"""Several models in one process: each found by its name, each replaced on its own."""

from __future__ import annotations

from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sample import release
from service.approval import APPROVAL
from service.errors import ApprovalRefused, NotFound
from service.metrics import Metrics
from service.models import Models
from service.serving import Slot

KEY = Ed25519PrivateKey.generate()
LOADED = "model_loaded_timestamp_seconds"


def models(tmp_path: Path, *names: str) -> tuple[Models, Metrics]:
    """Models of these names, in version 3 each, and their metrics."""
    metrics = Metrics()
    made = [release(tmp_path / name, key=KEY, model=name) for name in names]
    found = Models([Slot(one.folder, one.approvers, allow_self=False) for one in made], metrics)
    assert found.refresh()
    return found, metrics


def test_each_is_found_by_its_name_and_the_first_without(tmp_path: Path) -> None:
    found, _ = models(tmp_path, "one", "two")
    assert found.get().approval.model == "one"
    assert found.get("two").approval.model == "two"
    assert found.get("two", "3").approval.model == "two"


@pytest.mark.parametrize("asked", [("other", None), ("one", "4"), ("two", "03")])
def test_another_model_or_version_is_not_found(tmp_path: Path, asked: tuple[str, str | None]) -> None:
    with pytest.raises(NotFound, match="'one' in version 3, 'two' in version 3 only"):
        models(tmp_path, "one", "two")[0].get(*asked)


def test_it_is_ready_when_all_are(tmp_path: Path) -> None:
    found, metrics = models(tmp_path, "one", "two")
    assert found.ready
    assert metrics.registry.get_sample_value("model_ready") == 1
    slots = [*found.slots, Slot(tmp_path / "nothing", tmp_path / "approvers.toml", allow_self=False)]
    lacking = Models(slots, metrics)
    lacking.refresh()
    assert not lacking.ready
    assert metrics.registry.get_sample_value("model_ready") == 0
    assert lacking.get("two").approval.model == "two", "one that is missing keeps no other from answering"


def test_without_any_the_reason_is_told(tmp_path: Path) -> None:
    made = release(tmp_path / "one", key=KEY, model="one")
    (made.folder / APPROVAL).unlink()
    found = Models([Slot(made.folder, made.approvers, allow_self=False)], Metrics())
    found.refresh()
    with pytest.raises(ApprovalRefused, match="no approval came"):
        found.get("one")


def replace(folder: Path, **changes: str) -> None:
    """Put another release where one is."""
    release(folder.with_name("newer") / folder.name, key=KEY, **changes)
    folder.rename(folder.with_name("older"))
    (folder.with_name("newer") / folder.name).rename(folder)


def test_a_replacement_is_told_and_touches_no_other(tmp_path: Path) -> None:
    found, metrics = models(tmp_path, "one", "two")
    assert not found.refresh(), "nothing was replaced"
    kept = found.get("one")
    loaded = metrics.registry.get_sample_value(LOADED, {"model": "one", "version": "3"})
    replace(tmp_path / "two", model="two", version="4")
    assert found.refresh()
    assert found.get("two").approval.version == "4"
    assert found.get("one") is kept
    assert metrics.registry.get_sample_value(LOADED, {"model": "one", "version": "3"}) == loaded, "nor its age"


def test_two_that_change_places_are_both_served(tmp_path: Path) -> None:
    """As when what was tried in one folder is promoted to the other."""
    found, _ = models(tmp_path, "one", "two")
    (tmp_path / "one").rename(tmp_path / "aside")
    (tmp_path / "two").rename(tmp_path / "one")
    (tmp_path / "aside").rename(tmp_path / "two")
    assert found.refresh()
    assert [slot.get().approval.model for slot in found.slots] == ["two", "one"]


def test_a_second_folder_of_the_same_model_is_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    found, _ = models(tmp_path, "one", "two")
    assert not caplog.records
    replace(tmp_path / "two", model="one")
    assert found.refresh()
    assert [record.message for record in caplog.records] == ["the same model in two folders; the second is never asked"]
