"""What the release needs to know of the platform: from its stacks' outputs, or as the settings say."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pulumi
from pulumi import Output

from deploy.errors import PlatformError
from deploy.settings import Settings

CLUSTER = "airworthy-cluster"
REGISTRY = "airworthy-registry"
OBSERVABILITY = "airworthy-observability"


@dataclass(frozen=True)
class Surroundings:
    """Addresses of the platform.

    Attributes:
        tracking_uri: MLflow's.
        prometheus_url: Prometheus's.
        runbook_base: where runbooks are read.
        otlp_endpoint: the collector of traces; empty for none.
        kubeconfig: how to reach the cluster, a secret; None for what KUBECONFIG says.
        context: which cluster of the kubeconfig; None for its current one.
    """

    tracking_uri: Output[str]
    prometheus_url: Output[str]
    runbook_base: Output[str]
    otlp_endpoint: Output[str]
    kubeconfig: Output[str | None]
    context: Output[str | None]


def find(settings: Settings) -> Surroundings:
    """Where the platform's parts are.

    Raises:
        PlatformError: when the outputs are read: a stack does not give one.
    """
    said = settings.platform
    if said.organization is None:
        return Surroundings(
            tracking_uri=Output.from_input(said.tracking_uri or ""),
            prometheus_url=Output.from_input(said.prometheus_url or ""),
            runbook_base=Output.from_input(said.runbook_base or ""),
            otlp_endpoint=Output.from_input(said.otlp_endpoint or ""),
            kubeconfig=Output.from_input(None),
            context=Output.from_input(said.context),
        )
    cluster, registry, observability = (
        pulumi.StackReference(f"{said.organization}/{project}/{settings.environment}")
        for project in (CLUSTER, REGISTRY, OBSERVABILITY)
    )
    return Surroundings(
        tracking_uri=_output(registry, "tracking_uri"),
        prometheus_url=_output(observability, "prometheus_url"),
        runbook_base=_output(observability, "runbook_base"),
        otlp_endpoint=_output(observability, "otlp_endpoint"),
        kubeconfig=cluster.get_output("kubeconfig"),
        context=cluster.get_output("context"),
    )


def _output(stack: pulumi.StackReference, name: str) -> Output[str]:
    def check(value: Any) -> str:
        if not isinstance(value, str):
            raise PlatformError(
                f"{stack._name} has no output {name}: bring that stack up first, "
                "or say where the platform is: platform.tracking_uri and the others instead of platform.organization"
            )
        return value

    return stack.get_output(name).apply(check)
