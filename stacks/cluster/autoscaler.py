"""Adds nodes when pods wait for room, and takes them away when they are idle."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_kubernetes as kubernetes
from pulumi import Input, ResourceOptions

from stacks.platform.component import Component
from stacks.platform.iam import allow
from stacks.platform.pod_identity import PodIdentity, PodIdentityArgs

NAMESPACE = "kube-system"
ACCOUNT = "cluster-autoscaler"
LOOKS = [
    "autoscaling:DescribeAutoScalingGroups",
    "autoscaling:DescribeAutoScalingInstances",
    "autoscaling:DescribeLaunchConfigurations",
    "autoscaling:DescribeScalingActivities",
    "autoscaling:DescribeTags",
    "ec2:DescribeImages",
    "ec2:DescribeInstanceTypes",
    "ec2:DescribeLaunchTemplateVersions",
    "ec2:GetInstanceTypesFromInstanceRequirements",
    "eks:DescribeNodegroup",
]
CHANGES = ["autoscaling:SetDesiredCapacity", "autoscaling:TerminateInstanceInAutoScalingGroup"]


@dataclass(frozen=True)
class AutoscalerArgs:
    """What the autoscaler is told.

    Attributes:
        cluster_name: the cluster, whose node groups EKS has marked with its name.
        name: the same as a plain text, for the role's name and the tag that its permission is tied to.
        region: where it is.
        version: of the chart.
    """

    cluster_name: Input[str]
    name: str
    region: str
    version: str


class Autoscaler(Component):
    """The Cluster Autoscaler, by its own chart."""

    kind = "cluster:Autoscaler"

    def __init__(self, name: str, args: AutoscalerArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        own = {"StringEquals": {f"aws:ResourceTag/k8s.io/cluster-autoscaler/{args.name}": "owned"}}
        identity = PodIdentity(
            name,
            PodIdentityArgs(
                role=f"{args.name}-autoscaler",
                cluster_name=args.cluster_name,
                namespace=NAMESPACE,
                service_account=ACCOUNT,
                statements=[allow(LOOKS, "*"), allow(CHANGES, "*", condition=own)],
            ),
            self.child(),
        )
        kubernetes.helm.v3.Release(
            name,
            name="cluster-autoscaler",
            namespace=NAMESPACE,
            chart="cluster-autoscaler",
            version=args.version,
            repository_opts={"repo": "https://kubernetes.github.io/autoscaler"},
            atomic=True,
            values={
                "autoDiscovery": {"clusterName": args.cluster_name},
                "awsRegion": args.region,
                "extraArgs": {"balance-similar-node-groups": True, "skip-nodes-with-system-pods": False},
                "priorityClassName": "system-cluster-critical",
                "rbac": {"serviceAccount": {"name": ACCOUNT}},
                "resources": {"requests": {"cpu": "100m", "memory": "300Mi"}, "limits": {"memory": "600Mi"}},
            },
            opts=self.child(depends_on=[identity]),
        )
        self.register_outputs({})
