"""How the service is reached, and by whom; whom its pods may reach."""

from __future__ import annotations

from typing import Any, ClassVar
from urllib.parse import urlsplit

import pulumi
import pulumi_kubernetes as kubernetes
from pulumi import Output, ResourceOptions

from deploy.app import COMPONENT, App, Part, Spec
from deploy.settings import BlueGreen, Peer
from deploy.strategy import preview
from deploy.surroundings import Surroundings

PROMETHEUS = Peer(namespace="observability", labels={"app.kubernetes.io/name": "prometheus"})
DNS = Peer(namespace="kube-system", labels={"k8s-app": "kube-dns"})
SCHEMES = {"http": 80, "https": 443, "redis": 6379, "rediss": 6379}


class Network(Part):
    """Services, and a policy that names every peer.

    Attributes:
        services: what a workload must find.
    """

    kind: ClassVar[str] = "Network"

    def __init__(self, app: App, around: Surroundings, opts: ResourceOptions | None = None) -> None:
        super().__init__(app, opts)
        self.services: list[pulumi.Resource] = [self._service(app, app.metadata())]
        if isinstance(app.settings.strategy, BlueGreen):  # of another component: metrics are scraped through one only
            other = app.metadata(preview(app), **{COMPONENT: "preview"})
            self.services.append(self._service(app, other))
        redis = app.settings.service.settings.redis
        peers = Output.all(around.tracking_uri, around.otlp_endpoint).apply(lambda urls: policy(app, [*urls, redis]))
        kubernetes.networking.v1.NetworkPolicy(app.name, metadata=app.metadata(), spec=peers, opts=self.child())
        self.register_outputs({})

    def _service(self, app: App, metadata: Spec) -> pulumi.Resource:
        # Argo Rollouts chooses between blue and green by this selector, which has one owner as a whole: if Pulumi set
        # it again, both would answer, and the next version would be taken for the first one, which nobody judges.
        others = ["spec.selector"] if isinstance(app.settings.strategy, BlueGreen) else None
        spec: Spec = {
            "type": "ClusterIP",
            "selector": app.selector,
            "ports": [{"name": "http", "port": 80, "targetPort": "http", "protocol": "TCP"}],
        }
        service: pulumi.Resource = kubernetes.core.v1.Service(
            metadata["name"], metadata=metadata, spec=spec, opts=self.child(ignore_changes=others)
        )
        return service


def policy(app: App, urls: list[str]) -> Spec:
    """A NetworkPolicy: callers and Prometheus come in; out go name look-ups and calls of the addresses given.

    Args:
        app: whose pods.
        urls: what they call; empty ones are left out.
    """
    incoming = [{"from": [_peer(peer)], "ports": [_port("http")]} for peer in (*app.settings.callers, PROMETHEUS)]
    names = {"to": [_peer(DNS)], "ports": [{"protocol": protocol, "port": 53} for protocol in ("UDP", "TCP")]}
    return {
        "podSelector": {"matchLabels": app.selector},
        "policyTypes": ["Ingress", "Egress"],
        "ingress": incoming,
        "egress": [names, *(outgoing(url) for url in urls if url)],
    }


def outgoing(url: str) -> Spec:
    """The rule that lets pods call an address.

    Of a Service in the cluster (NAME.NAMESPACE, or with .svc and more after it) the namespace is named, for any other
    host only the port can be. The port is the pods' own: it must be that of their Service, as it is for MLflow.
    """
    parts = urlsplit(url)
    port = _port(parts.port or SCHEMES.get(parts.scheme, 443))
    labels = (parts.hostname or "").split(".")
    if len(labels) == 2 or labels[2:3] == ["svc"]:
        return {"to": [_peer(Peer(namespace=labels[1]))], "ports": [port]}
    return {"to": [{"ipBlock": {"cidr": "0.0.0.0/0"}}], "ports": [port]}


def _peer(peer: Peer) -> dict[str, Any]:
    namespace = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": peer.namespace}}}
    return {**namespace, "podSelector": {"matchLabels": peer.labels}} if peer.labels else namespace


def _port(port: int | str) -> dict[str, Any]:
    return {"protocol": "TCP", "port": port}
