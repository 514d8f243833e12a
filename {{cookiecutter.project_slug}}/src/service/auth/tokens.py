"""Tokens (JWT, RFC 7519) of an issuer that the service trusts."""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable, Iterable
from hashlib import sha256
from importlib import import_module
from typing import Any

from service.auth.jwk import ALGORITHMS, PublicKey
from service.auth.jwks import IssuerKeys
from service.auth.principal import SCOPES, Principal
from service.errors import SettingsError, Unauthenticated
from service.remote import Remote

LONGEST = 8192
"""Characters of a token."""

REMEMBERED = 10_000
"""Tokens that need not be verified again."""


class Tokens:
    """Verifies tokens and remembers those that it verified.

    Args:
        issuer: who must have issued them (``iss``).
        audience: whom they must be meant for (``aud``).
        jwks_url: where the issuer publishes its keys; https, or http on this machine.
        remote: how the issuer is called.
        algorithms: what they may be signed with; asymmetric ones only.
        leeway: allowed difference between the issuer's clock and this one's, in seconds.
        cache: how long the issuer's keys are used without asking again, in seconds. A key that the issuer withdraws
            goes on working for so long.
        stale: how much longer when the issuer cannot be reached, in seconds.
        pause: between two calls of the issuer, in seconds.
        clock: seconds since 1970.

    Raises:
        SettingsError: one of these will not do.
    """

    def __init__(
        self,
        issuer: str,
        audience: str,
        jwks_url: str,
        *,
        remote: Remote,
        algorithms: Iterable[str] = ALGORITHMS,
        leeway: float = 30.0,
        cache: float = 300.0,
        stale: float = 86_400.0,
        pause: float = 10.0,
        clock: Callable[[], float] = time.time,
        timer: Callable[[], float] = time.monotonic,
    ) -> None:
        if not issuer or not audience:
            raise SettingsError("tokens need an issuer and an audience: without them anybody's would be accepted")
        import_module("jwt")  # takes a while: now rather than in the first request
        self._algorithms = frozenset(algorithms)
        if wrong := self._algorithms - ALGORITHMS:
            raise SettingsError(f"{min(wrong)}: tokens may be signed with {', '.join(sorted(ALGORITHMS))} only")
        self._keys = IssuerKeys(jwks_url, remote, cache=cache, stale=stale, pause=pause, clock=timer)
        self._issuer, self._audience, self._leeway, self._clock = issuer, audience, leeway, clock
        self._verified: OrderedDict[bytes, tuple[Principal, float, int]] = OrderedDict()

    def known(self, token: str) -> Principal | None:
        """Whose token it is if that was verified before and still holds, else None."""
        digest = sha256(token.encode()).digest()
        found = self._verified.get(digest)
        if found is None:
            return None
        principal, expires, generation = found
        if generation != self._keys.generation or self._clock() >= expires:
            del self._verified[digest]
            return None
        if not self._keys.settled:
            return None
        self._verified.move_to_end(digest)
        return principal

    async def verify(self, token: str) -> Principal:
        """Whose token it is.

        Raises:
            Unauthenticated: it is not a token of the issuer for this service that is valid now.
            RemoteUnavailable: the key that it names is not known, and the issuer cannot be asked.
        """
        if len(token) > LONGEST:
            raise _refusal(f"the token is longer than {LONGEST} characters")
        kid, algorithm = self._head(token)
        keys = await self._keys.find(kid)
        if principal := self.known(token):  # only its keys had to be looked at again
            return principal
        claims = self._claims(token, _fitting(keys, kid, algorithm))
        principal = Principal(claims["sub"], _scopes(claims), "token")
        self._verified[sha256(token.encode()).digest()] = principal, float(claims["exp"]), self._keys.generation
        if len(self._verified) > REMEMBERED:
            self._verified.popitem(last=False)
        return principal

    def _head(self, token: str) -> tuple[str | None, str]:
        """The key id and algorithm that a token claims. Nothing else in its head is believed."""
        import jwt

        try:
            head = jwt.get_unverified_header(token)
        except jwt.PyJWTError as error:
            raise _refusal("the token cannot be read") from error
        if "crit" in head:
            raise _refusal("the token has critical extensions, none of which is supported")
        algorithm = head.get("alg")
        if not isinstance(algorithm, str) or algorithm not in self._algorithms:
            raise _refusal(f"the token must be signed with {', '.join(sorted(self._algorithms))}")
        return head.get("kid"), algorithm

    def _claims(self, token: str, key: PublicKey) -> dict[str, Any]:
        """What a token says, once its signature and validity are verified."""
        import jwt

        try:
            claims = jwt.decode(
                token,
                key.key,
                algorithms=sorted(key.algorithms & self._algorithms),
                issuer=self._issuer,
                audience=self._audience,
                leeway=self._leeway,
                options={"require": ["exp", "sub"], "enforce_minimum_key_length": True},
            )
        except jwt.PyJWTError as error:
            raise _refusal(f"the token is refused: {error}") from error
        if not claims["sub"]:
            raise _refusal('the token is refused: its "sub" claim is empty')
        try:
            claims["sub"].encode()
        except UnicodeEncodeError as error:
            raise _refusal('the token is refused: its "sub" claim is no Unicode text') from error
        return claims


def _fitting(keys: tuple[PublicKey, ...], kid: str | None, algorithm: str) -> PublicKey:
    """The key that a token is to be verified with."""
    if not keys:
        raise _refusal("the token's key is not one of its issuer's")
    if kid is None and len(keys) > 1:
        raise _refusal("the token does not say which of its issuer's keys signed it (kid)")
    for key in keys:
        if algorithm in key.algorithms:
            return key
    raise _refusal(f"the token's key does not sign with {algorithm}")


def _scopes(claims: dict[str, Any]) -> frozenset[str]:
    """What the token allows, as far as this service knows it: ``scope`` (RFC 9068), or ``scp`` of some issuers."""
    said = claims.get("scope", claims.get("scp"))
    words = said.split() if isinstance(said, str) else said if isinstance(said, list) else []
    return frozenset(scope for scope in SCOPES if scope in words)


def _refusal(detail: str) -> Unauthenticated:
    error = Unauthenticated(detail)
    error.challenge = 'Bearer error="invalid_token"'
    return error
