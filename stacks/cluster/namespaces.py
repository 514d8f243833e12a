"""The namespaces, closed: what runs in them is restricted, limited, and reaches nothing that it does not name."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_kubernetes as kubernetes
from pulumi import Input, Output, ResourceOptions

from stacks.cluster.settings import QuotaSettings
from stacks.platform.component import Component
from stacks.platform.names import PRODUCT

SECURITY = {f"pod-security.kubernetes.io/{mode}": "restricted" for mode in ("enforce", "audit", "warn")}


@dataclass(frozen=True)
class NamespaceArgs:
    """What a namespace is told.

    Attributes:
        namespace: its name.
        quota: how much all in it may take.
        protection: options for the namespace, with which all in it would go.
    """

    namespace: str
    quota: QuotaSettings
    protection: ResourceOptions


class Namespace(Component):
    """A namespace under Pod Security ``restricted``, with a quota, limits, and a network that is closed both ways.

    Attributes:
        name: its name, known once it is there.
    """

    kind = "cluster:Namespace"

    def __init__(self, name: str, args: NamespaceArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        made = kubernetes.core.v1.Namespace(
            name,
            metadata={"name": args.namespace, "labels": {**SECURITY, "app.kubernetes.io/name": args.namespace}},
            opts=self.child(args.protection),
        )
        self.name: Output[str] = made.metadata.name
        self._limit(name, args.quota)
        self._close(name)
        self.register_outputs({"name": self.name})

    def _limit(self, name: str, quota: QuotaSettings) -> None:
        hard = {
            "requests.cpu": quota.cpu,
            "requests.memory": quota.memory,
            "limits.memory": doubled(quota.memory),
            "requests.storage": quota.storage,
            "pods": str(quota.pods),
        }
        kubernetes.core.v1.ResourceQuota(
            name, metadata=self._metadata(f"{PRODUCT}-quota"), spec={"hard": hard}, opts=self.child()
        )
        # What a container gets that asks for nothing. CPU has no limit: what is idle may be used.
        limits = {
            "type": "Container",
            "default_request": {"cpu": "50m", "memory": "128Mi"},
            "default": {"memory": "512Mi"},
        }
        kubernetes.core.v1.LimitRange(
            name, metadata=self._metadata(f"{PRODUCT}-limits"), spec={"limits": [limits]}, opts=self.child()
        )

    def _close(self, name: str) -> None:
        """Nothing in, nothing out, except that names can be resolved. Each workload then names its own peers."""
        kubernetes.networking.v1.NetworkPolicy(
            f"{name}-default-deny",
            metadata=self._metadata("default-deny"),
            spec={"pod_selector": {}, "policy_types": ["Ingress", "Egress"]},
            opts=self.child(),
        )
        dns = {"match_labels": {"kubernetes.io/metadata.name": "kube-system"}}
        kubernetes.networking.v1.NetworkPolicy(
            f"{name}-allow-dns",
            metadata=self._metadata("allow-dns"),
            spec={
                "pod_selector": {},
                "policy_types": ["Egress"],
                "egress": [
                    {
                        "to": [{"namespace_selector": dns, "pod_selector": {"match_labels": {"k8s-app": "kube-dns"}}}],
                        "ports": [{"protocol": protocol, "port": 53} for protocol in ("UDP", "TCP")],
                    }
                ],
            },
            opts=self.child(),
        )

    def _metadata(self, name: str) -> dict[str, Input[str]]:
        return {"name": name, "namespace": self.name}


def doubled(memory: str) -> str:
    """Twice an amount of memory, in its unit."""
    return f"{2 * int(memory[:-2])}{memory[-2:]}"
