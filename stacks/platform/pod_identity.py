"""AWS permissions for pods, by EKS pod identity: no key anywhere, and nothing that the policy does not name."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi_aws as aws
from pulumi import Input, ResourceOptions

from stacks.platform.component import Component
from stacks.platform.iam import Statement, policy


@dataclass(frozen=True)
class PodIdentityArgs:
    """What a pod identity is told.

    Attributes:
        role: the name of its role.
        cluster_name: the EKS cluster.
        namespace: where the pods are.
        service_account: under which service account they run.
        statements: what they may do, and nothing else.
    """

    role: str
    cluster_name: Input[Any]
    namespace: Input[str]
    service_account: str
    statements: Sequence[Statement]


class PodIdentity(Component):
    """A role that only the pods of one service account can take.

    Attributes:
        role: the role.
        association: what gives it to the service account; pods that need it must come after.
    """

    kind = "platform:PodIdentity"

    def __init__(self, name: str, args: PodIdentityArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self.role = aws.iam.Role(name, name=args.role, assume_role_policy=_trust(), opts=self.child())
        grant = aws.iam.RolePolicy(name, role=self.role.name, policy=policy(*args.statements), opts=self.child())
        self.association = aws.eks.PodIdentityAssociation(
            name,
            cluster_name=args.cluster_name,
            namespace=args.namespace,
            service_account=args.service_account,
            role_arn=self.role.arn,
            opts=self.child(depends_on=[grant]),
        )
        self.register_outputs({"role_arn": self.role.arn})


def _trust() -> str:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "pods.eks.amazonaws.com"},
        "Action": ["sts:AssumeRole", "sts:TagSession"],
    }
    return json.dumps({"Version": "2012-10-17", "Statement": [statement]})
