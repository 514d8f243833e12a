"""The network: over three zones, private subnets for nodes, and public ones that hold nothing but gateways."""

from __future__ import annotations

from dataclasses import dataclass
from ipaddress import IPv4Network

import pulumi_aws as aws
from pulumi import Input, Output, ResourceOptions

from stacks.cluster.settings import NetworkSettings
from stacks.platform.component import Component


@dataclass(frozen=True)
class NetworkArgs:
    """What the network is told.

    Attributes:
        cluster_name: the cluster, for names and for the tags by which load balancers find their subnets.
        settings: addresses, zones and gateways.
        protection: options for the network itself.
    """

    cluster_name: str
    settings: NetworkSettings
    protection: ResourceOptions


class Network(Component):
    """A VPC. Nothing in it has a public address but its gateways.

    Attributes:
        vpc_id: the VPC.
        private_subnets: ids of the nodes' subnets, in the order of the zones.
        private_route_tables: ids of these subnets' route tables.
    """

    kind = "cluster:Network"

    def __init__(self, name: str, args: NetworkArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._name, self._args = name, args
        self._vpc = aws.ec2.Vpc(
            name,
            cidr_block=str(args.settings.cidr),
            enable_dns_support=True,
            enable_dns_hostnames=True,  # endpoints' private names need it
            tags={"Name": args.cluster_name},
            opts=self.child(args.protection),
        )
        self.vpc_id: Output[str] = self._vpc.id
        # What is put somewhere by default must reach nothing there.
        aws.ec2.DefaultSecurityGroup(name, vpc_id=self.vpc_id, ingress=[], egress=[], opts=self.child())
        private, public = blocks(args.settings.cidr)
        gateways = self._gateways(public)
        self.private_subnets: list[Output[str]] = []
        self.private_route_tables: list[Output[str]] = []
        for index, (zone, block) in enumerate(zip(args.settings.zones, private, strict=True)):
            self._private(zone, block, gateways[min(index, len(gateways) - 1)])
        self.register_outputs({"vpc_id": self.vpc_id, "private_subnets": self.private_subnets})

    def _gateways(self, blocks: list[IPv4Network]) -> list[aws.ec2.NatGateway]:
        """The way out: public subnets, and in the first or in each of them a gateway that lets nothing in."""
        internet = aws.ec2.InternetGateway(
            self._name, vpc_id=self.vpc_id, tags=self._named("internet"), opts=self.child()
        )
        table = self._route_table("public", gateway_id=internet.id)
        subnets = [
            self._subnet(f"public-{zone}", zone, block, table, "kubernetes.io/role/elb")
            for zone, block in zip(self._args.settings.zones, blocks, strict=True)
        ]
        zones = self._args.settings.zones if self._args.settings.nat == "zone" else self._args.settings.zones[:1]
        return [self._gateway(zone, subnet, internet) for zone, subnet in zip(zones, subnets, strict=False)]

    def _gateway(self, zone: str, subnet: aws.ec2.Subnet, internet: aws.ec2.InternetGateway) -> aws.ec2.NatGateway:
        name = f"{self._name}-nat-{zone}"
        address = aws.ec2.Eip(name, domain="vpc", tags=self._named(f"nat-{zone}"), opts=self.child())
        return aws.ec2.NatGateway(
            name,
            allocation_id=address.allocation_id,
            subnet_id=subnet.id,
            tags=self._named(f"nat-{zone}"),
            opts=self.child(depends_on=[internet]),
        )

    def _private(self, zone: str, block: IPv4Network, gateway: aws.ec2.NatGateway) -> None:
        """A subnet for nodes, whose traffic leaves by the gateway."""
        table = self._route_table(f"private-{zone}", nat_gateway_id=gateway.id)
        subnet = self._subnet(f"private-{zone}", zone, block, table, "kubernetes.io/role/internal-elb")
        self.private_subnets.append(subnet.id)
        self.private_route_tables.append(table.id)

    def _route_table(
        self, part: str, gateway_id: Input[str] | None = None, nat_gateway_id: Input[str] | None = None
    ) -> aws.ec2.RouteTable:
        table = aws.ec2.RouteTable(
            f"{self._name}-{part}", vpc_id=self.vpc_id, tags=self._named(part), opts=self.child()
        )
        aws.ec2.Route(
            f"{self._name}-{part}",
            route_table_id=table.id,
            destination_cidr_block="0.0.0.0/0",
            gateway_id=gateway_id,
            nat_gateway_id=nat_gateway_id,
            opts=self.child(),
        )
        return table

    def _subnet(self, part: str, zone: str, block: IPv4Network, table: aws.ec2.RouteTable, role: str) -> aws.ec2.Subnet:
        name = f"{self._name}-{part}"
        subnet = aws.ec2.Subnet(
            name,
            vpc_id=self.vpc_id,
            availability_zone=zone,
            cidr_block=str(block),
            map_public_ip_on_launch=False,
            tags={**self._named(part), role: "1"},
            opts=self.child(self._args.protection),
        )
        aws.ec2.RouteTableAssociation(name, subnet_id=subnet.id, route_table_id=table.id, opts=self.child())
        return subnet

    def _named(self, part: str) -> dict[str, str]:
        return {"Name": f"{self._args.cluster_name}-{part}"}


def blocks(cidr: IPv4Network) -> tuple[list[IPv4Network], list[IPv4Network]]:
    """Addresses of the private and of the public subnets: three quarters for pods and nodes, little for gateways."""
    *private, rest = cidr.subnets(prefixlen_diff=2)
    return private, list(rest.subnets(prefixlen_diff=4))[:3]
