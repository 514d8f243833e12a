"""The key of what is copied to a second region: a key cannot be used outside of its own."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ResourceOptions

from stacks.platform.component import Component


@dataclass(frozen=True)
class ReplicaKeyArgs:
    """What the key is told.

    Attributes:
        alias: its name.
        region: where it is.
        protection: options for the key: without it, the copies cannot be read.
    """

    alias: str
    region: str
    protection: ResourceOptions


class ReplicaKey(Component):
    """A key of KMS in the second region, replaced every year.

    Attributes:
        arn: its ARN.
        region: where it is, and so what it encrypts.
    """

    kind = "registry:ReplicaKey"

    def __init__(self, name: str, args: ReplicaKeyArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        key = aws.kms.Key(
            name,
            description="Copies of the model registry",
            enable_key_rotation=True,
            deletion_window_in_days=30,
            region=args.region,
            opts=self.child(args.protection),
        )
        aws.kms.Alias(name, name=f"alias/{args.alias}", target_key_id=key.key_id, region=args.region, opts=self.child())
        self.arn, self.region = key.arn, args.region
        self.register_outputs({"arn": key.arn})
