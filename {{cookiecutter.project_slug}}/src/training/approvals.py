"""Signing: an approver says, with a key only they hold, that one bundle may be served."""

from __future__ import annotations

import base64
import re
import tempfile
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from service import approval, bundle
from service.approval import Approval, Statement
from service.errors import ServiceError
from training.errors import ApprovalError
from training.registry import Registry, Version
from training.settings import Settings
from training.storage import write_file


def keygen(email: str, key: Path, trusted_in: Path | None = None) -> str:
    """Make a key pair; the private half is kept at ``key``, readable by its owner only.

    Args:
        email: whose key it is.
        key: where the private half goes.
        trusted_in: a list of approvers to put the public half in, in place of an earlier one of theirs.

    Returns:
        The line that goes into a list of approvers.

    Raises:
        ApprovalError: the e-mail address is none, or there is a key already.
        StorageError: a file cannot be written.
    """
    if not re.fullmatch(r"[^\s@\"\\]+@[^\s@\"\\]+", email):
        raise ApprovalError(f"{email!r} is no e-mail address", "python -m training keygen name@example.com")
    if key.exists():
        raise ApprovalError(f"{key}: there is a private key already", "keep it, or move it away first")
    private = Ed25519PrivateKey.generate()
    public = base64.b64encode(private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)).decode()
    if trusted_in is not None:  # before the key, so that an interrupted run can simply be repeated
        _trust(trusted_in, email, public)
    write_file(key, private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), mode=0o600)
    return f'"{email}" = "{public}"'


def _trust(approvers: Path, email: str, public: str) -> None:
    text = approvers.read_text(encoding="utf-8") if approvers.exists() else "[approvers]\n"
    others = [line for line in text.splitlines() if not line.startswith(f'"{email}" =')]
    write_file(approvers, "\n".join([*others, f'"{email}" = "{public}"', ""]).encode())


def holder(settings: Settings) -> str | None:
    """Who the list of approvers says has this machine's private key; None if nobody or several.

    Raises:
        ApprovalError: the key cannot be read.
    """
    public = _private(settings.key).public_key()
    try:
        listed = approval.load_approvers(settings.approvers)
    except ServiceError:
        return None  # said when the signature is held against it
    holders = [email for email, key in listed.items() if key == public]
    return holders[0] if len(holders) == 1 else None


def approve(registry: Registry, number: str | None, settings: Settings, approver: str, note: str) -> Version:
    """Sign the approval of a version, keep it in the registry and make the version the champion.

    Args:
        registry: where the version is.
        number: which one; the newest when not given.
        settings: where the key and the list of approvers are.
        approver: e-mail of whoever approves.
        note: why, in their words.

    Raises:
        ApprovalError: there is no such version or key, the stored bundle is not the one registered, the approver is
            not in the list, or trained it themselves outside local mode.
    """
    version = _choose(registry, number)
    with tempfile.TemporaryDirectory() as folder:
        try:
            found = bundle.read(registry.download(version, Path(folder)))
        except ServiceError as error:
            raise ApprovalError(
                f"version {version.version}: {error.detail}", "do not approve it; train and register again"
            ) from error
    if found.digest != version.digest:
        raise ApprovalError(
            f"version {version.version}: the stored bundle is {found.digest}, {version.digest} was registered",
            "somebody changed it: do not approve it; train and register again",
        )
    statement = _statement(registry.model, version, approver, note)
    signed = Approval(statement, _private(settings.key).sign(statement.payload()))
    try:
        approvers = approval.load_approvers(settings.approvers)
        approval.verify(signed, found, approvers, allow_self=settings.local)
    except ServiceError as error:
        raise ApprovalError(
            f"version {version.version}: {error.detail}",
            f"let someone listed in {settings.approvers} approve it who did not train it; "
            "`python -m training keygen EMAIL` makes a key and prints the line to add there in review",
        ) from error
    registry.approve(version, signed.to_json())
    return registry.version(version.version)


def _choose(registry: Registry, number: str | None) -> Version:
    if number:
        return registry.version(number)
    versions = registry.versions()
    if not versions:
        raise ApprovalError(f"{registry.model} has no version yet", "python -m training register")
    return versions[0]


def _statement(model: str, version: Version, approver: str, note: str) -> Statement:
    return Statement(
        model=model,
        version=version.version,
        bundle_digest=version.digest,
        run_id=version.run_id,
        commit=version.commit,
        trained_by=version.trained_by,
        trained_at=version.trained_at,
        approver=approver,
        approved_at=datetime.now(UTC).isoformat(timespec="seconds"),
        note=note,
    )


def _private(path: Path) -> Ed25519PrivateKey:
    try:
        key = load_pem_private_key(path.read_bytes(), password=None)
    except (OSError, ValueError, TypeError) as error:
        raise ApprovalError(
            f"{path}: the approver's private key cannot be read ({type(error).__name__})",
            "set TRAINING_KEY to where it is, or make one: python -m training keygen EMAIL; "
            "make approve LOCAL=1 takes the key of make demo, for this machine alone",
        ) from error
    if not isinstance(key, Ed25519PrivateKey):
        raise ApprovalError(f"{path}: not an Ed25519 key", "python -m training keygen EMAIL makes one")
    return key
