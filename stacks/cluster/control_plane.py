"""The EKS cluster itself."""

from __future__ import annotations

import json
from dataclasses import dataclass

import pulumi_aws as aws
from pulumi import Input, Output, ResourceOptions

from stacks.cluster.settings import ControlPlaneSettings
from stacks.platform.component import Component
from stacks.platform.iam import allow, policy, trust

LOGS = ("api", "audit", "authenticator", "controllerManager", "scheduler")


@dataclass(frozen=True)
class ControlPlaneArgs:
    """What the cluster is told.

    Attributes:
        cluster_name: its name.
        region: where it is.
        settings: version, who may reach it.
        subnets: the nodes' subnets.
        kms_key_arn: the key that encrypts its Secrets and logs.
        undeletable: whether EKS itself refuses to delete it, whoever asks.
        protection: options for the cluster.
    """

    cluster_name: str
    region: str
    settings: ControlPlaneSettings
    subnets: list[Output[str]]
    kms_key_arn: Input[str]
    undeletable: bool
    protection: ResourceOptions


class ControlPlane(Component):
    """The cluster's API, without nodes. Who may do what is said by access entries only, not in the cluster.

    Attributes:
        cluster_name: its name.
        kubeconfig: how to reach it, a secret; tokens come from the AWS CLI, so it holds none.
        security_group: that of its nodes, which EKS makes.
        oidc: the URL of its OpenID Connect issuer.
    """

    kind = "cluster:ControlPlane"

    def __init__(self, name: str, args: ControlPlaneArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        logs = aws.cloudwatch.LogGroup(
            name,
            name=f"/aws/eks/{args.cluster_name}/cluster",  # where EKS writes; made here so that it is encrypted
            retention_in_days=args.settings.log_days,
            kms_key_id=args.kms_key_arn,
            opts=self.child(),
        )
        role, grants = self._role(name, args)
        self.cluster = aws.eks.Cluster(
            name,
            name=args.cluster_name,
            role_arn=role.arn,
            version=args.settings.version,
            access_config={"authentication_mode": "API", "bootstrap_cluster_creator_admin_permissions": False},
            bootstrap_self_managed_addons=False,
            deletion_protection=args.undeletable,
            enabled_cluster_log_types=list(LOGS),
            encryption_config={"provider": {"key_arn": args.kms_key_arn}, "resources": ["secrets"]},
            upgrade_policy={"support_type": "STANDARD"},
            vpc_config=aws.eks.ClusterVpcConfigArgs(
                subnet_ids=args.subnets,
                endpoint_private_access=True,
                endpoint_public_access=bool(args.settings.public_ranges),
                public_access_cidrs=[str(found) for found in args.settings.public_ranges] or None,
            ),
            opts=self.child(args.protection, depends_on=[logs, *grants]),
        )
        self.cluster_name: Output[str] = self.cluster.name
        self.security_group: Output[str] = self.cluster.vpc_config.cluster_security_group_id
        self.oidc: Output[str] = self.cluster.identities[0].oidcs[0].issuer
        self.kubeconfig: Output[str] = Output.secret(
            Output.all(
                self.cluster.name, self.cluster.endpoint, self.cluster.certificate_authority.data, args.region
            ).apply(lambda parts: kubeconfig(*parts))
        )
        self.register_outputs({"cluster_name": self.cluster_name})

    def _role(self, name: str, args: ControlPlaneArgs) -> tuple[aws.iam.Role, list[aws.iam.RolePolicy]]:
        """What EKS may do: run a cluster, and use the key."""
        role = aws.iam.Role(
            name,
            name=f"{args.cluster_name}-control-plane",
            assume_role_policy=trust("eks.amazonaws.com"),
            opts=self.child(),
        )
        aws.iam.RolePolicyAttachment(
            name, role=role.name, policy_arn="arn:aws:iam::aws:policy/AmazonEKSClusterPolicy", opts=self.child()
        )
        uses = ["kms:Encrypt", "kms:Decrypt", "kms:ListGrants", "kms:DescribeKey"]
        key = aws.iam.RolePolicy(
            f"{name}-key", role=role.name, policy=policy(allow(uses, args.kms_key_arn)), opts=self.child()
        )
        return role, [key]


def kubeconfig(name: str, endpoint: str, authority: str, region: str) -> str:
    """A kubeconfig that asks the AWS CLI for a token each time."""
    token = ["eks", "get-token", "--cluster-name", name, "--region", region]
    login = {"apiVersion": "client.authentication.k8s.io/v1beta1", "command": "aws", "args": token}
    return json.dumps(
        {
            "apiVersion": "v1",
            "kind": "Config",
            "clusters": [{"name": name, "cluster": {"server": endpoint, "certificate-authority-data": authority}}],
            "users": [{"name": name, "user": {"exec": {**login, "interactiveMode": "Never"}}}],
            "contexts": [{"name": name, "context": {"cluster": name, "user": name}}],
            "current-context": name,
        }
    )
