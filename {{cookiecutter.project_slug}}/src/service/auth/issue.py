"""Making, replacing and revoking API keys. A running service notices within its reload interval."""

from __future__ import annotations

import secrets
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path

from msgspec.structs import replace

from service.auth.key_file import KeyRecord, changing, locked, now, read_records, write
from service.auth.principal import SCOPES, Scope
from service.errors import SettingsError

LONGEST_NAME = 64
SIGNS = " ._-@:/+"
KEY_BYTES = 32
KEY_LENGTH = 43
"""Of so many bytes in base64."""


@dataclass(frozen=True, slots=True)
class Key:
    """A key as it is listed.

    Attributes:
        holder: who has it.
        id: names it among the holder's keys.
        created: when it was made.
        expires: when it stops working, or stopped; None for never.
        scopes: what it allows.
    """

    holder: str
    id: str
    created: datetime
    expires: datetime | None
    scopes: tuple[Scope, ...]


def create_key(
    path: Path,
    name: str,
    scopes: Iterable[str] | None = None,
    expires: timedelta | None = None,
    overlap: timedelta | None = None,
) -> str:
    """Make a key, add its hash to the file and return the key, which is kept nowhere.

    Args:
        path: the file; made if there is none.
        name: who will hold the key.
        scopes: what it allows; None for what the newest of the replaced keys allows, or else predictions.
        expires: how long it works; None for ever.
        overlap: replaces the holder's present keys, which go on working for so long; None for a new holder.

    Raises:
        SettingsError: the name will not do or is taken (or unknown, if its keys are to be replaced), a scope is none,
            or the file is malformed.
    """
    if overlap is None:  # a name of earlier days can still be rotated
        _check_name(name)
    key = secrets.token_urlsafe(KEY_BYTES)
    allowed = None if scopes is None else _scopes(scopes)
    with changing(path) as records:
        held = records.get(name, [])
        if overlap is None and not all(record.expired for record in held):
            raise SettingsError(f"{path}: there is a key named {name!r} already; take another name, or rotate it")
        if overlap is not None:
            if not held:
                raise SettingsError(f"{path}: there is no key named {name!r} to rotate")
            held = [_ending(record, now() + overlap) for record in held]
        allowed = allowed or (("predict",) if overlap is None else held[-1].scopes)
        records[name] = [*held, KeyRecord.of(key, allowed, None if expires is None else now() + expires)]
    return key


def list_keys(path: Path) -> list[Key]:
    """All keys in the file, the expired ones too.

    Raises:
        SettingsError: the file is missing or malformed.
    """
    return [Key(n, r.id, r.created, r.expires, r.scopes) for n, held in read_records(path).items() for r in held]


def revoke_key(path: Path, name: str, key_id: str | None = None) -> int:
    """Take a holder's keys out of the file, all of them or the one of that id; returns how many.

    Raises:
        SettingsError: there is no such key, or the file is malformed.
    """
    with changing(path) as records:
        held = records.pop(name, [])
        kept = [record for record in held if key_id not in (None, record.id)]
        if len(kept) == len(held):
            which = "" if key_id is None else f" with the id {key_id!r}"
            raise SettingsError(f"{path}: there is no key named {name!r}{which}")
        if kept:
            records[name] = kept
    return len(held) - len(kept)


def local_key(path: Path) -> str:
    """The key of this machine, made at first use and kept readable by its owner only.

    Raises:
        SettingsError: the file holds none; an empty one would let in whoever sends an empty key.
    """
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        with locked(path.parent):
            if not path.exists():
                write(path, secrets.token_urlsafe(KEY_BYTES).encode())
    key = path.read_bytes().strip()
    if len(key) < KEY_LENGTH or not key.isascii():
        raise SettingsError(f"{path}: this is no API key; remove the file, and a key is made at the next start")
    return key.decode()


def _check_name(name: str) -> None:
    """Names stand in lists, logs and records, one in a line."""
    letters = all(char.isalnum() or char in SIGNS or unicodedata.category(char)[0] == "M" for char in name)
    if not letters or not 1 <= len(name) <= LONGEST_NAME or name != name.strip():
        raise SettingsError(
            f"{name[:LONGEST_NAME]!r} is no name for a holder of keys: take 1 to {LONGEST_NAME} letters, digits, blanks"
            f" or {' '.join(SIGNS.strip())}, without a blank at either end"
        )


def _scopes(scopes: Iterable[str]) -> tuple[Scope, ...]:
    wanted = set(scopes)
    if wrong := wanted - set(SCOPES):
        raise SettingsError(f"there is no scope {min(wrong)!r}; there are {', '.join(SCOPES)}")
    if not wanted:
        raise SettingsError(f"a key needs at least one scope of {', '.join(SCOPES)}")
    return tuple(scope for scope in SCOPES if scope in wanted)


def _ending(record: KeyRecord, end: datetime) -> KeyRecord:
    return record if record.expires and record.expires < end else replace(record, expires=end)
