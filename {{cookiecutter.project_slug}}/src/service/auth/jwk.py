"""The keys in a key set (JWKS, RFC 7517) that can verify a token's signature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import msgspec

_RSA = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512"})
_FITTING: dict[tuple[str, str | None], frozenset[str]] = {
    ("RSA", None): _RSA,
    ("EC", "P-256"): frozenset({"ES256"}),
    ("EC", "P-384"): frozenset({"ES384"}),
    ("EC", "P-521"): frozenset({"ES512"}),
    ("OKP", "Ed25519"): frozenset({"EdDSA"}),
}
"""What each type and curve of key may sign with. Shared secrets are not among them, so that a published key can never
be taken for one."""

ALGORITHMS = frozenset[str]().union(*_FITTING.values())


@dataclass(frozen=True, slots=True)
class PublicKey:
    """One of an issuer's keys.

    Attributes:
        kid: its id; None without one.
        algorithms: what it may verify.
        key: the key itself, of the cryptography library.
    """

    kid: str | None
    algorithms: frozenset[str]
    key: Any


class _KeySet(msgspec.Struct):
    keys: list[dict[str, Any]]


class _Entry(msgspec.Struct):
    kty: str
    crv: str | None = None
    kid: str | None = None
    use: str = "sig"
    key_ops: tuple[str, ...] = ("verify",)
    alg: str | None = None


def parse(body: bytes) -> tuple[PublicKey, ...]:
    """The keys of a key set that can verify signatures; any others are passed over, as the RFC has it.

    Raises:
        msgspec.MsgspecError: it is no key set.
    """
    found = map(_public_key, msgspec.json.decode(body, type=_KeySet).keys)
    return tuple(key for key in found if key is not None)


def _public_key(jwk: dict[str, Any]) -> PublicKey | None:
    import jwt

    try:
        entry = msgspec.convert(jwk, _Entry)
    except msgspec.ValidationError:
        return None
    algorithms = _FITTING.get((entry.kty, entry.crv), frozenset())
    if entry.alg is not None:
        algorithms &= {entry.alg}
    if not algorithms or entry.use != "sig" or "verify" not in entry.key_ops or "d" in jwk:
        return None
    try:
        return PublicKey(entry.kid, algorithms, jwt.PyJWK(jwk, min(algorithms)).key)
    except jwt.PyJWTError:
        return None
