"""The network's record of who connected to whom."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import Input, Output, ResourceOptions

from stacks.platform.component import Component
from stacks.platform.iam import allow, policy, trust


@dataclass(frozen=True)
class FlowLogsArgs:
    """What the record is told.

    Attributes:
        cluster_name: the cluster, after which it is named.
        vpc_id: the network that it records.
        days: how long it is kept, in days.
        kms_key_arn: the key that encrypts it.
    """

    cluster_name: str
    vpc_id: Input[str]
    days: int
    kms_key_arn: Input[str]


class FlowLogs(Component):
    """The record of all connections, accepted and refused."""

    kind = "cluster:FlowLogs"

    def __init__(self, name: str, args: FlowLogsArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        group = aws.cloudwatch.LogGroup(
            name,
            name=f"/aws/vpc/{args.cluster_name}",
            retention_in_days=args.days,
            kms_key_id=args.kms_key_arn,
            opts=self.child(),
        )
        role = aws.iam.Role(
            name,
            name=f"{args.cluster_name}-flow-logs",
            assume_role_policy=trust("vpc-flow-logs.amazonaws.com"),
            opts=self.child(),
        )
        writes = ["logs:CreateLogStream", "logs:PutLogEvents", "logs:DescribeLogStreams"]
        grant = aws.iam.RolePolicy(
            name,
            role=role.name,
            policy=policy(allow(writes, Output.concat(group.arn, ":*"))),
            opts=self.child(),
        )
        aws.ec2.FlowLog(
            name,
            vpc_id=args.vpc_id,
            traffic_type="ALL",
            log_destination=group.arn,
            iam_role_arn=role.arn,
            opts=self.child(depends_on=[grant]),
        )
        self.register_outputs({"log_group": group.name})
