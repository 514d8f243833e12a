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


def models(tmp_path: Path, *names: str) -> tuple[Models, Metrics, list[str]]:
    """Models of these names, in version 3 each; their metrics; and what was said when any was replaced."""
    metrics, told = Metrics(), list[str]()
    made = [release(tmp_path / name, key=KEY, model=name) for name in names]
    slots = [Slot(one.folder, one.approvers, allow_self=False) for one in made]
    found = Models(slots, metrics, lambda: told.append("changed"))
    found.refresh()
    return found, metrics, told


def test_each_is_found_by_its_name_and_the_first_without(tmp_path: Path) -> None:
    found, _, _ = models(tmp_path, "one", "two")
    assert found.get().approval.model == "one"
    assert found.get("two").approval.model == "two"
    assert found.get("two", "3").approval.model == "two"


@pytest.mark.parametrize("asked", [("other", None), ("one", "4"), ("two", "03")])
def test_another_model_or_version_is_not_found(tmp_path: Path, asked: tuple[str, str | None]) -> None:
    with pytest.raises(NotFound, match="'one' in version 3, 'two' in version 3 only"):
        models(tmp_path, "one", "two")[0].get(*asked)


def test_it_is_ready_when_all_are(tmp_path: Path) -> None:
    found, metrics, _ = models(tmp_path, "one", "two")
    assert found.ready
    assert metrics.registry.get_sample_value("model_ready") == 1
    slots = [*found.slots, Slot(tmp_path / "nothing", tmp_path / "approvers.toml", allow_self=False)]
    lacking = Models(slots, metrics, lambda: None)
    lacking.refresh()
    assert not lacking.ready
    assert metrics.registry.get_sample_value("model_ready") == 0
    assert lacking.get("two").approval.model == "two", "one that is missing keeps no other from answering"


def test_without_any_the_reason_is_told(tmp_path: Path) -> None:
    made = release(tmp_path / "one", key=KEY, model="one")
    (made.folder / APPROVAL).unlink()
    found = Models([Slot(made.folder, made.approvers, allow_self=False)], Metrics(), lambda: None)
    found.refresh()
    with pytest.raises(ApprovalRefused, match="no approval came"):
        found.get("one")


def test_a_replacement_is_told_and_touches_no_other(tmp_path: Path) -> None:
    found, _, told = models(tmp_path, "one", "two")
    assert told == ["changed"]
    found.refresh()
    assert told == ["changed"], "nothing was replaced"
    kept = found.get("one")
    release(tmp_path / "elsewhere" / "newer", key=KEY, model="two", version="4")
    (tmp_path / "two").rename(tmp_path / "old")
    (tmp_path / "elsewhere" / "newer").rename(tmp_path / "two")
    found.refresh()
    assert told == ["changed", "changed"]
    assert found.get("two").approval.version == "4"
    assert found.get("one") is kept
