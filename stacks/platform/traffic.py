"""Who may talk to whom: the parts of a network policy that only adds to what its namespace denies."""

from __future__ import annotations

from typing import Any

from pulumi import Input

API_PORTS = (443, 6443)
"""Those on which the API server of a cluster is asked."""

POD_IDENTITY_AGENT = "169.254.170.23/32"
"""Where on its node a pod gets its AWS credentials; the same in every cluster of EKS."""

INSIDE: dict[str, Any] = {"peer": {"pod_selector": {}}, "ports": []}
"""All pods of the same namespace, on every port."""


def allowing(
    pods: dict[str, str], ingress: list[dict[str, Any]] | None = None, egress: list[dict[str, Any]] | None = None
) -> Any:
    """The spec of a policy that allows some pods, or all of the namespace, to be reached by peers or to reach them."""
    spec: dict[str, Any] = {"pod_selector": {"match_labels": pods} if pods else {}, "policy_types": []}
    if ingress is not None:
        spec["policy_types"].append("Ingress")
        spec["ingress"] = [{"from_": _known(peer), "ports": peer["ports"]} for peer in ingress]
    if egress is not None:
        spec["policy_types"].append("Egress")
        spec["egress"] = [{"to": _known(peer), "ports": peer["ports"]} for peer in egress]
    return spec


def namespace(name: Input[str], *ports: int, pods: dict[str, str] | None = None) -> dict[str, Any]:
    """All pods of a namespace, or those with some labels, on some ports or on every one."""
    peer: dict[str, Any] = {"namespace_selector": {"match_labels": {"kubernetes.io/metadata.name": name}}}
    if pods:
        peer["pod_selector"] = {"match_labels": pods}
    return {"peer": peer, "ports": _tcp(ports)}


def addresses(cidr: Input[Any] | None, *ports: int) -> dict[str, Any]:
    """Some addresses, or all where none are known, on some ports."""
    return {"peer": {"ip_block": {"cidr": cidr}} if cidr is not None else None, "ports": _tcp(ports)}


def _known(peer: dict[str, Any]) -> list[Any]:
    """No peer at all is everybody."""
    return [peer["peer"]] if peer["peer"] is not None else []


def _tcp(ports: tuple[int, ...]) -> list[dict[str, Any]]:
    return [{"protocol": "TCP", "port": port} for port in ports]
