"""Joins the parts of the registry's stack."""

from __future__ import annotations

from collections.abc import Sequence

import pulumi
from pulumi import Output, Resource, ResourceOptions

from stacks.platform.names import PLATFORM_NAMESPACE, PRODUCT, SERVICES_NAMESPACE
from stacks.platform.protection import data
from stacks.platform.providers import aws_provider, kubernetes_provider
from stacks.platform.references import Stacks
from stacks.platform.settings import load
from stacks.platform.tags import tag_everything
from stacks.registry.cloud import Cloud, CloudArgs
from stacks.registry.credentials import Credentials, CredentialsArgs
from stacks.registry.server import NAME, Mlflow, MlflowArgs
from stacks.registry.settings import RegistrySettings
from stacks.registry.storage import Storage, on_volume
from stacks.registry.volume import Volume, VolumeArgs


def program() -> None:
    """Everything that the stack is made of.

    Raises:
        SettingsError: the settings do not do.
    """
    settings = load(RegistrySettings)
    tag_everything(settings)
    stacks = Stacks(settings)
    cluster = kubernetes_provider(stacks.cluster.kubeconfig, stacks.cluster.context)
    options = ResourceOptions(providers=[cluster])
    if settings.cloud == "aws":
        name = f"{PRODUCT}-{settings.environment}"
        providers = ResourceOptions(providers=[cluster, aws_provider(settings)])
        cloud = Cloud("cloud", CloudArgs(name, settings, stacks, data(settings)), providers)
        serve(settings, stacks, cloud.storage, cloud.images[NAME], options, cloud.first)
        images = {service: cloud.images[service] for service in settings.services}
    else:
        volume = Volume("volume", VolumeArgs(settings.on_volume, platform(stacks), data(settings)), options)
        serve(settings, stacks, on_volume(volume.claim), Output.from_input(f"localhost/{PRODUCT}-{NAME}"), options)
        images = {service: Output.from_input(f"localhost/{service}") for service in settings.services}
    pulumi.export("image_repositories", images)


def serve(
    settings: RegistrySettings,
    stacks: Stacks,
    storage: Storage,
    repository: Output[str],
    options: ResourceOptions,
    after: Sequence[Resource] = (),
) -> None:
    """MLflow, the same everywhere but for where its data is."""
    credentials = Credentials("mlflow-admin", CredentialsArgs(platform(stacks), data(settings)), options)
    args = MlflowArgs(
        image=Output.concat(repository, ":", settings.mlflow.tag),
        settings=settings.mlflow,
        storage=storage,
        namespace=platform(stacks),
        services_namespace=stacks.cluster.namespaces[SERVICES_NAMESPACE],
        admin=credentials.secret,
        accounts=stacks.secrets.registry_accounts,
        after=after,
    )
    server = Mlflow(NAME, args, options)
    pulumi.export("tracking_uri", server.tracking_uri)
    pulumi.export("artifacts", storage.artifacts)


def platform(stacks: Stacks) -> Output[str]:
    """The namespace of the platform's own servers."""
    return stacks.cluster.namespaces[PLATFORM_NAMESPACE]
