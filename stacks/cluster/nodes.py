"""The machines: managed node groups, each from a launch template of ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi_aws as aws
from pulumi import Input, Output, ResourceOptions

from stacks.cluster.settings import PoolSettings
from stacks.platform.component import Component
from stacks.platform.iam import trust

POLICIES = ("AmazonEKSWorkerNodePolicy", "AmazonEC2ContainerRegistryPullOnly")
"""All that a node may do in AWS; pods get their own permissions by pod identity."""

IMAGES = {
    (False, False): "AL2023_x86_64_STANDARD",
    (False, True): "AL2023_x86_64_NVIDIA",
    (True, False): "AL2023_ARM_64_STANDARD",
    (True, True): "AL2023_ARM_64_NVIDIA",
}
"""EKS's name of a node's image, by whether it is Graviton and whether it has a GPU."""


@dataclass(frozen=True)
class NodesArgs:
    """What the nodes are told.

    Attributes:
        cluster_name: the cluster that they join.
        version: its version of Kubernetes.
        pools: instance types and numbers, by pool.
        subnets: where they are.
        tags: for the machines and disks, which no transform sees, as EKS makes them.
    """

    cluster_name: Input[str]
    version: str
    pools: Mapping[str, PoolSettings]
    subnets: list[Output[str]]
    tags: dict[str, str] = field(default_factory=dict)


class Nodes(Component):
    """One node group for each pool.

    Attributes:
        role_arn: the role of all nodes.
    """

    kind = "cluster:Nodes"

    def __init__(self, name: str, args: NodesArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._name, self._args = name, args
        role = aws.iam.Role(name, assume_role_policy=trust("ec2.amazonaws.com"), opts=self.child())
        self.role_arn: Output[str] = role.arn
        grants = [
            aws.iam.RolePolicyAttachment(
                f"{name}-{policy}", role=role.name, policy_arn=f"arn:aws:iam::aws:policy/{policy}", opts=self.child()
            )
            for policy in POLICIES
        ]
        for pool, settings in args.pools.items():
            self._group(pool, settings, grants)
        self.register_outputs({"role_arn": role.arn})

    def _group(self, pool: str, settings: PoolSettings, grants: list[aws.iam.RolePolicyAttachment]) -> None:
        name = f"{self._name}-{pool}"
        template = self._template(name, settings, self._args.tags)
        aws.eks.NodeGroup(
            name,
            cluster_name=self._args.cluster_name,
            node_group_name_prefix=f"{pool}-",  # so that a replacement can stand beside what it replaces
            node_role_arn=self.role_arn,
            version=self._args.version,
            subnet_ids=self._args.subnets,
            ami_type=IMAGES[settings.arm, settings.gpu],
            capacity_type="SPOT" if settings.spot else "ON_DEMAND",
            instance_types=list(settings.types),
            launch_template={"id": template.id, "version": template.latest_version.apply(str)},
            scaling_config={"min_size": settings.min, "max_size": settings.max, "desired_size": settings.min},
            update_config={"max_unavailable": 1},
            node_repair_config={"enabled": True},
            labels={"pool": pool, **({"nvidia.com/gpu.present": "true"} if settings.gpu else {})},
            taints=taints(settings),
            # The autoscaler decides how many there are.
            opts=self.child(depends_on=grants, ignore_changes=["scalingConfig.desiredSize"]),
        )

    def _template(self, name: str, pool: PoolSettings, tags: dict[str, str]) -> aws.ec2.LaunchTemplate:
        """Encrypted disks, and a metadata service that answers the node and no pod."""
        disk = aws.ec2.LaunchTemplateBlockDeviceMappingEbsArgs(
            volume_type="gp3", volume_size=pool.disk_gib, encrypted="true", delete_on_termination="true"
        )
        return aws.ec2.LaunchTemplate(
            name,
            update_default_version=True,
            block_device_mappings=[aws.ec2.LaunchTemplateBlockDeviceMappingArgs(device_name="/dev/xvda", ebs=disk)],
            metadata_options=aws.ec2.LaunchTemplateMetadataOptionsArgs(
                http_endpoint="enabled", http_tokens="required", http_put_response_hop_limit=1
            ),
            monitoring=aws.ec2.LaunchTemplateMonitoringArgs(enabled=True),
            tag_specifications=[
                aws.ec2.LaunchTemplateTagSpecificationArgs(resource_type=made, tags=tags)
                for made in ("instance", "volume")
            ],
            opts=self.child(),
        )


def taints(pool: PoolSettings) -> list[Any]:
    """What a pod must tolerate to run on the pool's nodes."""
    found = []
    if pool.spot:
        found.append({"key": "spot", "value": "true", "effect": "NO_SCHEDULE"})
    if pool.gpu:
        found.append({"key": "nvidia.com/gpu", "value": "present", "effect": "NO_SCHEDULE"})
    return found
