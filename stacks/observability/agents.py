"""The one namespace in which pods may look at their node: what measures it, and what reads its pods' logs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pulumi_kubernetes as kubernetes
from pulumi import Input, Output, ResourceOptions
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from stacks.observability.values.logs import PORT as LOKI_PORT
from stacks.platform.component import Component

NAME = "node-agents"
SECURITY = {f"pod-security.kubernetes.io/{mode}": "privileged" for mode in ("enforce", "audit", "warn")}


@dataclass(frozen=True)
class AgentsArgs:
    """What the namespace is told.

    Attributes:
        monitoring: the namespace of Prometheus and Loki.
        protection: options for the namespace.
    """

    monitoring: Input[str]
    protection: ResourceOptions


class Agents(Component):
    """A namespace that is open to the node and closed to the network: its pods send logs, are scraped, and no more.

    Attributes:
        namespace: its name, known once it is there.
    """

    kind = "observability:Agents"

    def __init__(self, name: str, args: AgentsArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        made = kubernetes.core.v1.Namespace(
            name,
            metadata=ObjectMetaArgs(name=NAME, labels={**SECURITY, "app.kubernetes.io/name": NAME}),
            opts=self.child(args.protection),
        )
        self.namespace: Output[str] = made.metadata.name
        monitoring = {"namespace_selector": {"match_labels": {"kubernetes.io/metadata.name": args.monitoring}}}
        dns = {"namespace_selector": {"match_labels": {"kubernetes.io/metadata.name": "kube-system"}}}
        spec: Any = {
            "pod_selector": {},
            "policy_types": ["Ingress", "Egress"],
            "ingress": [{"from_": [monitoring], "ports": [{"protocol": "TCP", "port": 8888}]}],
            "egress": [
                {"to": [monitoring], "ports": [{"protocol": "TCP", "port": LOKI_PORT}]},
                {"to": [dns], "ports": [{"protocol": protocol, "port": 53} for protocol in ("UDP", "TCP")]},
            ],
        }
        kubernetes.networking.v1.NetworkPolicy(
            name, metadata=ObjectMetaArgs(name=NAME, namespace=self.namespace), spec=spec, opts=self.child()
        )
        self.register_outputs({"namespace": self.namespace})
