"""Joins the parts of the observability's stack."""

from __future__ import annotations

import pulumi
from pulumi import ResourceOptions

from stacks.observability.collecting import Collecting, CollectingArgs
from stacks.observability.settings import ObservabilitySettings
from stacks.observability.values.collectors import NAME as COLLECTOR
from stacks.observability.values.collectors import OTLP_HTTP_PORT
from stacks.platform.names import OBSERVABILITY_NAMESPACE
from stacks.platform.protection import data, foundation
from stacks.platform.providers import aws_provider, kubernetes_provider
from stacks.platform.references import Stacks
from stacks.platform.settings import load
from stacks.platform.tags import tag_everything


def program() -> None:
    """Everything that the stack is made of.

    Raises:
        SettingsError: the settings do not do.
    """
    settings = load(ObservabilitySettings)
    tag_everything(settings)
    stacks = Stacks(settings)
    providers: list[pulumi.ProviderResource] = [kubernetes_provider(stacks.cluster.kubeconfig, stacks.cluster.context)]
    if settings.cloud == "aws":
        providers.append(aws_provider(settings))
    args = CollectingArgs(settings, stacks, foundation(settings), data(settings))
    Collecting("collecting", args, ResourceOptions(providers=providers))
    inside = f"{OBSERVABILITY_NAMESPACE}.svc"
    pulumi.export("prometheus_url", f"http://prometheus-prometheus.{inside}:9090")
    pulumi.export("grafana_url", f"http://grafana.{inside}")
    pulumi.export("otlp_endpoint", f"http://{COLLECTOR}.{inside}:{OTLP_HTTP_PORT}")
    pulumi.export("runbook_base", settings.runbooks)
