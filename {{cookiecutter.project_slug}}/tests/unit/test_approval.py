"""Only an entitled person's signature over exactly this bundle lets it be served."""

from __future__ import annotations

import base64
import json
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from sample import APPROVER, Release, release
from service import approval, bundle
from service.approval import Approval, Statement, verify
from service.bundle import Bundle
from service.errors import ApprovalRefused


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Release:
    return release(tmp_path_factory.mktemp("approval") / "current")


@pytest.fixture(scope="module")
def found(made: Release) -> Bundle:
    return bundle.read(made.folder / "bundle")


def signed(statement: Statement, key: Ed25519PrivateKey) -> Approval:
    return Approval(statement, key.sign(statement.payload()))


def check(given: Approval, made: Release, found: Bundle, *, allow_self: bool = False) -> Statement:
    return verify(given, found, approval.load_approvers(made.approvers), allow_self=allow_self)


def test_a_sound_approval_verifies(made: Release, found: Bundle) -> None:
    assert check(signed(made.statement, made.key), made, found) == made.statement


def test_the_approver_is_found_whatever_the_case(made: Release, found: Bundle) -> None:
    shouted = replace(made.statement, approver=f" {APPROVER.upper()} ")
    assert check(signed(shouted, made.key), made, found) == shouted


@pytest.mark.parametrize("name", [f.name for f in fields(Statement) if f.name != "approver"])
def test_no_word_can_be_changed_after_signing(made: Release, found: Bundle, name: str) -> None:
    good = signed(made.statement, made.key)
    with pytest.raises(ApprovalRefused, match="was altered"):
        check(replace(good, statement=replace(made.statement, **{name: "other"})), made, found)


def test_another_key_does_not_speak_for_the_approver(made: Release, found: Bundle) -> None:
    with pytest.raises(ApprovalRefused, match=f"not {APPROVER}'s"):
        check(signed(made.statement, Ed25519PrivateKey.generate()), made, found)


def test_an_unlisted_approver_counts_for_nothing(made: Release, found: Bundle) -> None:
    stranger = replace(made.statement, approver="stranger@example.org")
    with pytest.raises(ApprovalRefused, match="is not in the list of approvers"):
        check(signed(stranger, made.key), made, found)


def test_an_approval_of_another_bundle_does_not_carry_over(made: Release, found: Bundle) -> None:
    other = replace(made.statement, bundle_digest="sha256:" + "0" * 64)
    with pytest.raises(ApprovalRefused, match="the approval is for sha256:0000"):
        check(signed(other, made.key), made, found)


@pytest.mark.parametrize("change", [{"model": "another"}, {"commit": "1" * 40}])
def test_the_statement_must_name_the_bundles_model_and_commit(
    made: Release, found: Bundle, change: dict[str, str]
) -> None:
    with pytest.raises(ApprovalRefused, match="another model or commit"):
        check(signed(replace(made.statement, **change), made.key), made, found)


@pytest.mark.parametrize("trainer", [APPROVER, APPROVER.upper(), f" {APPROVER}", ""])
def test_self_approval_counts_locally_only(made: Release, found: Bundle, trainer: str) -> None:
    own = signed(replace(made.statement, trained_by=trainer), made.key)
    with pytest.raises(ApprovalRefused, match="local mode only"):
        check(own, made, found)
    assert check(own, made, found, allow_self=True).trained_by == trainer


def test_a_signature_for_another_purpose_is_no_approval(made: Release, found: Bundle) -> None:
    bare = made.statement.payload().removeprefix(approval.DOMAIN)
    with pytest.raises(ApprovalRefused, match="was altered"):
        check(Approval(made.statement, made.key.sign(bare)), made, found)


def test_json_keeps_everything(made: Release) -> None:
    good = signed(made.statement, made.key)
    assert Approval.from_json(good.to_json()) == good


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"statement": {}, "signature": ""}', '{"statement": [], "signature": "AA=="}', "\udc80"],
)
def test_what_is_no_approval_is_refused(text: str) -> None:
    with pytest.raises(ApprovalRefused, match="not an approval"):
        Approval.from_json(text)


def test_an_unknown_word_in_the_statement_is_refused(made: Release) -> None:
    data = json.loads(signed(made.statement, made.key).to_json())
    data["statement"]["valid_for"] = "everything"
    with pytest.raises(ApprovalRefused, match="not an approval"):
        Approval.from_json(json.dumps(data))


@pytest.mark.parametrize(
    "text",
    ["", "approvers = 3", "[approvers]\na = 3", '[approvers]\na = "%%%"', '[approvers]\na = "AAAA"', "[[["],
)
def test_a_broken_list_of_approvers_is_refused(tmp_path: Path, text: str) -> None:
    (tmp_path / "approvers.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ApprovalRefused, match="not a list of approvers"):
        approval.load_approvers(tmp_path / "approvers.toml")


def test_a_missing_list_of_approvers_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ApprovalRefused, match="cannot be read"):
        approval.load_approvers(tmp_path / "nowhere.toml")


def test_the_list_may_hold_several(tmp_path: Path) -> None:
    keys = {name: base64.b64encode(bytes([n] * 32)).decode() for n, name in enumerate(("a@b.c", "D@E.F"), 1)}
    lines: list[Any] = [f'"{name}" = "{key}"' for name, key in keys.items()]
    (tmp_path / "approvers.toml").write_text("\n".join(["[approvers]", *lines]), encoding="utf-8")
    assert set(approval.load_approvers(tmp_path / "approvers.toml")) == {"a@b.c", "d@e.f"}
