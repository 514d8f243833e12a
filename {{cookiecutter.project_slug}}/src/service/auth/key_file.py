"""The file of API keys. It holds hashes only: a key is 256 random bits, so a plain SHA-256 cannot be reversed."""

from __future__ import annotations

import fcntl
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from service.auth.principal import Scope
from service.errors import SettingsError

Hash = Annotated[str, Meta(pattern="^[0-9a-f]{64}$")]
Time = Annotated[datetime, Meta(tz=True)]


class KeyRecord(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is kept of a key.

    Attributes:
        sha256: the key's hash, in hex.
        created: when it was made.
        expires: when it stops working, or stopped; None for never.
        scopes: what its holder may do with it.
    """

    sha256: Hash
    created: Time
    expires: Time | None = None
    scopes: tuple[Scope, ...] = ("predict",)

    @classmethod
    def of(cls, key: str, scopes: tuple[Scope, ...], expires: datetime | None = None) -> KeyRecord:
        """The record of a key that is made now."""
        return cls(hash_key(key), now(), expires, scopes)

    @property
    def id(self) -> str:
        """Names the key among its holder's, and says nothing about it."""
        return self.sha256[:8]

    @property
    def expired(self) -> bool:
        """Whether it has stopped working."""
        return self.expires is not None and self.expires <= now()


Records = dict[str, list[KeyRecord]]
"""Each holder's keys, oldest first."""


def hash_key(key: str) -> str:
    """What is kept of a key."""
    return sha256(key.encode()).hexdigest()


def now() -> datetime:
    """The present second."""
    return datetime.now(UTC).replace(microsecond=0)


def read_records(path: Path) -> Records:
    """What the file holds.

    Raises:
        SettingsError: it is missing or malformed.
    """
    try:
        found = msgspec.json.decode(path.read_bytes(), type=dict[str, list[KeyRecord] | KeyRecord])
    except OSError as error:
        raise SettingsError(
            f"{path}: the API keys cannot be read ({error.strerror}); make one: python -m service keys create NAME"
        ) from error
    except (msgspec.MsgspecError, RecursionError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: not a file of API key hashes ({error})") from error
    return {name: [held] if isinstance(held, KeyRecord) else held for name, held in found.items()}


@contextmanager
def changing(path: Path) -> Iterator[Records]:
    """The file's contents, to change; written when the block ends well. One process at a time.

    Raises:
        SettingsError: the file is malformed or cannot be written.
    """
    path = path.resolve()  # a link stays a link
    try:
        with locked(path.parent):
            records = read_records(path) if path.exists() else {}
            yield records
            write(path, msgspec.json.format(msgspec.json.encode(records), indent=2) + b"\n")
    except OSError as error:
        raise SettingsError(f"{path}: the API keys cannot be written ({error.strerror})") from error


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Keep other processes out. The folder is locked, as the file itself is replaced."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)


def write(path: Path, content: bytes) -> None:
    """Replace a file whole; it stays replaced if the power fails. Its readers are those of the old one.

    A new one is readable by its owner only.
    """
    temporary = path.with_name(f".{path.name}.{os.getpid()}.{secrets.token_hex(4)}")
    try:
        with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            _share(file.fileno(), path)
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _share(handle: int, path: Path) -> None:
    """Give a file the owner, group and mode of another: who reads the one is to read the other."""
    try:
        old = path.stat()
    except FileNotFoundError:
        return
    new = os.fstat(handle)
    if (old.st_uid, old.st_gid) != (new.st_uid, new.st_gid):
        try:
            os.fchown(handle, old.st_uid, old.st_gid)
        except PermissionError as error:
            raise SettingsError(
                f"{path} is of user {old.st_uid} and group {old.st_gid}, who could not read it any more if you changed"
                " it: do so as that user, in that group"
            ) from error
    os.fchmod(handle, old.st_mode & 0o777)
