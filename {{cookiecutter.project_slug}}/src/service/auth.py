"""API keys: who is calling. Only hashes are kept; a key is 256 random bits, so a plain SHA-256 cannot be reversed."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import json
import os
import secrets
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path

from service.errors import SettingsError, Unauthenticated

Headers = Iterable[tuple[bytes, bytes]]


class ApiKeys:
    """The keys that are let in.

    Args:
        hashes: name of each key's holder with the key's SHA-256 in hex.
    """

    def __init__(self, hashes: Mapping[str, str]) -> None:
        self._hashes = dict(hashes)

    def identify(self, headers: Headers) -> str:
        """The name of the caller's key.

        The key comes as ``X-API-Key``, as a bearer token, or as the password of HTTP Basic (which browsers and
        clients that know no other credentials can send).

        Raises:
            Unauthenticated: there is no key, or it is not known.
        """
        presented = presented_key(headers)
        if presented is None:
            raise Unauthenticated("send an API key: X-API-Key: …, Authorization: Bearer …, or as Basic password")
        digest = hash_key(presented)
        found = None
        for name, known in self._hashes.items():  # no early end: the time taken tells nothing
            if hmac.compare_digest(known, digest):
                found = name
        if found is None:
            raise Unauthenticated("the API key is not known")
        return found


def presented_key(headers: Headers) -> str | None:
    """The key in a request's headers, wherever it stands."""
    for name, value in headers:
        if name == b"x-api-key":
            return value.decode("latin-1").strip()
        if name == b"authorization":
            scheme, _, rest = value.decode("latin-1").partition(" ")
            if scheme.lower() == "bearer":
                return rest.strip()
            if scheme.lower() == "basic":
                return _basic_password(rest.strip())
    return None


def _basic_password(encoded: str) -> str | None:
    try:
        return base64.b64decode(encoded, validate=True).decode("utf-8", "replace").partition(":")[2]
    except binascii.Error:
        return None


def hash_key(key: str) -> str:
    """What is kept of a key."""
    return hashlib.sha256(key.encode()).hexdigest()


def load_keys(path: Path) -> ApiKeys:
    """Read the file of hashes that :func:`create_key` writes.

    Raises:
        SettingsError: the file is missing or malformed.
    """
    return ApiKeys({name: entry["sha256"] for name, entry in _read(path).items()})


def create_key(path: Path, name: str) -> str:
    """Make a key for ``name``, add its hash to the file and return the key, which is kept nowhere.

    Raises:
        SettingsError: there is a key of that name, or the file is malformed.
    """
    entries = _read(path) if path.exists() else {}
    if name in entries:
        raise SettingsError(f"{path}: there is a key named {name!r} already; take another name")
    key = secrets.token_urlsafe(32)
    entries[name] = {"sha256": hash_key(key), "created": datetime.now(UTC).isoformat(timespec="seconds")}
    _write(path, json.dumps(entries, ensure_ascii=False, indent=2) + "\n")
    return key


def local_key(path: Path) -> str:
    """The key of this machine, made at first use and kept readable by its owner only."""
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        _write(path, secrets.token_urlsafe(32))
    return path.read_text(encoding="ascii").strip()


def _read(path: Path) -> dict[str, dict[str, str]]:
    try:
        entries = json.loads(path.read_text(encoding="utf-8"))
        return {str(name): {"sha256": str(e["sha256"]), "created": str(e["created"])} for name, e in entries.items()}
    except OSError as error:
        raise SettingsError(
            f"{path}: the API keys cannot be read ({error.strerror}); make one: python -m service keys create NAME"
        ) from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise SettingsError(f"{path}: not a file of API key hashes ({error})") from error


def _write(path: Path, text: str) -> None:
    """Replace a file whole, readable by its owner only."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
