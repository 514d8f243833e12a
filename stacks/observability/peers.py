"""Who reaches whom: the holes that collecting makes in namespaces that are closed both ways."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pulumi_kubernetes as kubernetes
from pulumi import Input, ResourceOptions
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from stacks.observability.agents import NAME as AGENTS_NAMESPACE
from stacks.observability.values.collectors import NAME as COLLECTOR
from stacks.observability.values.collectors import OTLP_HTTP_PORT
from stacks.observability.values.common import RELEASE
from stacks.observability.values.logs import PORT as LOKI_PORT
from stacks.observability.values.traces import OTLP_PORT
from stacks.platform.component import Component
from stacks.platform.names import CONTROLLERS, PROMETHEUS, PROMETHEUS_PORT
from stacks.platform.traffic import API_PORTS, INSIDE, POD_IDENTITY_AGENT, addresses, allowing, namespace

OPERATOR = {"app": "kube-prometheus-stack-operator"}
OF_THE_CHART = {"app.kubernetes.io/instance": RELEASE}
"""The operator, Grafana and kube-state-metrics, which watch objects of the cluster."""

SERVICE_PORT = 8080
"""The services' own port, on which their metrics are."""

WEBHOOK_PORT = 10250
"""On which the API server asks the operator whether a rule is sound."""

OPERATOR_METRICS_PORT = 8080
"""Of the External Secrets Operator."""

NODE_PORTS = (9100, 10250)
"""Node exporter and kubelet."""


ANYWHERE = "0.0.0.0/0"


@dataclass(frozen=True)
class PeersArgs:
    """What the policies are told.

    Attributes:
        namespace: of all that collects.
        services: the namespace of the services.
        platform: the namespace of the platform's own servers.
        readers: namespaces from which Prometheus may be asked.
        network: addresses of the nodes and of the cluster's API; None where nobody knows them before.
        aws: whether logs and traces go to S3, and secrets come from Secrets Manager.
        notify: whether Alertmanager calls PagerDuty and the chat.
    """

    namespace: Input[str]
    services: Input[str]
    platform: Input[str]
    readers: tuple[str, ...]
    network: Input[Any] | None
    aws: bool
    notify: bool


class Peers(Component):
    """One policy for each reason to talk."""

    kind = "observability:Peers"

    def __init__(self, name: str, args: PeersArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._args = args
        self._policy("inside", {}, ingress=[INSIDE], egress=[INSIDE])
        self._policy("cluster-api", OF_THE_CHART, egress=[addresses(args.network, *API_PORTS)])
        self._policy("operator-webhook", OPERATOR, ingress=[addresses(args.network, WEBHOOK_PORT)])
        self._prometheus()
        self._policy(
            "traces-from-services",
            {"app.kubernetes.io/instance": COLLECTOR},
            ingress=[namespace(args.services, OTLP_PORT, OTLP_HTTP_PORT)],
        )
        self._policy(
            "logs-from-nodes", {"app.kubernetes.io/name": "loki"}, ingress=[namespace(AGENTS_NAMESPACE, LOKI_PORT)]
        )
        if args.notify:
            self._policy("notifications", {"app.kubernetes.io/name": "alertmanager"}, egress=[addresses(ANYWHERE, 443)])
        if args.aws:
            self._to_s3()
        self.register_outputs({})

    def _prometheus(self) -> None:
        """It scrapes services, nodes, controllers and the cluster's own parts; those who decide by metrics ask it."""
        args = self._args
        secrets_operator = [namespace(args.platform, OPERATOR_METRICS_PORT)] if args.aws else []
        self._policy(
            "prometheus",
            PROMETHEUS,
            ingress=[namespace(reader, PROMETHEUS_PORT) for reader in args.readers],
            egress=[
                namespace(args.services, SERVICE_PORT),
                namespace(AGENTS_NAMESPACE, 8888),
                namespace("kube-system"),
                *secrets_operator,
                *(namespace(reader, CONTROLLERS[reader]) for reader in args.readers if reader in CONTROLLERS),
                addresses(args.network, *API_PORTS, *NODE_PORTS),
            ],
        )
        kubernetes.networking.v1.NetworkPolicy(
            "scraping",
            metadata=ObjectMetaArgs(name="allow-scraping", namespace=args.services),
            spec=allowing({}, ingress=[namespace(args.namespace, SERVICE_PORT, pods=PROMETHEUS)]),
            opts=self.child(),
        )

    def _to_s3(self) -> None:
        for store in ("loki", "tempo"):
            self._policy(
                f"{store}-storage",
                {"app.kubernetes.io/name": store},
                egress=[addresses(ANYWHERE, 443), addresses(POD_IDENTITY_AGENT, 80)],
            )

    def _policy(
        self,
        name: str,
        pods: dict[str, str],
        ingress: list[dict[str, Any]] | None = None,
        egress: list[dict[str, Any]] | None = None,
    ) -> None:
        kubernetes.networking.v1.NetworkPolicy(
            name,
            metadata=ObjectMetaArgs(name=f"allow-{name}", namespace=self._args.namespace),
            spec=allowing(pods, ingress, egress),
            opts=self.child(),
        )
