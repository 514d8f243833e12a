"""API keys: which of them was sent, and whose it is."""

from __future__ import annotations

import base64
import binascii
import hmac
import logging
import time
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from hashlib import sha256
from math import inf
from pathlib import Path

from service.auth.key_file import KeyRecord, read_records
from service.auth.principal import Principal
from service.errors import SettingsError, Unauthenticated

Headers = Iterable[tuple[bytes, bytes]]
log = logging.getLogger("service")

PREFIX = 8
"""Bytes of a key's hash by which it is looked up; the whole hash is then compared in constant time."""


class ApiKeys:
    """The keys that are let in.

    Args:
        records: each holder's keys.
        path: the file from which :meth:`load` and :meth:`refresh` take further keys; it may come later.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        records: Mapping[str, Iterable[KeyRecord]],
        path: Path | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._given = self._known = _index(records)
        self._path = path
        self._clock = clock
        self._state: tuple[int, ...] = ()
        self._problem = ""  # why the file could not be read, when it was tried last

    def identify(self, headers: Headers) -> Principal:
        """Who sent these headers.

        Raises:
            Unauthenticated: there is no key, or it is not known or has expired.
        """
        return self.holder(presented(headers)[0])

    def holder(self, key: bytes | None) -> Principal:
        """Whose key it is; None when none was sent.

        Raises:
            Unauthenticated: there is no key, or it is not known or has expired.
        """
        if key is None:
            raise Unauthenticated("send an API key: X-API-Key: …, Authorization: Bearer …, or as Basic password")
        digest = sha256(key).digest()
        known, principal, expires = self._known.get(digest[:PREFIX], _NOBODY)
        if not hmac.compare_digest(known, digest):
            raise Unauthenticated("the API key is not known")
        if self._clock() >= expires:
            raise Unauthenticated(f"the API key expired at {datetime.fromtimestamp(expires, UTC).isoformat()}")
        return principal

    def load(self) -> None:
        """Read the file.

        Raises:
            SettingsError: it is missing or malformed.
        """
        if self._path is not None:
            state = _state(self._path)
            self._known = {**_index(read_records(self._path)), **self._given}
            self._state, self._problem = state, ""

    def refresh(self) -> None:
        """Read the file if it changed; keep the keys that are known while it cannot be read, which is told once."""
        if self._path is None or _state(self._path) == self._state:
            return
        try:
            self.load()
        except SettingsError as error:
            if error.detail != self._problem:
                log.error("API keys not read anew; those known go on working", extra={"reason": error.detail})
            self._problem = error.detail
        else:
            log.info("API keys read anew", extra={"keys": len(self._known)})


def presented(headers: Headers) -> tuple[bytes | None, bool]:
    """The credential in a request's headers, wherever it stands, and whether it is a bearer token.

    It comes as ``X-API-Key``, as a bearer token, or as the password of HTTP Basic (which browsers and clients that
    know no other credentials can send).
    """
    for name, value in headers:
        if name == b"x-api-key":
            return value.strip(), False
        if name == b"authorization":
            scheme, _, rest = value.partition(b" ")
            if scheme.lower() == b"bearer":
                return rest.strip(), True
            if scheme.lower() == b"basic":
                return _basic_password(rest.strip()), False
    return None, False


def _basic_password(encoded: bytes) -> bytes | None:
    try:
        return base64.b64decode(encoded, validate=True).partition(b":")[2]
    except binascii.Error:
        return None


_NOBODY = (bytes(32), Principal("", frozenset(), "key"), -inf)


def _index(records: Mapping[str, Iterable[KeyRecord]]) -> dict[bytes, tuple[bytes, Principal, float]]:
    """Per beginning of a hash: the hash, whose key it is, and when it expires."""
    found = {}
    for name, held in records.items():
        for record in held:
            digest = bytes.fromhex(record.sha256)
            expires = inf if record.expires is None else record.expires.timestamp()
            found[digest[:PREFIX]] = digest, Principal(name, frozenset(record.scopes), "key"), expires
    return found


def _state(path: Path) -> tuple[int, ...]:
    """Changes whenever the file does; empty without one."""
    try:
        found = path.stat()
    except OSError:
        return ()
    return found.st_mtime_ns, found.st_size, found.st_ino
