"""What the service agrees to serve, and that it goes on serving when something worse comes along."""

from __future__ import annotations

import errno
import json
import os
import traceback
from collections.abc import Callable
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sample import APPROVER, TRAINER, Release, list_approvers, release, write_bundle
from service import bundle
from service.approval import APPROVAL
from service.errors import ApprovalRefused, BundleError, ServiceError
from service.serving import Slot


@pytest.fixture
def made(tmp_path: Path) -> Release:
    return release(tmp_path / "current")


def slot(made: Release, *, allow_self: bool = False) -> Slot:
    found = Slot(made.folder, made.approvers, allow_self=allow_self)
    found.refresh()
    return found


def refusal(made: Release) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        slot(made).get()
    return caught.value


def test_an_approved_bundle_is_served(made: Release) -> None:
    found = slot(made)
    assert found.ready
    assert found.problem is None
    assert found.get().approval == made.statement
    assert found.get().bundle.digest == made.statement.bundle_digest


@pytest.mark.parametrize("name", [*sorted(bundle.FILES), bundle.MANIFEST])
def test_one_changed_byte_anywhere_is_refused(made: Release, name: str) -> None:
    path = made.folder / "bundle" / name
    data = bytearray(path.read_bytes())
    data[len(data) // 3] ^= 1
    path.write_bytes(data)
    assert isinstance(refusal(made), BundleError | ApprovalRefused)


def test_an_unapproved_bundle_is_refused(made: Release) -> None:
    (made.folder / APPROVAL).unlink()
    assert isinstance(refusal(made), ApprovalRefused)
    assert "no approval came with the bundle" in refusal(made).detail


@pytest.mark.parametrize(
    ("forge", "said"),
    [
        (lambda made: made.sign(Ed25519PrivateKey.generate()), f"not {APPROVER}'s"),
        (lambda made: made.sign(approver="stranger@example.org"), "not in the list of approvers"),
        (lambda made: made.sign(trained_by=APPROVER), "local mode only"),
        (lambda made: made.sign(bundle_digest="sha256:" + "0" * 64), "the approval is for sha256:000"),
        (lambda made: list_approvers(made.approvers, {}), "not in the list of approvers"),
        (lambda made: made.approvers.unlink(), "cannot be read"),
        (lambda made: (made.folder / APPROVAL).write_bytes(b"\xff"), "not an approval"),
    ],
    ids=["wrong key", "unlisted", "self-approved", "other digest", "nobody listed", "no list", "garbage"],
)
def test_a_worthless_approval_is_refused(made: Release, forge: Callable[[Release], None], said: str) -> None:
    forge(made)
    error = refusal(made)
    assert isinstance(error, ApprovalRefused)
    assert error.status == 503
    assert said in error.detail


def test_each_word_of_the_approval_is_signed(made: Release) -> None:
    whole = json.loads((made.folder / APPROVAL).read_text(encoding="utf-8"))
    for word in whole["statement"]:
        statement = {**whole["statement"], word: whole["statement"][word] + "x"}
        text = json.dumps({**whole, "statement": statement})
        (made.folder / APPROVAL).write_text(text, encoding="utf-8")
        assert isinstance(refusal(made), ApprovalRefused)


def test_self_approval_is_accepted_locally(made: Release) -> None:
    made.sign(trained_by=APPROVER)
    assert slot(made, allow_self=True).ready


def test_a_model_that_misses_its_golden_rows_is_refused(tmp_path: Path, made: Release) -> None:
    golden = json.loads((made.folder / "bundle" / bundle.GOLDEN).read_bytes())
    golden["expected"][1][0] += 0.01
    digest = write_bundle(tmp_path / "skewed" / "bundle", golden=bundle.canonical(golden))
    skewed = Release(tmp_path / "skewed", made.approvers, made.key, made.statement)
    skewed.sign(bundle_digest=digest)
    assert "golden row 1: off by 0.01" in refusal(skewed).detail


@pytest.mark.parametrize(
    ("stem", "content", "said"),
    [
        ("model", b"not a model", "cannot be loaded"),
        ("golden", b'{"rows":[{"mass":"heavy"}],"expected":[[0,1]],"tolerance":1}', "cannot be used"),
        ("signature", b'{"task":"regression","target":"y","features":[],"classes":[]}', "the model takes"),
    ],
)
def test_an_approved_bundle_that_does_not_work_is_refused_all_the_same(
    tmp_path: Path, made: Release, stem: str, content: bytes, said: str
) -> None:
    digest = write_bundle(tmp_path / "odd" / "bundle", **{stem: content})
    odd = Release(tmp_path / "odd", made.approvers, made.key, made.statement)
    odd.sign(bundle_digest=digest)
    assert said in refusal(odd).detail


def switch(link: Path, target: Path) -> None:
    """As ``pull`` does it: in one step."""
    fresh = link.with_name("fresh")
    fresh.symlink_to(target)
    os.replace(fresh, link)


def test_a_newly_pulled_bundle_is_picked_up(tmp_path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    for version in ("1", "2"):
        old = release(tmp_path / version, key=key, version=version)
    switch(tmp_path / "current", tmp_path / "1")
    found = Slot(tmp_path / "current", old.approvers, allow_self=False)
    found.refresh()
    before = found.get()
    found.refresh()
    assert found.get() is before, "nothing changed, so nothing is loaded again"
    switch(tmp_path / "current", tmp_path / "2")
    found.refresh()
    assert found.get().approval.version == "2"
    assert before.session.run(before.bundle.signature.decode(before.bundle.golden.rows).blocks).shape == (2, 2)


def test_a_refused_bundle_leaves_the_old_one_in_place(tmp_path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    good = release(tmp_path / "good", key=key, version="1")
    release(tmp_path / "bad", key=key, version="2", trained_by=APPROVER)
    switch(tmp_path / "current", good.folder)
    found = Slot(tmp_path / "current", good.approvers, allow_self=False)
    found.refresh()
    switch(tmp_path / "current", tmp_path / "bad")
    found.refresh()
    assert found.get().approval.version == "1"
    assert found.problem is not None
    assert "local mode only" in found.problem.detail
    switch(tmp_path / "current", good.folder)
    found.refresh()
    assert found.problem is None


def test_a_bundle_that_comes_later_is_found(tmp_path: Path) -> None:
    found = Slot(tmp_path / "current", tmp_path / "approvers.toml", allow_self=False)
    found.refresh()
    assert not found.ready
    release(tmp_path / "current", trained_by=TRAINER)
    found.refresh()
    assert found.ready


def test_an_approval_that_comes_later_is_found(made: Release) -> None:
    text = (made.folder / APPROVAL).read_bytes()
    (made.folder / APPROVAL).unlink()
    found = slot(made)
    assert not found.ready
    (made.folder / APPROVAL).write_bytes(text)
    found.refresh()
    assert found.ready


def test_a_link_that_leads_nowhere_for_a_while_is_looked_at_again(tmp_path: Path) -> None:
    key = Ed25519PrivateKey.generate()
    for version in ("1", "2"):
        made = release(tmp_path / version, key=key, version=version)
    current = tmp_path / "current"
    switch(current, tmp_path / "1")
    found = Slot(current, made.approvers, allow_self=False)
    found.refresh()
    switch(current, current)
    found.refresh()
    assert found.problem is not None
    assert found.get().approval.version == "1"
    switch(current, tmp_path / "2")
    found.refresh()
    assert found.get().approval.version == "2"


def test_a_bundle_that_arrives_file_by_file_is_taken_once_it_is_whole(made: Release) -> None:
    model = made.folder / "bundle" / "model.onnx"
    content = model.read_bytes()
    model.write_bytes(content[:100])
    found = slot(made)
    assert not found.ready
    model.write_bytes(content)
    found.refresh()
    assert found.ready


def test_what_could_not_be_read_is_read_as_soon_as_it_can_be(
    made: Release, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No file changes when a disk answers again."""

    def fail(path: Path) -> bytes:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    found = Slot(made.folder, made.approvers, allow_self=False)
    monkeypatch.setattr(Path, "read_bytes", fail)
    for _ in range(3):
        found.refresh()
    monkeypatch.undo()
    assert not found.ready
    assert [record.message for record in caplog.records] == ["bundle refused"], "told once"
    found.refresh()
    assert found.ready


def test_a_refusal_can_be_told_any_number_of_times(made: Release) -> None:
    (made.folder / APPROVAL).unlink()
    found = slot(made)
    depths = set()
    for _ in range(5):
        with pytest.raises(ApprovalRefused) as caught:
            found.get()
        depths.add(len(traceback.extract_tb(caught.value.__traceback__)))
    assert len(depths) == 1, "an error that is raised again and again must not collect frames"
