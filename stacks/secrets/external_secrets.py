"""The External Secrets Operator: keeps Secrets on the cluster what Secrets Manager says."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi_kubernetes as kubernetes
from pulumi import Input, ResourceOptions
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs
from pulumi_kubernetes.networking import v1 as networking

from stacks.platform.component import Component
from stacks.platform.iam import allow
from stacks.platform.pod_identity import PodIdentity, PodIdentityArgs
from stacks.platform.traffic import POD_IDENTITY_AGENT, addresses, allowing, namespace

NAME = "external-secrets"
WEBHOOK_PORT = 10250
METRICS_PORT = 8080


@dataclass(frozen=True)
class OperatorArgs:
    """What the operator is told.

    Attributes:
        version: of its chart.
        namespace: where it runs.
        monitoring: the namespace of Prometheus.
        cluster_name: the EKS cluster.
        role: the name of its role in AWS.
        vpc_cidr: the network's addresses, among them those of the cluster's API and of AWS's endpoints.
        secrets: ARNs of the only secrets that it may read; wildcards are allowed.
        kms_key_arn: the key that encrypts these.
    """

    version: str
    namespace: Input[str]
    monitoring: Input[str]
    cluster_name: Input[Any]
    role: str
    vpc_cidr: Input[Any]
    secrets: Sequence[str]
    kms_key_arn: Input[str]


class Operator(Component):
    """The operator by its own chart, with leave to read our secrets and no others."""

    kind = "secrets:Operator"

    def __init__(self, name: str, args: OperatorArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        identity = PodIdentity(
            name,
            PodIdentityArgs(
                role=args.role,
                cluster_name=args.cluster_name,
                namespace=args.namespace,
                service_account=NAME,
                statements=[
                    allow(["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"], *args.secrets),
                    allow(["kms:Decrypt"], args.kms_key_arn),
                ],
            ),
            self.child(),
        )
        peers = self._peers(name, args)
        kubernetes.helm.v3.Release(
            name,
            name=NAME,
            namespace=args.namespace,
            chart=NAME,
            version=args.version,
            repository_opts={"repo": "https://charts.external-secrets.io"},
            atomic=True,
            values=values(),
            opts=self.child(depends_on=[identity, peers]),
        )
        self.register_outputs({})

    def _peers(self, name: str, args: OperatorArgs) -> networking.NetworkPolicy:
        """Out to the cluster's API, AWS and the agent with its credentials; in from the API and from Prometheus."""
        return networking.NetworkPolicy(
            name,
            metadata=ObjectMetaArgs(name=NAME, namespace=args.namespace),
            spec=allowing(
                {"app.kubernetes.io/instance": NAME},
                ingress=[addresses(args.vpc_cidr, WEBHOOK_PORT), namespace(args.monitoring, METRICS_PORT)],
                egress=[addresses(args.vpc_cidr, 443), addresses(POD_IDENTITY_AGENT, 80)],
            ),
            opts=self.child(),
        )


def values() -> dict[str, object]:
    """The chart's values: two of it, small, and only what we use of it."""
    resources = {"requests": {"cpu": "20m", "memory": "96Mi"}, "limits": {"memory": "256Mi"}}
    return {
        "installCRDs": True,
        "replicaCount": 2,
        "leaderElect": True,
        "serviceAccount": {"name": NAME},
        "resources": resources,
        "podDisruptionBudget": {"enabled": True, "minAvailable": 1},
        "processClusterExternalSecret": False,
        "processClusterStore": False,
        "processPushSecret": False,
        "webhook": {"port": WEBHOOK_PORT, "replicaCount": 2, "resources": resources},
        "certController": {"resources": resources},
    }
