"""Ed25519 signatures under evidence. The package `cryptography` is needed only where there is one."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from readiness.errors import BadRequest

NEEDS = "the package cryptography is not installed: pip install 'readiness[signatures]'"


class SignatureProblem(Exception):
    """A signature does not count; says why."""


def verify(told: Mapping[str, Any], people: Mapping[str, str]) -> str:
    """Who signed a record.

    Raises:
        SignatureProblem: nobody known did, or the signature is not theirs.
    """
    try:
        from cryptography.exceptions import InvalidSignature
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    except ImportError:
        raise SignatureProblem(f"its signature cannot be verified: {NEEDS}") from None
    signer = str(told.get("signer") or "")
    if signer not in people:
        raise SignatureProblem(
            f"{signer or 'whoever signed it'} is in neither approvers.toml nor evidence/signers.toml"
        )
    try:
        key = Ed25519PublicKey.from_public_bytes(base64.b64decode(people[signer], validate=True))
        key.verify(base64.b64decode(str(told["signature"]), validate=True), told["digest"].encode())
    except (InvalidSignature, binascii.Error, ValueError):
        raise SignatureProblem(f"its signature is not that of {signer}") from None
    return signer


def sign(digest: str, key: Path) -> str:
    """A signature over a digest, in base64.

    Raises:
        BadRequest: the key cannot be read, or is no Ed25519 key in PEM.
    """
    try:
        from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
        from cryptography.hazmat.primitives.serialization import load_pem_private_key
    except ImportError:
        raise BadRequest(f"--sign: {NEEDS}") from None
    try:
        private = load_pem_private_key(key.read_bytes(), password=None)
    except OSError as error:
        raise BadRequest(f"--sign {key}: {error.strerror}; name a private key") from None
    except (ValueError, TypeError):
        raise BadRequest(f"--sign {key}: it is no key in PEM without a password") from None
    if not isinstance(private, Ed25519PrivateKey):
        raise BadRequest(f"--sign {key}: it is no Ed25519 key")
    return base64.b64encode(private.sign(digest.encode())).decode()
