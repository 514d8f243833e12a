"""The namespaces, closed: what runs in them is restricted, limited, and reaches nothing that it does not name."""

from __future__ import annotations

from dataclasses import dataclass

from pulumi import Output, ResourceOptions
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs, ObjectMetaArgs
from pulumi_kubernetes.networking import v1 as networking

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
        made = core.Namespace(
            name,
            metadata=ObjectMetaArgs(name=args.namespace, labels={**SECURITY, "app.kubernetes.io/name": args.namespace}),
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
        core.ResourceQuota(
            name,
            metadata=self._metadata(f"{PRODUCT}-quota"),
            spec=core.ResourceQuotaSpecArgs(hard=hard),
            opts=self.child(),
        )
        # What a container gets that asks for nothing. CPU has no limit: what is idle may be used.
        limits = core.LimitRangeItemArgs(
            type="Container", default_request={"cpu": "50m", "memory": "128Mi"}, default={"memory": "512Mi"}
        )
        core.LimitRange(
            name,
            metadata=self._metadata(f"{PRODUCT}-limits"),
            spec=core.LimitRangeSpecArgs(limits=[limits]),
            opts=self.child(),
        )

    def _close(self, name: str) -> None:
        """Nothing in, nothing out, except that names can be resolved. Each workload then names its own peers."""
        networking.NetworkPolicy(
            f"{name}-default-deny",
            metadata=self._metadata("default-deny"),
            spec=networking.NetworkPolicySpecArgs(pod_selector=LabelSelectorArgs(), policy_types=["Ingress", "Egress"]),
            opts=self.child(),
        )
        dns = networking.NetworkPolicyPeerArgs(
            namespace_selector=LabelSelectorArgs(match_labels={"kubernetes.io/metadata.name": "kube-system"}),
            pod_selector=LabelSelectorArgs(match_labels={"k8s-app": "kube-dns"}),
        )
        ports = [networking.NetworkPolicyPortArgs(protocol=protocol, port=53) for protocol in ("UDP", "TCP")]
        networking.NetworkPolicy(
            f"{name}-allow-dns",
            metadata=self._metadata("allow-dns"),
            spec=networking.NetworkPolicySpecArgs(
                pod_selector=LabelSelectorArgs(),
                policy_types=["Egress"],
                egress=[networking.NetworkPolicyEgressRuleArgs(to=[dns], ports=ports)],
            ),
            opts=self.child(),
        )

    def _metadata(self, name: str) -> ObjectMetaArgs:
        return ObjectMetaArgs(name=name, namespace=self.name)


def doubled(memory: str) -> str:
    """Twice an amount of memory, in its unit."""
    return f"{2 * int(memory[:-2])}{memory[-2:]}"
