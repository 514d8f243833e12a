"""Which IAM roles may do what on the EKS cluster: admins by EKS itself, all others by what their groups get in it."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import Input, ResourceOptions

from stacks.cluster.roles import DEPLOYERS, READERS
from stacks.cluster.settings import ControlPlaneSettings
from stacks.platform.component import Component

ADMIN = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"


@dataclass(frozen=True)
class AccessArgs:
    """What access is told.

    Attributes:
        cluster_name: the cluster.
        settings: the IAM roles of admins, deployers and readers.
    """

    cluster_name: Input[str]
    settings: ControlPlaneSettings


class Access(Component):
    """One access entry for each IAM role."""

    kind = "cluster:Access"

    def __init__(self, name: str, args: AccessArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        for role in args.settings.admins:
            entry = self._entry(name, args, role, [])
            aws.eks.AccessPolicyAssociation(
                f"{name}-{_short(role)}",
                cluster_name=args.cluster_name,
                principal_arn=role,
                policy_arn=ADMIN,
                access_scope={"type": "cluster"},
                opts=self.child(depends_on=[entry]),
            )
        for group, roles in ((DEPLOYERS, args.settings.deployers), (READERS, args.settings.readers)):
            for role in roles:
                self._entry(name, args, role, [group])
        self.register_outputs({})

    def _entry(self, name: str, args: AccessArgs, role: str, groups: list[str]) -> aws.eks.AccessEntry:
        return aws.eks.AccessEntry(
            f"{name}-{_short(role)}",
            cluster_name=args.cluster_name,
            principal_arn=role,
            type="STANDARD",
            kubernetes_groups=groups,
            opts=self.child(),
        )


def _short(role: str) -> str:
    """A role's name with its account, as the same name may occur in two."""
    account, path = role.split(":")[4:6]
    return f"{account}-{path.rsplit('/', 1)[-1]}"
