"""Where logs and traces are in AWS: a private bucket each, for one service account each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pulumi import Input, Output, ResourceOptions

from stacks.platform.buckets import PrivateBucket, PrivateBucketArgs
from stacks.platform.component import Component
from stacks.platform.iam import allow
from stacks.platform.pod_identity import PodIdentity, PodIdentityArgs

OLD_VERSIONS_DAYS = 7
"""How long what the stores themselves deleted can be brought back, in days."""


@dataclass(frozen=True)
class StorageArgs:
    """What a store's bucket is told.

    Attributes:
        bucket: its name.
        role: the name of the role that may use it.
        kms_key_arn: its key.
        cluster_name: the EKS cluster.
        namespace: where the store is.
        service_account: under which the store runs.
        protection: options for the bucket.
    """

    bucket: str
    role: str
    kms_key_arn: Input[Any]
    cluster_name: Input[Any]
    namespace: Input[str]
    service_account: str
    protection: ResourceOptions


class Storage(Component):
    """A bucket, and the leave to use it.

    Attributes:
        bucket: its name.
        identity: what the store must come after.
    """

    kind = "observability:Storage"

    def __init__(self, name: str, args: StorageArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        bucket = PrivateBucket(
            name, PrivateBucketArgs(args.bucket, args.kms_key_arn, args.protection, OLD_VERSIONS_DAYS), self.child()
        )
        self.bucket: Output[str] = bucket.name
        self.identity = PodIdentity(
            name,
            PodIdentityArgs(
                role=args.role,
                cluster_name=args.cluster_name,
                namespace=args.namespace,
                service_account=args.service_account,
                statements=[
                    allow(["s3:ListBucket"], bucket.arn),
                    allow(["s3:GetObject", "s3:PutObject", "s3:DeleteObject"], Output.concat(bucket.arn, "/*")),
                    allow(["kms:Decrypt", "kms:GenerateDataKey"], args.kms_key_arn),
                ],
            ),
            self.child(),
        )
        self.register_outputs({"bucket": self.bucket})
