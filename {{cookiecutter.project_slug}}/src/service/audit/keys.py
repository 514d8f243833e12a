"""The trail's two keys: one signs the heads of chains, the other makes the hashes of inputs."""

from __future__ import annotations

import base64
import hashlib
import secrets
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from service.audit.files import replace_file
from service.errors import SettingsError

PUBLIC = ".pub"
"""Ends the name of the file with the public half, which stands beside the private one."""

HASH_BYTES = 16
REMEDY = "make both with: python -m service audit keys"

PublicKeys = dict[str, Ed25519PublicKey]
"""Public keys by their :func:`key_id`."""


@dataclass(frozen=True)
class Keys:
    """What a process that writes a trail must hold.

    Attributes:
        signing: signs the heads.
        input: 32 random bytes, the key of the hashes of inputs.
    """

    signing: Ed25519PrivateKey = field(repr=False)
    input: bytes = field(repr=False)

    def input_hash(self, data: bytes = b"") -> hashlib.blake2b:
        """A keyed hash (BLAKE2, RFC 7693) that has seen ``data``."""
        return hashlib.blake2b(data, key=self.input, digest_size=HASH_BYTES)

    @property
    def input_id(self) -> str:
        """Tells input keys apart and tells nothing of them."""
        return hashlib.blake2b(key=self.input, digest_size=8, person=b"key id").hexdigest()


def key_id(public: Ed25519PublicKey) -> str:
    """A short name for a public key: the start of its SHA-256, in hex."""
    return hashlib.sha256(_raw(public)).hexdigest()[:16]


def create_keys(signing: Path, input: Path) -> str:
    """Make both keys, each readable by its owner only.

    Args:
        signing: where the private key that signs heads goes (PEM); its public half goes beside it, with ``.pub`` added.
        input: where the key of the hashes of inputs goes (base64).

    Returns:
        The public key (base64), to be given to those who verify.

    Raises:
        SettingsError: there is such a file already, or it cannot be written.
    """
    for path in (signing, input):
        if path.exists():
            raise SettingsError(f"{path}: there is a key already; keep it, or move it away first")
    private = Ed25519PrivateKey.generate()
    public = base64.b64encode(_raw(private.public_key()))
    _save(input, base64.b64encode(secrets.token_bytes(32)) + b"\n", 0o600)
    _save(signing.with_name(signing.name + PUBLIC), public + b"\n", 0o644)
    _save(signing, private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()), 0o600)
    return public.decode()


def load_keys(signing: Path, input: Path) -> Keys:
    """Read what :func:`create_keys` made.

    Raises:
        SettingsError: a file is missing or holds no such key.
    """
    try:
        private = load_pem_private_key(_load(signing), password=None)
    except (ValueError, TypeError) as error:
        raise SettingsError(f"{signing}: not a private key in PEM without a password; {REMEDY}") from error
    if not isinstance(private, Ed25519PrivateKey):
        raise SettingsError(f"{signing}: not an Ed25519 key; {REMEDY}")
    return Keys(private, _decode(input, "32 bytes in base64"))


def load_public_keys(paths: Iterable[Path]) -> PublicKeys:
    """Read the public keys whose signatures count: the present one and those in use before.

    Raises:
        SettingsError: a file is missing or holds no public key.
    """
    keys = [Ed25519PublicKey.from_public_bytes(_decode(path, "a public key")) for path in paths]
    return {key_id(key): key for key in keys}


def _raw(public: Ed25519PublicKey) -> bytes:
    return public.public_bytes(Encoding.Raw, PublicFormat.Raw)


def _decode(path: Path, expected: str) -> bytes:
    """The 32 bytes that stand in a file as base64."""
    try:
        key = base64.b64decode(_load(path).strip(), validate=True)
    except ValueError:
        key = b""
    if len(key) != 32:
        raise SettingsError(f"{path}: not {expected}; {REMEDY}")
    return key


def _load(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise SettingsError(f"{path}: this key of the audit cannot be read ({error.strerror}); {REMEDY}") from error


def _save(path: Path, data: bytes, mode: int) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        replace_file(path, data, mode)
    except OSError as error:
        raise SettingsError(f"{path}: the key cannot be written ({error.strerror}); take another folder") from error
