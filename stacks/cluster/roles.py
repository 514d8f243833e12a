"""What people may do inside the cluster, by their groups. None may read Secrets, enter pods or give rights."""

from __future__ import annotations

from dataclasses import dataclass

from pulumi import Input, ResourceOptions
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs
from pulumi_kubernetes.rbac import v1 as rbac

from stacks.platform.component import Component
from stacks.platform.names import PRODUCT

DEPLOYERS = f"{PRODUCT}:deployers"
"""The group of those who put services on the cluster."""

READERS = f"{PRODUCT}:readers"
"""The group of those who look."""

RBAC = "rbac.authorization.k8s.io"
LOOK = ["get", "list", "watch"]
CHANGE = [*LOOK, "create", "update", "patch", "delete"]

DEPLOYED: dict[str, list[str]] = {
    "": ["configmaps", "serviceaccounts", "services", "persistentvolumeclaims"],
    "apps": ["deployments", "deployments/scale"],
    "argoproj.io": ["analysistemplates", "rollouts", "rollouts/scale", "rollouts/status"],
    "autoscaling": ["horizontalpodautoscalers"],
    "batch": ["cronjobs", "jobs"],
    "keda.sh": ["scaledobjects"],
    "monitoring.coreos.com": ["podmonitors", "prometheusrules", "servicemonitors"],
    "networking.k8s.io": ["ingresses", "networkpolicies"],
    "policy": ["poddisruptionbudgets"],
}
"""The kinds that a service's own deployment is made of."""

SEEN: dict[str, list[str]] = {
    "": ["endpoints", "events", "limitranges", "pods", "pods/log", "resourcequotas"],
    "apps": ["controllerrevisions", "daemonsets", "replicasets", "statefulsets"],
    "argoproj.io": ["analysisruns", "experiments"],
    "discovery.k8s.io": ["endpointslices"],
    "events.k8s.io": ["events"],
    "external-secrets.io": ["externalsecrets"],
    "metrics.k8s.io": ["pods"],
}
"""The kinds that come of these, and help to find out why something does not run."""

SEEN_EVERYWHERE: dict[str, list[str]] = {
    "": ["namespaces", "nodes", "persistentvolumes"],
    "metrics.k8s.io": ["nodes"],
    "scheduling.k8s.io": ["priorityclasses"],
    "storage.k8s.io": ["storageclasses"],
}


@dataclass(frozen=True)
class RolesArgs:
    """What the roles are told.

    Attributes:
        services: the namespace that deployers may change.
        namespaces: those that readers, deployers among them, may look at.
    """

    services: Input[str]
    namespaces: dict[str, Input[str]]


class Roles(Component):
    """Roles for the groups of deployers and of readers."""

    kind = "cluster:Roles"

    def __init__(self, name: str, args: RolesArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._in_namespace("deployer", "services", args.services, rules(DEPLOYED, CHANGE), [DEPLOYERS])
        for part, namespace in args.namespaces.items():
            seen = [*rules(DEPLOYED, LOOK), *rules(SEEN, LOOK)]
            self._in_namespace("reader", part, namespace, seen, [READERS, DEPLOYERS])
        self._everywhere("reader", rules(SEEN_EVERYWHERE, LOOK), [READERS, DEPLOYERS])
        self.register_outputs({})

    def _in_namespace(
        self, role: str, part: str, namespace: Input[str], allowed: list[rbac.PolicyRuleArgs], groups: list[str]
    ) -> None:
        name = f"{PRODUCT}-{role}"
        metadata = ObjectMetaArgs(name=name, namespace=namespace)
        made = rbac.Role(f"{role}-{part}", metadata=metadata, rules=allowed, opts=self.child())
        rbac.RoleBinding(
            f"{role}-{part}",
            metadata=metadata,
            role_ref=rbac.RoleRefArgs(api_group=RBAC, kind="Role", name=name),
            subjects=[subject(group) for group in groups],
            opts=self.child(depends_on=[made]),
        )

    def _everywhere(self, role: str, allowed: list[rbac.PolicyRuleArgs], groups: list[str]) -> None:
        name = f"{PRODUCT}-{role}"
        made = rbac.ClusterRole(role, metadata=ObjectMetaArgs(name=name), rules=allowed, opts=self.child())
        rbac.ClusterRoleBinding(
            role,
            metadata=ObjectMetaArgs(name=name),
            role_ref=rbac.RoleRefArgs(api_group=RBAC, kind="ClusterRole", name=name),
            subjects=[subject(group) for group in groups],
            opts=self.child(depends_on=[made]),
        )


def rules(kinds: dict[str, list[str]], verbs: list[str]) -> list[rbac.PolicyRuleArgs]:
    """RBAC's rules for kinds by their API group."""
    return [rbac.PolicyRuleArgs(api_groups=[group], resources=found, verbs=verbs) for group, found in kinds.items()]


def subject(group: str) -> rbac.SubjectArgs:
    """RBAC's name for a group."""
    return rbac.SubjectArgs(api_group=RBAC, kind="Group", name=group)
