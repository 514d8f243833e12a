"""Grafana's administrator, and what Grafana may read of the cluster."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pulumi_random as random
from pulumi import Input, Output, ResourceOptions
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs
from pulumi_kubernetes.rbac import v1 as rbac

from stacks.observability.values.grafana import ACCOUNT
from stacks.platform.component import Component

SECRET = "grafana-admin"


@dataclass(frozen=True)
class LoginArgs:
    """What the login is told.

    Attributes:
        namespace: where Grafana is.
        dashboards: the namespaces whose dashboards it shows, by name.
        protection: options for the password.
    """

    namespace: Input[str]
    dashboards: Mapping[str, Input[str]]
    protection: ResourceOptions


class Login(Component):
    """A generated password, and leave to read ConfigMaps, which dashboards are in, and nothing else.

    Attributes:
        secret: the name of the Secret with the password.
    """

    kind = "observability:Login"

    def __init__(self, name: str, args: LoginArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        password = random.RandomPassword(name, length=40, special=False, opts=self.child(args.protection)).result
        secret = core.Secret(
            name,
            metadata=ObjectMetaArgs(name=SECRET, namespace=args.namespace),
            string_data={"admin-user": "admin", "admin-password": password},
            opts=self.child(args.protection),
        )
        self.secret: Output[str] = secret.metadata.name
        for part, namespace in args.dashboards.items():
            self._may_read(f"{name}-{part}", namespace, args.namespace)
        self.register_outputs({"secret": self.secret})

    def _may_read(self, name: str, where: Input[str], grafana: Input[str]) -> None:
        role = rbac.Role(
            name,
            metadata=ObjectMetaArgs(name="grafana-dashboards", namespace=where),
            rules=[rbac.PolicyRuleArgs(api_groups=[""], resources=["configmaps"], verbs=["get", "list", "watch"])],
            opts=self.child(),
        )
        rbac.RoleBinding(
            name,
            metadata=ObjectMetaArgs(name="grafana-dashboards", namespace=where),
            role_ref=rbac.RoleRefArgs(api_group="rbac.authorization.k8s.io", kind="Role", name=role.metadata.name),
            subjects=[rbac.SubjectArgs(kind="ServiceAccount", name=ACCOUNT, namespace=grafana)],
            opts=self.child(),
        )
