"""EKS's add-ons, each at an exact version, with permissions of its own."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import Input, ResourceOptions

from stacks.cluster.settings import Addon
from stacks.platform.component import Component
from stacks.platform.iam import PODS, trust

BEFORE_NODES: tuple[Addon, ...] = ("eks-pod-identity-agent", "vpc-cni", "kube-proxy")
"""Without these no node becomes ready."""

ON_NODES: tuple[Addon, ...] = ("coredns", "aws-ebs-csi-driver", "aws-efs-csi-driver", "metrics-server")
"""These become ready only once there are nodes."""

POLICIES: dict[Addon, tuple[str, str]] = {
    "vpc-cni": ("aws-node", "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy"),
    "aws-ebs-csi-driver": (
        "ebs-csi-controller-sa",
        "arn:aws:iam::aws:policy/service-role/AmazonEBSCSIDriverPolicy",
    ),
    "aws-efs-csi-driver": (
        "efs-csi-controller-sa",
        "arn:aws:iam::aws:policy/service-role/AmazonEFSCSIDriverPolicy",
    ),
}
"""The service account and the policy of each add-on that calls AWS."""

VALUES: dict[Addon, dict[str, object]] = {
    "vpc-cni": {"enableNetworkPolicy": "true"},  # without it, network policies are accepted and do nothing
}


@dataclass(frozen=True)
class AddonsArgs:
    """What a set of add-ons is told.

    Attributes:
        cluster_name: the cluster.
        names: which ones.
        versions: the exact version of each.
    """

    cluster_name: Input[str]
    names: tuple[Addon, ...]
    versions: dict[Addon, str]


class Addons(Component):
    """Some of EKS's add-ons."""

    kind = "cluster:Addons"

    def __init__(self, name: str, args: AddonsArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        for addon in args.names:
            values = VALUES.get(addon)
            aws.eks.Addon(
                addon,
                cluster_name=args.cluster_name,
                addon_name=addon,
                addon_version=args.versions[addon],
                configuration_values=json.dumps(values) if values else None,
                pod_identity_associations=self._identity(addon),
                resolve_conflicts_on_create="OVERWRITE",
                resolve_conflicts_on_update="OVERWRITE",
                opts=self.child(),
            )
        self.register_outputs({})

    def _identity(self, addon: Addon) -> list[aws.eks.AddonPodIdentityAssociationArgs]:
        """The role that the add-on's own pods take."""
        if addon not in POLICIES:
            return []
        account, policy = POLICIES[addon]
        role = aws.iam.Role(addon, assume_role_policy=trust(PODS), opts=self.child())
        aws.iam.RolePolicyAttachment(addon, role=role.name, policy_arn=policy, opts=self.child())
        return [aws.eks.AddonPodIdentityAssociationArgs(service_account=account, role_arn=role.arn)]
