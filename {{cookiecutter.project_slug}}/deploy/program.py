"""Puts a release on the cluster: the one place where its parts meet."""

from __future__ import annotations

import pulumi
import pulumi_kubernetes as kubernetes
from pulumi import ResourceOptions

from deploy import configuration, surroundings
from deploy.app import App
from deploy.config import Config
from deploy.network import Network
from deploy.scaling import Autoscaling
from deploy.surroundings import Surroundings
from deploy.watch import Watch
from deploy.workload import Workload, target

KEEPER = "keeper"


def program() -> None:
    """Plan the release that the configuration of the stack describes.

    Raises:
        SettingsError: the configuration will not do; names every key.
    """
    settings = configuration.load()
    app = App(pulumi.get_project(), settings)
    around = surroundings.find(settings)
    cluster, keeper = (_provider(name, around) for name in ("cluster", KEEPER))
    on = ResourceOptions(providers=[cluster])
    config = Config(app, around.otlp_endpoint, keeper, on)
    network = Network(app, around, on)
    Workload(app, config, around, network.services, on)
    Autoscaling(app, around.prometheus_url, on)
    Watch(app, around.runbook_base, on)
    pulumi.export("url", f"http://{app.name}.{settings.namespace}")
    pulumi.export("image", settings.image)
    pulumi.export("model_version", settings.model_version or "champion")
    pulumi.export("workload", {**target(app), "namespace": settings.namespace, "context": around.context})


def _provider(name: str, around: Surroundings) -> kubernetes.Provider:
    """The platform's cluster, and no other. Only the keeper takes over objects that are there already."""
    return kubernetes.Provider(
        name,
        kubeconfig=around.kubeconfig,
        context=around.context,
        upsert_existing_objects=name == KEEPER,
    )
