"""The keys of a service's record of decisions: one signs it, under the other it keeps hashes of inputs."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_random as random
import pulumi_tls as tls
from pulumi import Output, ResourceOptions

from stacks.platform.component import Component


@dataclass(frozen=True)
class AuditKeysArgs:
    """What the keys are told.

    Attributes:
        protection: options for both: a record whose keys are lost cannot be continued.
    """

    protection: ResourceOptions


class AuditKeys(Component):
    """Generated once. They are in the state, encrypted, and are never replaced by themselves.

    Attributes:
        signing: an Ed25519 key, PEM (PKCS 8).
        input: 32 random bytes, base64.
    """

    kind = "secrets:AuditKeys"

    def __init__(self, name: str, args: AuditKeysArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        signing = tls.PrivateKey(name, algorithm="ED25519", opts=self.child(args.protection))
        data = random.RandomBytes(name, length=32, opts=self.child(args.protection))
        self.signing: Output[str] = signing.private_key_pem_pkcs8
        self.input: Output[str] = data.base64
        self.register_outputs({})
