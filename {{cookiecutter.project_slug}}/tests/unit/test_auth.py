"""Who is let in, and what is kept of a key."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest

from service import auth
from service.auth import ApiKeys, hash_key
from service.errors import SettingsError, Unauthenticated

KEYS = ApiKeys({"first": hash_key("k" * 43), "second": hash_key("s" * 43)})


def basic(user: str, password: str) -> bytes:
    return b"Basic " + base64.b64encode(f"{user}:{password}".encode())


@pytest.mark.parametrize(
    "header",
    [
        (b"x-api-key", b"s" * 43),
        (b"authorization", b"Bearer " + b"s" * 43),
        (b"authorization", b"bearer  " + b"s" * 43),
        (b"authorization", basic("anyone", "s" * 43)),
        (b"authorization", basic("", "s" * 43)),
    ],
)
def test_a_key_is_known_however_it_is_sent(header: tuple[bytes, bytes]) -> None:
    assert KEYS.identify([(b"host", b"here"), header]) == "second"


@pytest.mark.parametrize(
    "header",
    [
        (b"x-api-key", b""),
        (b"x-api-key", b"\xff\xfe"),
        (b"x-api-key", hash_key("s" * 43).encode()),
        (b"authorization", b"s" * 43),
        (b"authorization", b"Bearer"),
        (b"authorization", b"Basic !!!"),
        (b"authorization", basic("s" * 43, "")),
        (b"authorization", b"Digest " + b"s" * 43),
        (b"cookie", b"s" * 43),
    ],
)
def test_anything_else_is_nobody(header: tuple[bytes, bytes]) -> None:
    with pytest.raises(Unauthenticated):
        KEYS.identify([header])


def test_without_keys_nobody_is_let_in() -> None:
    with pytest.raises(Unauthenticated):
        ApiKeys({}).identify([(b"x-api-key", b"")])


def test_a_created_key_works_and_is_kept_nowhere(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    keys = {name: auth.create_key(path, name) for name in ("ann", "bob")}
    for name, key in keys.items():
        assert auth.load_keys(path).identify([(b"x-api-key", key.encode())]) == name
        assert len(key) >= 43
        assert key not in path.read_text(encoding="utf-8")
    assert path.stat().st_mode & 0o077 == 0
    assert [entry.name for entry in tmp_path.iterdir()] == ["keys.json"]


def test_a_name_is_given_once(tmp_path: Path) -> None:
    auth.create_key(tmp_path / "keys.json", "ann")
    with pytest.raises(SettingsError, match="'ann' already"):
        auth.create_key(tmp_path / "keys.json", "ann")


def test_missing_keys_say_how_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="python -m service keys create"):
        auth.load_keys(tmp_path / "nowhere.json")


@pytest.mark.parametrize("content", ["", "[]", '{"ann": 3}', '{"ann": {"sha256": "x"}}', "nonsense"])
def test_a_broken_file_of_keys_is_refused(tmp_path: Path, content: str) -> None:
    (tmp_path / "keys.json").write_text(content, encoding="utf-8")
    with pytest.raises(SettingsError, match="not a file of API key hashes"):
        auth.load_keys(tmp_path / "keys.json")


def test_the_local_key_is_made_once_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "new" / "api-key"
    assert auth.local_key(path) == auth.local_key(path)
    assert path.stat().st_mode & 0o077 == 0


def test_hashes_hold_no_key() -> None:
    assert json.dumps(KEYS.__dict__).find("s" * 43) == -1
