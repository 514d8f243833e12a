"""The bundle: one folder that holds a model and all that must travel with it.

``manifest.json`` names every other file with its SHA-256, and the bundle's digest is the SHA-256 of the manifest, so
one changed byte anywhere changes the digest. This module only reads; training writes.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from service.errors import BundleError
from service.signature import Signature

MANIFEST = "manifest.json"
MODEL = "model.onnx"
SIGNATURE = "signature.json"
GOLDEN = "golden.json"
LINEAGE = "lineage.json"
PROFILE = "profile.json"
CARD = "MODEL_CARD.md"
FILES = frozenset({MODEL, SIGNATURE, GOLDEN, LINEAGE, PROFILE, CARD})
FORMAT = 1


@dataclass(frozen=True)
class Golden:
    """Rows whose answers are known, to check a loaded model with.

    Attributes:
        rows: named values, as a caller would send them.
        expected: one list of outputs for each row (class probabilities, or one value).
        tolerance: largest difference allowed in any output.
    """

    rows: list[dict[str, Any]]
    expected: list[list[float]]
    tolerance: float


@dataclass(frozen=True)
class Bundle:
    """A bundle whose every byte was checked against its digest when it was read.

    Attributes:
        digest: ``sha256:`` and 64 hex digits, over the manifest and so over every file.
        model: the ONNX model.
        signature: what the model takes and gives.
        golden: known rows and answers.
        lineage: model name, git commit, digests of data and requirements, metrics.
        profile: reference distributions of inputs and outputs.
        card: the model card, in Markdown.
    """

    digest: str
    model: bytes
    signature: Signature
    golden: Golden
    lineage: Mapping[str, Any]
    profile: Mapping[str, Any]
    card: str

    @property
    def name(self) -> str:
        """The model's name in the registry and in URLs."""
        return str(self.lineage["model"])


def sha256(data: bytes) -> str:
    """The digest notation used throughout: ``sha256:`` and the hex digits."""
    return "sha256:" + hashlib.sha256(data).hexdigest()


def canonical(data: object) -> bytes:
    """JSON with one possible spelling, so that equal data has equal bytes."""
    return json.dumps(data, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False).encode()


def manifest(contents: Mapping[str, bytes]) -> bytes:
    """The manifest of a bundle with these files; its digest is the bundle's."""
    return canonical({"format": FORMAT, "files": {name: sha256(data) for name, data in contents.items()}})


def read(folder: Path) -> Bundle:
    """Read a bundle, checking each file against the manifest.

    Each file is read once: the bytes that were checked are the bytes that are used.

    Raises:
        BundleError: the folder is missing, holds other files than the manifest names, or any byte differs.
    """
    head = _read(folder, MANIFEST)
    listed = _files(folder, head)
    present = {entry.name for entry in folder.iterdir()} - {MANIFEST}
    if present != set(listed) or present != FILES:
        odd = ", ".join(sorted((present ^ set(listed)) | (present ^ FILES)))
        raise BundleError(f"{folder}: the bundle's files are not those it should have: {odd}")
    contents = {name: _read(folder, name) for name in listed}
    for name, digest in listed.items():
        if sha256(contents[name]) != digest:
            raise BundleError(f"{folder / name}: altered since the bundle was made (digest differs)")
    return _parse(folder, sha256(head), contents)


def _read(folder: Path, name: str) -> bytes:
    path = folder / name
    try:
        if path.is_symlink():
            raise BundleError(f"{path}: a bundle holds plain files only, not links")
        return path.read_bytes()
    except OSError as error:
        raise BundleError(f"{path}: cannot be read ({error.strerror}); pull the bundle again") from error


def _files(folder: Path, head: bytes) -> dict[str, str]:
    try:
        data = json.loads(head)
        if data["format"] != FORMAT:
            raise BundleError(f"{folder}: bundle format {data['format']!r}, this service reads {FORMAT}")
        return {str(name): str(digest) for name, digest in data["files"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise BundleError(f"{folder / MANIFEST}: not a manifest") from error


def _parse(folder: Path, digest: str, contents: Mapping[str, bytes]) -> Bundle:
    try:
        bundle = Bundle(
            digest=digest,
            model=contents[MODEL],
            signature=Signature.from_dict(json.loads(contents[SIGNATURE])),
            golden=Golden(**json.loads(contents[GOLDEN])),
            lineage=json.loads(contents[LINEAGE]),
            profile=json.loads(contents[PROFILE]),
            card=contents[CARD].decode(),
        )
        bundle.lineage["model"]
    except (ValueError, KeyError, TypeError) as error:
        raise BundleError(f"{folder}: a file of the bundle is not what it should be ({error})") from error
    return bundle
