"""What may be a key's name, and what may be the key of this machine."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from service import auth
from service.auth import KeyRecord
from service.auth.key_file import changing
from service.errors import SettingsError

NAMES = ["ann", "Ann Smith", "team/app-1:blue+green", "ann_b@example.org", "Žofie", "张伟", "हिन्दी", "a" * 64]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


@pytest.mark.parametrize("name", NAMES)
def test_names_are_those_that_people_and_programs_have(path: Path, name: str) -> None:
    auth.create_key(path, name)
    assert [key.holder for key in auth.list_keys(path)] == [name]


@pytest.mark.parametrize(
    "name", ["", " ", " ann", "ann ", "a\nb", "a\tb", "a\x1b[2J", "a\u2028b", "a\u202eb", "a\udcffb", "a,b", "a" * 65]
)
def test_a_name_that_would_garble_a_list_is_refused(path: Path, name: str) -> None:
    with pytest.raises(SettingsError, match=r"take 1 to 64 letters, digits, blanks or \. _ - @ : / \+") as caught:
        auth.create_key(path, name)
    assert len(caught.value.detail.splitlines()) == 1
    assert not path.exists()


def test_a_name_of_thousands_of_characters_is_not_repeated_whole(path: Path) -> None:
    with pytest.raises(SettingsError) as caught:
        auth.create_key(path, "a" * 3000)
    assert len(caught.value.detail) < 300


def test_a_holder_from_before_there_was_a_rule_can_be_rotated_and_revoked(path: Path) -> None:
    with changing(path) as records:
        records["a,b"] = [KeyRecord.of("k" * 43, ("predict",))]
    auth.create_key(path, "a,b", overlap=timedelta(hours=1))
    assert auth.revoke_key(path, "a,b") == 2


def test_the_key_of_this_machine_is_made_once(tmp_path: Path) -> None:
    path = tmp_path / "own" / "key"
    key = auth.local_key(path)
    assert len(key) == 43
    assert path.stat().st_mode & 0o077 == 0
    path.write_text(f"{key}\n", encoding="ascii")  # as an editor leaves it
    assert auth.local_key(path) == key


@pytest.mark.parametrize("content", ["", "\n", "secret", "k" * 42 + "\n", "é" * 43])
def test_a_file_without_a_key_lets_nobody_in(tmp_path: Path, content: str) -> None:
    path = tmp_path / "key"
    path.write_text(content, encoding="utf-8")
    with pytest.raises(SettingsError, match="remove the file"):
        auth.local_key(path)
