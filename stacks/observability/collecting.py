"""All that collects, in the order in which it comes about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from pulumi import Output, Resource, ResourceOptions
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from stacks.observability import charts
from stacks.observability.agents import NAME as AGENTS_NAMESPACE
from stacks.observability.agents import Agents, AgentsArgs
from stacks.observability.alerts import platform_rules
from stacks.observability.login import SECRET as GRAFANA_SECRET
from stacks.observability.login import Login, LoginArgs
from stacks.observability.peers import Peers, PeersArgs
from stacks.observability.receivers import Receivers, ReceiversArgs
from stacks.observability.routes import alertmanager_config
from stacks.observability.settings import ObservabilitySettings
from stacks.observability.storage import Storage, StorageArgs
from stacks.observability.values import collectors, logs, metrics, traces
from stacks.observability.values.common import RELEASE
from stacks.platform.component import Component
from stacks.platform.names import CONTROLLERS, OBSERVABILITY_NAMESPACE, PLATFORM_NAMESPACE, PRODUCT, SERVICES_NAMESPACE
from stacks.platform.references import Stacks
from stacks.platform.release import Release, ReleaseArgs


@dataclass(frozen=True)
class CollectingArgs:
    """What it is told.

    Attributes:
        settings: all of them.
        stacks: the cluster and the key.
        foundation: options for the namespace of the nodes' agents.
        data: options for what holds data.
    """

    settings: ObservabilitySettings
    stacks: Stacks
    foundation: ResourceOptions
    data: ResourceOptions


class Collecting(Component):
    """Metrics, logs and traces."""

    kind = "observability:Collecting"

    def __init__(self, name: str, args: CollectingArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._args, self._settings = args, args.settings
        self._name = f"{PRODUCT}-{args.settings.environment}"
        self._namespaces = {
            part: args.stacks.cluster.namespaces[part]
            for part in (OBSERVABILITY_NAMESPACE, PLATFORM_NAMESPACE, SERVICES_NAMESPACE)
        }
        self._namespace: Output[str] = self._namespaces[OBSERVABILITY_NAMESPACE]
        agents = Agents("node-agents", AgentsArgs(self._namespace, args.foundation), self.child())
        peers = self._peers()
        prometheus = self._metrics(agents, [peers])
        self._stores([prometheus])
        self._collectors(agents, [prometheus])
        self._alerts(prometheus)
        self._watch_earlier(prometheus)
        self.register_outputs({})

    def _peers(self) -> Peers:
        settings = self._settings
        args = PeersArgs(
            namespace=self._namespace,
            services=self._namespaces[SERVICES_NAMESPACE],
            platform=self._namespaces[PLATFORM_NAMESPACE],
            readers=settings.readers,
            network=self._args.stacks.cluster.vpc_cidr if settings.cloud == "aws" else None,
            aws=settings.cloud == "aws",
            notify=settings.notifications is not None,
        )
        return Peers("peers", args, self.child())

    def _metrics(self, agents: Agents, after: list[Resource]) -> Release:
        """Prometheus and its operator, whose kinds of objects all others use."""
        settings = self._settings
        login = Login("grafana", LoginArgs(self._namespace, self._dashboards(), self._args.data), self.child())
        values = metrics.kube_prometheus_stack(
            metrics.MetricsArgs(
                settings=settings,
                alertmanager=alertmanager_config(settings.routing, notify=settings.notifications is not None),
                grafana_secret=GRAFANA_SECRET,
                agents_namespace=AGENTS_NAMESPACE,
                dashboards=sorted(self._dashboards()),
                cluster=self._name,
            )
        )
        args = ReleaseArgs(charts.PROMETHEUS, self._namespace, values, [login, agents, *after, *self._receivers()])
        return Release(RELEASE, args, self.child())

    def _dashboards(self) -> dict[str, Output[str]]:
        """Namespaces whose dashboards are shown: the platform's own, and the services'."""
        return {part: self._namespaces[part] for part in (OBSERVABILITY_NAMESPACE, SERVICES_NAMESPACE)}

    def _receivers(self) -> list[Resource]:
        settings = self._settings
        if settings.notifications is None:
            return []
        args = ReceiversArgs(
            secret=f"{PRODUCT}/{settings.environment}/alertmanager-receivers",
            region=settings.in_aws.region,
            namespace=self._namespace,
            kms_key_arn=self._args.stacks.secrets.kms_key_arn,
            reader_role=f"{self._name}-external-secrets",
            protection=self._args.data,
        )
        return [Receivers("receivers", args, self.child())]

    def _stores(self, after: list[Resource]) -> None:
        settings = self._settings
        if settings.cloud == "aws":
            region = settings.in_aws.region
            lines, spans = self._storage("logs", logs.ACCOUNT), self._storage("traces", traces.ACCOUNT)
            loki = logs.loki(settings.logs, lines.bucket, region)
            tempo = traces.tempo(settings.traces, spans.bucket, region)
            after = [*after, lines, spans]
        else:
            loki, tempo = logs.loki(settings.logs, None, None), traces.tempo(settings.traces, None, None)
        Release("loki", ReleaseArgs(charts.LOKI, self._namespace, loki, after), self.child())
        Release("tempo", ReleaseArgs(charts.TEMPO, self._namespace, tempo, after), self.child())

    def _storage(self, part: str, account: str) -> Storage:
        args = StorageArgs(
            bucket=f"{self._name}-{part}-{self._settings.in_aws.account}",
            role=f"{self._name}-{account}",
            kms_key_arn=self._args.stacks.secrets.kms_key_arn,
            cluster_name=self._args.stacks.cluster.cluster_name,
            namespace=self._namespace,
            service_account=account,
            protection=self._args.data,
        )
        return Storage(part, args, self.child())

    def _collectors(self, agents: Agents, after: list[Resource]) -> None:
        spans = collectors.traces(OBSERVABILITY_NAMESPACE, self._settings.replicas)
        Release(collectors.NAME, ReleaseArgs(charts.COLLECTOR, self._namespace, spans, after), self.child())
        lines = collectors.node_logs(OBSERVABILITY_NAMESPACE)
        Release(collectors.NODE_LOGS, ReleaseArgs(charts.COLLECTOR, agents.namespace, lines, after), self.child())

    def _watch_earlier(self, prometheus: Release) -> None:
        """What came to the cluster before Prometheus could not ask to be scraped."""
        for controller in sorted(CONTROLLERS.keys() & set(self._settings.readers)):
            everything = {"namespaceSelector": {"matchNames": [controller]}, "selector": {}}
            self._watch(controller, self._namespace, everything, prometheus)
        if self._settings.cloud == "aws":
            secrets = {"selector": {"matchLabels": {"app.kubernetes.io/instance": "external-secrets"}}}
            self._watch("external-secrets", self._namespaces[PLATFORM_NAMESPACE], secrets, prometheus)

    def _watch(self, name: str, place: Output[str], pods: dict[str, Any], prometheus: Release) -> None:
        CustomResource(
            name,
            api_version="monitoring.coreos.com/v1",
            kind="PodMonitor",
            metadata=ObjectMetaArgs(name=name, namespace=place, labels={"release": RELEASE}),
            spec={**pods, "podMetricsEndpoints": [{"port": "metrics"}]},
            opts=self.child(depends_on=[prometheus]),
        )

    def _alerts(self, prometheus: Release) -> None:
        CustomResource(
            "platform-alerts",
            api_version="monitoring.coreos.com/v1",
            kind="PrometheusRule",
            metadata=ObjectMetaArgs(name="platform", namespace=self._namespace, labels={"release": RELEASE}),
            spec=platform_rules(self._settings.team, self._settings.runbooks),
            opts=self.child(depends_on=[prometheus]),
        )
