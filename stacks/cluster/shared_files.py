"""Files that pods in all zones write at the same time, such as the services' records of decisions."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pulumi_aws as aws
from pulumi import Input, Output, ResourceOptions

from stacks.platform.component import Component

NFS = 2049


@dataclass(frozen=True)
class SharedFilesArgs:
    """What the file system is told.

    Attributes:
        vpc_id: the network.
        subnets: where it gets its addresses: one in each zone.
        nodes: the nodes' security group, which alone may reach it.
        kms_key_arn: the key that encrypts it.
        protection: options for the file system.
    """

    vpc_id: Input[str]
    subnets: list[Output[str]]
    nodes: Input[str]
    kms_key_arn: Input[str]
    protection: ResourceOptions


class SharedFiles(Component):
    """A file system of EFS: encrypted at rest and on its way, backed up every day by AWS Backup.

    Attributes:
        file_system: its id.
        arn: its ARN.
    """

    kind = "cluster:SharedFiles"

    def __init__(self, name: str, args: SharedFilesArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        system = aws.efs.FileSystem(
            name,
            encrypted=True,
            kms_key_id=args.kms_key_arn,
            throughput_mode="elastic",
            opts=self.child(args.protection),
        )
        self.file_system: Output[str] = system.id
        self.arn: Output[str] = system.arn
        aws.efs.BackupPolicy(name, file_system_id=system.id, backup_policy={"status": "ENABLED"}, opts=self.child())
        aws.efs.FileSystemPolicy(name, file_system_id=system.id, policy=_policy(), opts=self.child())
        group = self._door(name, args)
        for number, subnet in enumerate(args.subnets):
            aws.efs.MountTarget(
                f"{name}-{number}",
                file_system_id=system.id,
                subnet_id=subnet,
                security_groups=[group.id],
                opts=self.child(),
            )
        self.register_outputs({"file_system": self.file_system})

    def _door(self, name: str, args: SharedFilesArgs) -> aws.ec2.SecurityGroup:
        group = aws.ec2.SecurityGroup(
            name, vpc_id=args.vpc_id, description="NFS from the nodes to the shared files", opts=self.child()
        )
        aws.vpc.SecurityGroupIngressRule(
            name,
            security_group_id=group.id,
            description="NFS from the nodes",
            referenced_security_group_id=args.nodes,
            ip_protocol="tcp",
            from_port=NFS,
            to_port=NFS,
            opts=self.child(),
        )
        return group


def _policy() -> str:
    """Whoever reaches an address of it may read and write, as nobody's root, and by TLS only."""
    through = {"Bool": {"elasticfilesystem:AccessedViaMountTarget": "true"}}
    statements: list[dict[str, Any]] = [
        {
            "Sid": "ReadAndWrite",
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": ["elasticfilesystem:ClientMount", "elasticfilesystem:ClientWrite"],
            "Condition": through,
        },
        {
            "Sid": "TlsOnly",
            "Effect": "Deny",
            "Principal": {"AWS": "*"},
            "Action": "*",
            "Condition": {"Bool": {"aws:SecureTransport": "false"}},
        },
    ]
    return json.dumps({"Version": "2012-10-17", "Statement": statements})
