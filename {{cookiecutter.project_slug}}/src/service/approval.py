"""Who let a bundle into production, in a form that cannot be made up: a statement signed with Ed25519 (RFC 8032)."""

from __future__ import annotations

import base64
import json
import tomllib
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from service.bundle import Bundle, canonical
from service.errors import ApprovalRefused

APPROVAL = "approval.json"
DOMAIN = b"model approval, version 1\n"
"""Goes before what is signed, so that a signature made for another purpose never counts as an approval."""

Approvers = Mapping[str, Ed25519PublicKey]
"""E-mail address of each person who may approve, with the public key that speaks for them."""


@dataclass(frozen=True, slots=True)
class Statement:
    """What an approver signs: the registry's record of one version and the digest of its bundle.

    Attributes:
        model: the registered model's name.
        version: its version in the registry.
        bundle_digest: digest of the bundle that may be served.
        run_id: the training run in the tracking server.
        commit: git commit of the training code; empty when there was none.
        trained_by: who trained it.
        trained_at: when (UTC, ISO 8601).
        approver: who approved it.
        approved_at: when (UTC, ISO 8601).
        note: why, in the approver's words.
    """

    model: str
    version: str
    bundle_digest: str
    run_id: str
    commit: str
    trained_by: str
    trained_at: str
    approver: str
    approved_at: str
    note: str

    def payload(self) -> bytes:
        """The bytes that are signed."""
        return DOMAIN + canonical(asdict(self))

    @property
    def self_approved(self) -> bool:
        """Whether the trainer approved their own work, or nobody is named as trainer."""
        trainer = self.trained_by.strip().casefold()
        return not trainer or trainer == self.approver.strip().casefold()


@dataclass(frozen=True, slots=True)
class Approval:
    """A statement and its signature, as kept with the model version and beside the pulled bundle."""

    statement: Statement
    signature: bytes

    def to_json(self) -> str:
        """Text for storage; the inverse of :meth:`from_json`."""
        signature = base64.b64encode(self.signature).decode()
        return json.dumps({"statement": asdict(self.statement), "signature": signature}, ensure_ascii=False, indent=1)

    @classmethod
    def from_json(cls, text: str | bytes) -> Approval:
        """Read what :meth:`to_json` wrote.

        Raises:
            ApprovalRefused: the text is no approval.
        """
        try:
            data = json.loads(text)
            fields = {str(name): str(value) for name, value in data["statement"].items()}
            return cls(Statement(**fields), base64.b64decode(data["signature"], validate=True))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ApprovalRefused(f"{APPROVAL} is not an approval") from error


def load_approvers(path: Path) -> dict[str, Ed25519PublicKey]:
    """Read the list of people who may approve.

    Raises:
        ApprovalRefused: the file is missing, is not TOML, or holds something that is no public key.
    """
    try:
        listed = tomllib.loads(path.read_text(encoding="utf-8"))["approvers"]
        return {
            email.strip().casefold(): Ed25519PublicKey.from_public_bytes(base64.b64decode(key, validate=True))
            for email, key in listed.items()
        }
    except OSError as error:
        raise ApprovalRefused(f"{path}: the list of approvers cannot be read ({error.strerror})") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ApprovalRefused(f"{path}: not a list of approvers ({error})") from error


def verify(approval: Approval, bundle: Bundle, approvers: Approvers, *, allow_self: bool) -> Statement:
    """Make sure that someone entitled to it approved exactly this bundle.

    Args:
        approval: what came with the bundle.
        bundle: the bundle as read and checked.
        approvers: whose signatures count.
        allow_self: whether the trainer may be the approver (on one's own machine only).

    Raises:
        ApprovalRefused: saying which of these conditions is not met.
    """
    statement = approval.statement
    key = approvers.get(statement.approver.strip().casefold())
    if key is None:
        raise ApprovalRefused(f"{statement.approver!r} is not in the list of approvers")
    try:
        key.verify(approval.signature, statement.payload())
    except InvalidSignature as error:
        raise ApprovalRefused(f"the signature is not {statement.approver}'s, or the statement was altered") from error
    if statement.bundle_digest != bundle.digest:
        raise ApprovalRefused(f"the approval is for {statement.bundle_digest}, this bundle is {bundle.digest}")
    if statement.model != bundle.name or statement.commit != bundle.lineage.get("commit", ""):
        raise ApprovalRefused("the approval names another model or commit than the bundle")
    if statement.self_approved and not allow_self:
        raise ApprovalRefused("trained and approved by the same person, which counts in local mode only")
    return statement
