"""How much of what each resource uses in a month, by its type. A type that stands nowhere here counts as not priced."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from stacks.cost.plan import Resource

LARGE = {"medium": 0.5, "large": 1.0, "xlarge": 2.0}
"""Instance sizes as multiples of ``large``; ``4xlarge`` is eight."""

FREE = (
    "aws:budgets/budget",
    "aws:ec2/defaultSecurityGroup",
    "aws:ec2/flowLog",
    "aws:ec2/internetGateway",
    "aws:ec2/launchTemplate",
    "aws:ec2/route",
    "aws:ec2/securityGroup",
    "aws:ec2/subnet",
    "aws:ec2/vpc:",
    "aws:ecr/lifecyclePolicy",
    "aws:ecr/repositoryPolicy",
    "aws:efs/fileSystemPolicy",
    "aws:efs/mountTarget",
    "aws:eks/access",
    "aws:eks/addon",
    "aws:eks/podIdentity",
    "aws:iam/",
    "aws:kms/alias",
    "aws:kms/keyPolicy",
    "aws:lambda/permission",
    "aws:rds/parameterGroup",
    "aws:rds/subnetGroup",
    "aws:s3/bucket",
    "aws:secretsmanager/secretPolicy",
    "aws:secretsmanager/secretRotation",
    "aws:secretsmanager/secretVersion",
    "aws:vpc/securityGroup",
    "kubernetes:",
    "random:",
    "tls:",
)
"""Starts of the types that cost nothing of their own. Kubernetes objects run on nodes, which are priced."""

UNKNOWN = {
    "aws:cloudwatch/logGroup:LogGroup": "logs, by what is written and kept",
    "aws:ecr/repository:Repository": "images, by their size",
    "aws:efs/backupPolicy:BackupPolicy": "backups of shared files, by their size",
    "aws:efs/fileSystem:FileSystem": "shared files, by their size and use",
    "aws:lambda/function:Function": "runs of functions, by their number and length",
    "aws:rds/instanceAutomatedBackupsReplication:InstanceAutomatedBackupsReplication": (
        "copies of backups in another region, by their size"
    ),
    "aws:s3/bucket:Bucket": "files, by their size and requests",
    "aws:s3/bucketReplicationConfig:BucketReplicationConfig": "copies to another region, by their size",
    "kubernetes:helm.sh/v3:Release": "volumes and load balancers that a chart asks for",
}
"""What depends on use, or on what only a chart knows."""


@dataclass(frozen=True)
class Use:
    """How much of something a resource uses in a month.

    Attributes:
        item: its name in the price table.
        least: how many, with the fewest nodes.
        most: how many, with the most nodes.
        told: what it is, for a reader.
    """

    item: str
    least: float
    most: float
    told: str


ByName = Mapping[tuple[str, str], Resource]
Measure = Callable[[Resource, ByName], Iterator[Use]]


def uses(resource: Resource, all_of_stack: ByName) -> Iterator[Use] | None:
    """What a resource uses; nothing if it is free; None if that cannot be told."""
    if resource.type in MEASURED:
        return MEASURED[resource.type](resource, all_of_stack)
    if resource.type in UNKNOWN or not resource.type.startswith(FREE):
        return None
    return iter(())


def _one(item: str, told: str) -> Measure:
    def measure(resource: Resource, _: object) -> Iterator[Use]:
        yield Use(item, 1, 1, told)

    return measure


def _nodes(resource: Resource, all_of_stack: ByName) -> Iterator[Use]:
    """Instances of the pool's first type, with their disks. Spot ones cost at most what they cost on demand."""
    family, size = resource.inputs["instanceTypes"][0].split(".")
    scaling = resource.inputs["scalingConfig"]
    least, most = scaling["minSize"], scaling["maxSize"]
    spot = " (spot, at most this)" if resource.inputs.get("capacityType") == "SPOT" else ""
    factor = _large(size)
    yield Use(f"ec2-{family}", least * factor, most * factor, f"{least} to {most} × {family}.{size}{spot}")
    disk = _disk(all_of_stack.get(("aws:ec2/launchTemplate:LaunchTemplate", resource.name)), resource)
    yield Use("ebs-gp3", least * disk, most * disk, f"{least} to {most} disks of {disk} GiB")


def _large(size: str) -> float:
    many = re.fullmatch(r"(\d+)xlarge", size)
    return 2.0 * int(many[1]) if many else LARGE[size]


def _disk(template: Resource | None, group: Resource) -> int:
    """Size of a node's disk in GiB; EKS gives 20 if nothing is said."""
    for mapping in template.inputs.get("blockDeviceMappings", ()) if template else ():
        return int(mapping["ebs"]["volumeSize"])
    return int(group.inputs.get("diskSize") or 20)


def _endpoint(resource: Resource, _: object) -> Iterator[Use]:
    if resource.inputs.get("vpcEndpointType") == "Interface":
        zones = len(resource.inputs["subnetIds"])
        yield Use("interface-endpoint", zones, zones, f"interface endpoint in {zones} zones, without traffic")


def _database(resource: Resource, _: object) -> Iterator[Use]:
    copies = 2 if resource.inputs.get("multiAz") else 1
    least = int(resource.inputs["allocatedStorage"])
    most = int(resource.inputs.get("maxAllocatedStorage") or least)
    kind = resource.inputs["instanceClass"]
    yield Use(f"rds-{kind}", copies, copies, f"{copies} × {kind}")
    yield Use("rds-gp3", copies * least, copies * most, f"{copies} × {least} to {most} GiB of the database")


def _claim(resource: Resource, _: object) -> Iterator[Use]:
    yield _volume(resource.inputs["spec"])


def _claims(resource: Resource, _: object) -> Iterator[Use]:
    for claim in resource.inputs["spec"].get("volumeClaimTemplates") or ():
        yield _volume(claim["spec"])


def _volume(spec: Mapping[str, Any]) -> Use:
    size = _gib(spec["resources"]["requests"]["storage"])
    return Use("ebs-gp3", size, size, f"volume of {size:g} GiB")


def _service(resource: Resource, _: object) -> Iterator[Use]:
    if resource.inputs["spec"].get("type") == "LoadBalancer":
        yield Use("load-balancer", 1, 1, f"load balancer of Service {resource.name}")


def _gib(text: str) -> float:
    number, unit = re.fullmatch(r"(\d+)(Mi|Gi|Ti)", text).groups()  # type: ignore[union-attr]
    return int(number) * {"Mi": 1 / 1024, "Gi": 1, "Ti": 1024}[unit]


MEASURED: dict[str, Measure] = {
    "aws:ec2/eip:Eip": _one("public-ipv4", "public address"),
    "aws:ec2/natGateway:NatGateway": _one("nat-gateway", "NAT gateway, without traffic"),
    "aws:ec2/vpcEndpoint:VpcEndpoint": _endpoint,
    "aws:eks/cluster:Cluster": _one("eks-cluster", "EKS control plane"),
    "aws:eks/nodeGroup:NodeGroup": _nodes,
    "aws:kms/key:Key": _one("kms-key", "key"),
    "aws:kms/replicaKey:ReplicaKey": _one("kms-key", "copy of a key in another region"),
    "aws:rds/instance:Instance": _database,
    "aws:secretsmanager/secret:Secret": _one("secret", "secret in Secrets Manager"),
    "kubernetes:apps/v1:StatefulSet": _claims,
    "kubernetes:core/v1:PersistentVolumeClaim": _claim,
    "kubernetes:core/v1:Service": _service,
}
"""What each priced type uses."""
