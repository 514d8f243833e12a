"""The keys that a token issuer publishes: fetched when needed, kept for a while, and longer when the issuer is away."""

from __future__ import annotations

import asyncio
import logging
import math
import time
import urllib.request
from collections.abc import Callable
from ipaddress import ip_address
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit

from service.auth.jwk import PublicKey, parse
from service.errors import RemoteUnavailable, SettingsError
from service.remote import Remote

log = logging.getLogger("service")

LARGEST = 262_144
"""Bytes of a key set; anything longer is none."""

BRIEFLY = 0.25
"""Seconds to wait for news of a key that is known and may be used. An issuer that is well answers within that, so a
withdrawn key is noticed at once; one that hangs holds nobody up."""


class IssuerKeys:
    """An issuer's keys.

    Args:
        url: where they are; https, or http on this machine.
        remote: how the issuer is called.
        cache: how long keys are used without asking again, in seconds.
        stale: how much longer when the issuer cannot be reached, in seconds.
        pause: between two calls of the issuer, in seconds, so that made-up key ids cannot make this service hammer it.
        clock: seconds.

    Attributes:
        generation: grows when the keys change.

    Raises:
        SettingsError: the URL will not do.
    """

    def __init__(
        self, url: str, remote: Remote, *, cache: float, stale: float, pause: float, clock: Callable[[], float]
    ) -> None:
        self._url = url
        self._opener = _opener(url)
        self._remote = remote
        self._cache, self._stale, self._pause, self._clock = cache, stale, pause, clock
        self._keys: tuple[PublicKey, ...] = ()
        self._published = b""
        self._fetched = self._asked = -math.inf
        self._away = False
        self._fetching: asyncio.Task[None] | None = None
        self.generation = 0

    @property
    def settled(self) -> bool:
        """Whether the keys hold without asking the issuer: they are fresh, or old and were just asked for."""
        now = self._clock()
        asked = now - self._asked < self._pause
        return now - self._fetched < (self._cache + self._stale if asked else self._cache)

    async def find(self, kid: str | None) -> tuple[PublicKey, ...]:
        """The keys of that id, or all keys for None; an unknown id is asked for, and waited for in full.

        Raises:
            RemoteUnavailable: there is none, and the issuer does not answer.
        """
        if not self.settled:
            await self._update(BRIEFLY if self._of(kid) else None)
        found = self._of(kid)
        if not found:
            await self._update()
            found = self._of(kid)
        if not found and self._away:
            after = math.ceil(max(1.0, self._asked + self._pause - self._clock()))
            raise RemoteUnavailable("the token issuer does not answer", headers={"Retry-After": str(after)})
        return found

    def _of(self, kid: str | None) -> tuple[PublicKey, ...]:
        if self._clock() - self._fetched >= self._cache + self._stale:
            return ()
        return tuple(key for key in self._keys if kid is None or key.kid == kid)

    async def _update(self, patience: float | None = None) -> None:
        """Ask the issuer, unless it was just asked. Whoever comes meanwhile waits for the same answer.

        Args:
            patience: how long to wait for it, in seconds; None for as long as it takes.
        """
        if self._fetching is None:
            if self._clock() - self._asked < self._pause:
                return
            self._asked = self._clock()
            self._fetching = asyncio.create_task(self._fetch())
        await asyncio.wait({self._fetching}, timeout=patience)  # one who gives up does not take it from the others

    async def _fetch(self) -> None:
        try:
            published, keys = await self._remote.call(lambda: asyncio.to_thread(self._download))
        except RemoteUnavailable as error:
            self._away = True
            log.warning("token issuer's keys not fetched", extra={"reason": str(error.__cause__ or error)})
        else:
            self._away, self._fetched = False, self._clock()
            if published != self._published:
                self._published, self._keys = published, keys
                self.generation += 1
        finally:
            self._fetching = None

    def _download(self) -> tuple[bytes, tuple[PublicKey, ...]]:
        """The key set as it is published, and the keys in it."""
        body = _read(self._opener, self._url, self._remote.policy.timeout)
        return body, parse(body)


def _read(opener: urllib.request.OpenerDirector, url: str, timeout: float) -> bytes:
    """A small document. It is read in a thread, which must not go on when nobody waits for it any more."""
    deadline = time.monotonic() + timeout  # the socket's own timeout starts anew with each byte
    request = urllib.request.Request(url, headers={"Accept": "application/json"})
    body = b""
    try:
        with opener.open(request, timeout=timeout) as answer:
            while chunk := answer.read1(65_536):
                body += chunk
                if len(body) > LARGEST:
                    raise ValueError(f"the key set is larger than {LARGEST} bytes")
                if time.monotonic() > deadline:
                    raise TimeoutError
    except HTTPError as error:
        error.close()
        raise
    return body


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """The keys decide who is let in: they come from where the settings say, or not at all."""

    def redirect_request(self, *_: Any) -> None:
        return None


def _opener(url: str) -> urllib.request.OpenerDirector:
    """Opens that URL. A proxy is used as the environment says, but never to reach this machine."""
    try:
        parts = urlsplit(url)
    except ValueError:
        parts = urlsplit("")
    if parts.username is not None:
        raise SettingsError("SERVICE_TOKEN_KEYS: the URL of the issuer's keys must hold no user and password")
    if parts.scheme == "https" and parts.hostname:
        return urllib.request.build_opener(_NoRedirect)
    if parts.scheme == "http" and _loopback(parts.hostname or ""):
        return urllib.request.build_opener(_NoRedirect, urllib.request.ProxyHandler({}))
    raise SettingsError(f"SERVICE_TOKEN_KEYS: {url}: keys must come by https (http will do on this machine only)")


def _loopback(host: str) -> bool:
    try:
        return host == "localhost" or ip_address(host).is_loopback
    except ValueError:
        return False
