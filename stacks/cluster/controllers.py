"""What services are put on the cluster by: Argo Rollouts, which judges a new version, and KEDA, which scales."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pulumi_kubernetes as kubernetes
from pulumi import Input, Resource, ResourceOptions
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from stacks.cluster.values import keda, rollouts
from stacks.platform.charts import Chart
from stacks.platform.component import Component
from stacks.platform.names import (
    CONTROLLERS,
    KEDA_NAMESPACE,
    OBSERVABILITY_NAMESPACE,
    PROMETHEUS,
    PROMETHEUS_PORT,
    ROLLOUTS_NAMESPACE,
)
from stacks.platform.release import Release, ReleaseArgs
from stacks.platform.traffic import API_PORTS, INSIDE, addresses, allowing, namespace

# Each version was looked up among its project's releases. The keys of our values were compared with the values.yaml of
# argo-rollouts 2.40.9 and of keda between 2.20.2 and 2.21.0, the newest that could be read; nobody has rendered them.
CHARTS: dict[str, tuple[Chart, Callable[[], dict[str, Any]], tuple[int, ...]]] = {
    ROLLOUTS_NAMESPACE: (
        Chart("argo-rollouts", "https://argoproj.github.io/argo-helm", "2.43.5"),
        rollouts.values,
        rollouts.CALLED_BY_API,
    ),
    KEDA_NAMESPACE: (Chart("keda", "https://kedacore.github.io/charts", "2.21.0"), keda.values, keda.CALLED_BY_API),
}
"""By namespace: the chart, its values, and the ports on which the cluster's API server calls it."""


@dataclass(frozen=True)
class ControllersArgs:
    """What they are told.

    Attributes:
        namespaces: of those that are wanted, by name.
        network: addresses of the cluster's API; None where nobody knows them before.
        after: what must be there before.
    """

    namespaces: dict[str, Input[str]]
    network: Input[Any] | None
    after: Sequence[Resource] = ()


class Controllers(Component):
    """Each by its own chart, in a namespace of its own, and with a policy that names its peers."""

    kind = "cluster:Controllers"

    def __init__(self, name: str, args: ControllersArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        for part, place in args.namespaces.items():
            chart, values, called = CHARTS[part]
            peers = self._peers(part, place, args.network, called)
            Release(part, ReleaseArgs(chart, place, values(), [*args.after, peers]), self.child())
        self.register_outputs({})

    def _peers(self, part: str, place: Input[str], network: Input[Any] | None, called: tuple[int, ...]) -> Resource:
        """Its pods talk to each other, to the cluster's API, and to Prometheus, which also scrapes them."""
        scraped = namespace(OBSERVABILITY_NAMESPACE, CONTROLLERS[part], pods=PROMETHEUS)
        asked = namespace(OBSERVABILITY_NAMESPACE, PROMETHEUS_PORT, pods=PROMETHEUS)
        calls = [addresses(network, *called)] if called else []
        spec = allowing({}, ingress=[INSIDE, scraped, *calls], egress=[INSIDE, asked, addresses(network, *API_PORTS)])
        made: Resource = kubernetes.networking.v1.NetworkPolicy(
            part, metadata=ObjectMetaArgs(name=f"allow-{part}", namespace=place), spec=spec, opts=self.child()
        )
        return made
