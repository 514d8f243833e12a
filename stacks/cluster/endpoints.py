"""Private ways from the network to AWS."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import Input, Output, ResourceOptions

from stacks.platform.component import Component

SERVICES = (
    "autoscaling",
    "ec2",
    "ecr.api",
    "ecr.dkr",
    "eks",
    "eks-auth",
    "elasticfilesystem",
    "kms",
    "logs",
    "secretsmanager",
    "sts",
)
"""What nodes and pods call in AWS; these calls stay inside the network."""


@dataclass(frozen=True)
class EndpointsArgs:
    """What the endpoints are told.

    Attributes:
        region: whose services they lead to.
        cidr: the network's addresses, from which they may be called.
        vpc_id: the network.
        subnets: where they get their addresses: one in each zone.
        route_tables: where the way to S3 is entered.
    """

    region: str
    cidr: str
    vpc_id: Input[str]
    subnets: list[Output[str]]
    route_tables: list[Output[str]]


class Endpoints(Component):
    """S3 by the route tables, which costs nothing, and everything else by an address in each subnet."""

    kind = "cluster:Endpoints"

    def __init__(self, name: str, args: EndpointsArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        aws.ec2.VpcEndpoint(
            f"{name}-s3",
            vpc_id=args.vpc_id,
            service_name=f"com.amazonaws.{args.region}.s3",
            vpc_endpoint_type="Gateway",
            route_table_ids=args.route_tables,
            opts=self.child(),
        )
        group = aws.ec2.SecurityGroup(
            name, vpc_id=args.vpc_id, description="HTTPS from the network to endpoints of AWS", opts=self.child()
        )
        aws.vpc.SecurityGroupIngressRule(
            name,
            security_group_id=group.id,
            description="HTTPS from the network",
            cidr_ipv4=args.cidr,
            ip_protocol="tcp",
            from_port=443,
            to_port=443,
            opts=self.child(),
        )
        for service in SERVICES:
            aws.ec2.VpcEndpoint(
                f"{name}-{service}",
                vpc_id=args.vpc_id,
                service_name=f"com.amazonaws.{args.region}.{service}",
                vpc_endpoint_type="Interface",
                private_dns_enabled=True,
                subnet_ids=args.subnets,
                security_group_ids=[group.id],
                opts=self.child(),
            )
        self.register_outputs({})
