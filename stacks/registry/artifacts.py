"""Where the models' files are, and their copy in a second region."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pulumi_aws as aws
from pulumi import Input, Output, ResourceOptions

from stacks.platform.buckets import PrivateBucket, PrivateBucketArgs
from stacks.platform.component import Component
from stacks.platform.iam import allow, policy, trust
from stacks.registry.replica_key import ReplicaKey


@dataclass(frozen=True)
class ArtifactsArgs:
    """What the artifacts are told.

    Attributes:
        bucket: the name of the bucket; the copy's has ``-replica`` after it.
        kms_key_arn: the key of the bucket.
        old_versions_days: how long an overwritten or deleted file is kept, in days.
        replica: the key of the copy, which is in its region; None for no copy.
        protection: options for the buckets.
    """

    bucket: str
    kms_key_arn: Input[Any]
    old_versions_days: int
    replica: ReplicaKey | None
    protection: ResourceOptions


class Artifacts(Component):
    """A private bucket, and its copy.

    Attributes:
        bucket: the bucket.
    """

    kind = "registry:Artifacts"

    def __init__(self, name: str, args: ArtifactsArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self.bucket = self._bucket(name, args, args.bucket, args.kms_key_arn)
        if args.replica:
            self._replicate(name, args, args.replica)
        self.register_outputs({"bucket": self.bucket.name})

    def _bucket(
        self, name: str, args: ArtifactsArgs, bucket: str, key: Input[Any], region: str | None = None
    ) -> PrivateBucket:
        return PrivateBucket(
            name, PrivateBucketArgs(bucket, key, args.protection, args.old_versions_days, region), self.child()
        )

    def _replicate(self, name: str, args: ArtifactsArgs, replica: ReplicaKey) -> None:
        copy = self._bucket(f"{name}-replica", args, f"{args.bucket}-replica", replica.arn, replica.region)
        role = aws.iam.Role(
            f"{name}-replication",
            name=f"{args.bucket}-replication",
            assume_role_policy=trust("s3.amazonaws.com"),
            opts=self.child(),
        )
        grant = aws.iam.RolePolicy(
            f"{name}-replication",
            role=role.name,
            policy=self._may_copy(args.kms_key_arn, copy.arn, replica.arn),
            opts=self.child(),
        )
        aws.s3.BucketReplicationConfig(
            name,
            bucket=self.bucket.name,
            role=role.arn,
            rules=[_everything(copy.arn, replica.arn)],
            # S3 refuses the replication of a bucket that is not versioned yet.
            opts=self.child(depends_on=[grant, self.bucket.versioning, copy.versioning]),
        )

    def _may_copy(self, key: Input[Any], there: Input[str], key_there: Input[str]) -> Output[str]:
        here = self.bucket.arn
        return policy(
            allow(["s3:GetReplicationConfiguration", "s3:ListBucket"], here),
            allow(
                ["s3:GetObjectVersionForReplication", "s3:GetObjectVersionAcl", "s3:GetObjectVersionTagging"],
                Output.concat(here, "/*"),
            ),
            allow(["s3:ReplicateObject", "s3:ReplicateDelete", "s3:ReplicateTags"], Output.concat(there, "/*")),
            allow(["kms:Decrypt"], key),
            allow(["kms:Encrypt", "kms:GenerateDataKey"], key_there),
        )


def _everything(bucket_arn: Input[str], kms_key_arn: Input[str]) -> Any:
    """Deletions are not copied: what somebody deletes here by mistake is still there."""
    return {
        "id": "everything",
        "status": "Enabled",
        "priority": 1,
        "filter": {"prefix": ""},
        "delete_marker_replication": {"status": "Disabled"},
        "source_selection_criteria": {"sse_kms_encrypted_objects": {"status": "Enabled"}},
        "destination": {
            "bucket": bucket_arn,
            "storage_class": "STANDARD_IA",
            "encryption_configuration": {"replica_kms_key_id": kms_key_arn},
        },
    }
