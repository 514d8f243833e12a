"""S3 buckets as all of ours are: private, encrypted with our key, versioned, reached by TLS only."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pulumi_aws as aws
from pulumi import Input, Output, ResourceOptions

from stacks.platform.component import Component


@dataclass(frozen=True)
class PrivateBucketArgs:
    """What a bucket is told.

    Attributes:
        bucket: its name, which nobody else in AWS may have.
        kms_key_arn: the key of its objects.
        protection: options for the bucket itself, from :mod:`stacks.platform.protection`.
        old_versions_days: how long a version that was overwritten or deleted is kept, in days.
        region: where it is, if not where the provider is.
    """

    bucket: str
    kms_key_arn: Input[str]
    protection: ResourceOptions = field(default_factory=ResourceOptions)
    old_versions_days: int = 90
    region: str | None = None


class PrivateBucket(Component):
    """A bucket that nothing outside of the account reaches, and nothing without TLS.

    Attributes:
        bucket: the bucket itself.
        versioning: replication must wait for it.
        arn: its ARN.
        name: its name.
    """

    kind = "platform:PrivateBucket"

    def __init__(self, name: str, args: PrivateBucketArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self.bucket = aws.s3.Bucket(name, bucket=args.bucket, region=args.region, opts=self.child(args.protection))
        of: dict[str, Any] = {"bucket": self.bucket.bucket, "region": args.region}
        self._encrypt(name, args, of)
        closed = aws.s3.BucketPublicAccessBlock(
            name,
            block_public_acls=True,
            block_public_policy=True,
            ignore_public_acls=True,
            restrict_public_buckets=True,
            **of,
            opts=self.child(),
        )
        aws.s3.BucketOwnershipControls(
            name, rule={"object_ownership": "BucketOwnerEnforced"}, **of, opts=self.child(depends_on=[closed])
        )
        aws.s3.BucketPolicy(name, policy=_tls_only(self.bucket.arn), **of, opts=self.child(depends_on=[closed]))
        self.versioning = aws.s3.BucketVersioning(
            name, versioning_configuration={"status": "Enabled"}, **of, opts=self.child()
        )
        self._clean_up(name, args, of)
        self.arn, self.name = self.bucket.arn, self.bucket.bucket
        self.register_outputs({"name": self.name})

    def _encrypt(self, name: str, args: PrivateBucketArgs, of: dict[str, Any]) -> None:
        rule: Any = {
            "apply_server_side_encryption_by_default": {
                "sse_algorithm": "aws:kms",
                "kms_master_key_id": args.kms_key_arn,
            },
            "bucket_key_enabled": True,  # one call of KMS for many objects
        }
        aws.s3.BucketServerSideEncryptionConfiguration(name, rules=[rule], **of, opts=self.child())

    def _clean_up(self, name: str, args: PrivateBucketArgs, of: dict[str, Any]) -> None:
        """What nobody can see any more must not be paid for."""
        rule: Any = {
            "id": "old-versions",
            "status": "Enabled",
            "filter": {"prefix": ""},
            "noncurrent_version_expiration": {"noncurrent_days": args.old_versions_days},
            "abort_incomplete_multipart_upload": {"days_after_initiation": 7},
        }
        aws.s3.BucketLifecycleConfiguration(name, rules=[rule], **of, opts=self.child(depends_on=[self.versioning]))


def _tls_only(arn: Output[str]) -> Output[str]:
    return Output.json_dumps(
        {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Sid": "TlsOnly",
                    "Effect": "Deny",
                    "Principal": "*",
                    "Action": "s3:*",
                    "Resource": [arn, Output.concat(arn, "/*")],
                    "Condition": {"Bool": {"aws:SecureTransport": "false"}},
                }
            ],
        }
    )
