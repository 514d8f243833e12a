"""Keys that encrypt what a stack keeps."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import ResourceOptions

from stacks.platform.component import Component


@dataclass(frozen=True)
class EncryptionKeyArgs:
    """What the key is told.

    Attributes:
        alias: its name.
        meaning: what it encrypts.
        region: where it is.
        account: whose IAM policies decide who may use it.
        protection: options for the key: without it, all that it encrypted is lost.
    """

    alias: str
    meaning: str
    region: str
    account: str
    protection: ResourceOptions


class EncryptionKey(Component):
    """A key of KMS, renewed every year.

    Attributes:
        arn: its ARN.
    """

    kind = "platform:EncryptionKey"

    def __init__(self, name: str, args: EncryptionKeyArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        key = aws.kms.Key(
            name,
            description=args.meaning,
            enable_key_rotation=True,
            deletion_window_in_days=30,
            policy=_policy(args),
            opts=self.child(args.protection),
        )
        aws.kms.Alias(name, name=f"alias/{args.alias}", target_key_id=key.id, opts=self.child())
        self.arn = key.arn
        self.register_outputs({"arn": key.arn})


def _policy(args: EncryptionKeyArgs) -> str:
    """IAM decides for this account; CloudWatch may use it for log groups of this account, and nothing else."""
    logs = f"arn:aws:logs:{args.region}:{args.account}:log-group:*"
    statements = [
        {
            "Sid": "IamDecides",
            "Effect": "Allow",
            "Principal": {"AWS": f"arn:aws:iam::{args.account}:root"},
            "Action": "kms:*",
            "Resource": "*",
        },
        {
            "Sid": "Logs",
            "Effect": "Allow",
            "Principal": {"Service": f"logs.{args.region}.amazonaws.com"},
            "Action": ["kms:Encrypt", "kms:Decrypt", "kms:ReEncrypt*", "kms:GenerateDataKey*", "kms:DescribeKey"],
            "Resource": "*",
            "Condition": {"ArnLike": {"kms:EncryptionContext:aws:logs:arn": logs}},
        },
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})
