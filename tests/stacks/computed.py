"""What providers would add to what a program says, as far as our programs use it. Generated keys are real ones."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat


def computed(type: str, name: str, inputs: dict[str, Any]) -> dict[str, Any]:
    """The outputs of a resource that are none of its inputs."""
    if type == "tls:index/privateKey:PrivateKey":
        assert inputs["algorithm"] == "ED25519", "the mocks make no other keys"
        key = Ed25519PrivateKey.from_private_bytes(digest(name))
        return {
            "privateKeyPem": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
            "privateKeyPemPkcs8": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
            "publicKeyPem": key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode(),
        }
    if type == "random:index/randomBytes:RandomBytes":
        data = (digest(name) * (int(inputs["length"]) // 32 + 1))[: int(inputs["length"])]
        return {"base64": base64.b64encode(data).decode(), "hex": data.hex()}
    if type.startswith("random:index/randomPassword"):
        return {"result": (digest(name).hex() * 8)[: int(inputs["length"])]}
    if type == "aws:eks/cluster:Cluster":
        return {
            **arn(type, name, inputs),
            "endpoint": f"https://{name}.example",
            "certificateAuthority": {"data": base64.b64encode(b"certificate").decode()},
            "certificateAuthorities": [{"data": base64.b64encode(b"certificate").decode()}],
            "identities": [{"oidcs": [{"issuer": f"https://oidc.example/{name}"}]}],
            "vpcConfig": {**inputs.get("vpcConfig", {}), "clusterSecurityGroupId": f"{name}-security-group"},
        }
    if type == "aws:ecr/repository:Repository":
        return {**arn(type, name, inputs), "repositoryUrl": f"registry.example/{inputs['name']}"}
    if type == "aws:rds/instance:Instance":
        password = "arn:aws:secretsmanager:eu-central-1:000000000000:secret:rds!db-1"  # RDS makes it and keeps it
        return {
            **arn(type, name, inputs),
            "address": f"{name}.example",
            "masterUserSecrets": [{"secretArn": password}],
        }
    return arn(type, name, inputs) if type.startswith("aws:") else {}


def arn(type: str, name: str, inputs: dict[str, Any]) -> dict[str, Any]:
    """What nearly every AWS resource has."""
    section = type.split(":")[1].split("/")[0]
    return {"arn": f"arn:aws:{section}:eu-central-1:000000000000:{name}", "name": inputs.get("name", name)}


def digest(name: str) -> bytes:
    return hashlib.sha256(name.encode()).digest()
