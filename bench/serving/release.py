"""What the service is started with: `python release.py MODELS FOLDER`, in a generated project's environment.

FOLDER gets, for each model, a release as `pull` leaves one (a bundle and its signed approval), the approvers' list,
and what a token issuer publishes (`jwks.json`) with one of its tokens (`token`).
"""

from __future__ import annotations

import base64
import json
import sys
import time
from pathlib import Path

import sample  # of the project's tests
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from service.approval import Statement
from service.bundle import canonical
from service.signature import Feature, Signature

ISSUER, AUDIENCE = "https://issuer.example.org", "bench"


def main(models: Path, folder: Path) -> None:
    """Write everything."""
    table = json.loads((models / "rows.json").read_text(encoding="utf-8"))
    limits = zip(table["names"], table["minimum"], table["maximum"], strict=True)
    features = tuple(Feature(name, "number", minimum, maximum) for name, minimum, maximum in limits)
    signature = Signature("binary", "diagnosis", features, tuple(table["classes"]))
    key = Ed25519PrivateKey.generate()
    folder.mkdir(parents=True)
    for version, model in enumerate(sorted(path for path in models.iterdir() if path.is_dir()), start=1):
        digest = write_bundle(folder / model.name / "bundle", model, signature, table)
        sample.approve(folder / model.name, statement(str(version), digest), key)
    sample.list_approvers(folder / "approvers.toml", {sample.APPROVER: key})
    write_token(folder)


def write_bundle(folder: Path, model: Path, signature: Signature, table: dict) -> str:
    """A bundle around the model; returns its digest."""
    rows = [dict(zip(table["names"], row, strict=True)) for row in table["rows"]]
    expected = json.loads((model / "expected.json").read_text(encoding="utf-8"))
    return sample.write_bundle(
        folder,
        "binary",
        model=(model / "model.onnx").read_bytes(),
        signature=canonical(signature.to_dict()),
        golden=canonical({"rows": rows, "expected": expected, "tolerance": 1e-5}),
    )


def statement(version: str, digest: str) -> Statement:
    """What the approver signs."""
    return Statement(
        model="sample",
        version=version,
        bundle_digest=digest,
        run_id="bench",
        commit="0" * 40,
        trained_by=sample.TRAINER,
        trained_at="2026-01-01T00:00:00+00:00",
        approver=sample.APPROVER,
        approved_at="2026-01-02T00:00:00+00:00",
        note="for the benchmark",
    )


def write_token(folder: Path) -> None:
    """A key of the issuer, and a token signed with it (ES256) that lasts a day."""
    private = ec.generate_private_key(ec.SECP256R1())
    numbers = private.public_key().public_numbers()
    point = {"x": encode(numbers.x.to_bytes(32, "big")), "y": encode(numbers.y.to_bytes(32, "big"))}
    published = {"kty": "EC", "crv": "P-256", "kid": "bench", "use": "sig", "alg": "ES256", **point}
    (folder / "jwks.json").write_text(json.dumps({"keys": [published]}), encoding="utf-8")
    now = int(time.time())
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "bench", "iat": now, "exp": now + 86_400, "scope": "predict"}
    parts = ({"alg": "ES256", "kid": "bench", "typ": "JWT"}, claims)
    signed = ".".join(encode(json.dumps(part).encode()) for part in parts)
    r, s = decode_dss_signature(private.sign(signed.encode(), ec.ECDSA(SHA256())))
    (folder / "token").write_text(f"{signed}.{encode(r.to_bytes(32, 'big') + s.to_bytes(32, 'big'))}", encoding="ascii")


def encode(data: bytes) -> str:
    """Base64 as JOSE has it."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
