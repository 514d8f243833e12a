"""A bundle is read only if each of its bytes is what it was when it was made."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sample import write_bundle
from service import bundle
from service.errors import BundleError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_bundle(tmp_path / "bundle")
    return tmp_path / "bundle"


def test_a_sound_bundle_is_read_whole(folder: Path) -> None:
    found = bundle.read(folder)
    assert found.digest == bundle.sha256((folder / bundle.MANIFEST).read_bytes())
    assert found.name == "sample"
    assert found.model == (folder / bundle.MODEL).read_bytes()
    assert found.signature.classes == ("benign", "malignant")
    assert len(found.golden.rows) == len(found.golden.expected)


@pytest.mark.parametrize("name", sorted(bundle.FILES))
def test_one_flipped_bit_is_noticed(folder: Path, name: str) -> None:
    data = bytearray((folder / name).read_bytes())
    data[len(data) // 2] ^= 1
    (folder / name).write_bytes(data)
    with pytest.raises(BundleError, match=f"{name}: altered"):
        bundle.read(folder)


def test_the_manifest_itself_cannot_be_altered_unnoticed(folder: Path) -> None:
    whole = bundle.read(folder).digest
    data = (folder / bundle.MANIFEST).read_bytes()
    for position in range(0, len(data), 7):
        changed = bytearray(data)
        changed[position] ^= 1
        (folder / bundle.MANIFEST).write_bytes(changed)
        try:
            assert bundle.read(folder).digest != whole
        except BundleError:
            continue


@pytest.mark.parametrize("name", [*sorted(bundle.FILES), bundle.MANIFEST])
def test_a_missing_file_is_named(folder: Path, name: str) -> None:
    (folder / name).unlink()
    with pytest.raises(BundleError, match=name):
        bundle.read(folder)


def test_an_extra_file_is_named(folder: Path) -> None:
    (folder / "surprise.pkl").write_bytes(b"")
    with pytest.raises(BundleError, match=r"surprise\.pkl"):
        bundle.read(folder)


def test_a_link_is_no_file_of_a_bundle(folder: Path, tmp_path: Path) -> None:
    (folder / bundle.CARD).rename(tmp_path / "elsewhere.md")
    (folder / bundle.CARD).symlink_to(tmp_path / "elsewhere.md")
    with pytest.raises(BundleError, match="not links"):
        bundle.read(folder)


def test_another_format_is_told_from_a_broken_one(folder: Path) -> None:
    head = json.loads((folder / bundle.MANIFEST).read_bytes())
    (folder / bundle.MANIFEST).write_text(json.dumps({**head, "format": 2}), encoding="utf-8")
    with pytest.raises(BundleError, match="bundle format 2, this service reads 1"):
        bundle.read(folder)
    for nonsense in (b"", b"[]", b"{}", b'{"format": 1, "files": []}', b"\xff"):
        (folder / bundle.MANIFEST).write_bytes(nonsense)
        with pytest.raises(BundleError, match="manifest"):
            bundle.read(folder)


@pytest.mark.parametrize(
    ("stem", "content"),
    [
        ("signature", b"{}"),
        ("signature", b'{"task": "binary", "target": "y", "features": [{"shoe": 1}], "classes": []}'),
        ("golden", b"[]"),
        ("golden", b'{"rows": []}'),
        ("lineage", b"{}"),
        ("profile", b"not JSON"),
        ("MODEL_CARD", b"\xff\xfe"),
    ],
)
def test_a_file_that_says_nothing_sensible_is_refused(tmp_path: Path, stem: str, content: bytes) -> None:
    write_bundle(tmp_path / "odd", **{stem: content})
    with pytest.raises(BundleError):
        bundle.read(tmp_path / "odd")


def test_no_bundle_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(BundleError, match="pull the bundle again"):
        bundle.read(tmp_path / "nowhere")
