"""Joins the parts of the secrets' stack."""

from __future__ import annotations

import pulumi
from pulumi import ResourceOptions

from stacks.platform.names import PLATFORM_NAMESPACE, SERVICES_NAMESPACE
from stacks.platform.protection import data
from stacks.platform.providers import aws_provider, kubernetes_provider
from stacks.platform.references import ClusterOutputs, Stacks
from stacks.platform.settings import load
from stacks.platform.tags import tag_everything
from stacks.secrets.accounts import Accounts, AccountsArgs
from stacks.secrets.generated import Generated, GeneratedArgs
from stacks.secrets.managed import Managed, ManagedArgs
from stacks.secrets.settings import SecretsSettings


def program() -> None:
    """Everything that the stack is made of.

    Raises:
        SettingsError: the settings do not do.
    """
    settings = load(SecretsSettings)
    tag_everything(settings)
    cluster = Stacks(settings).cluster
    if settings.cloud == "aws":
        managed(settings, cluster)
    else:
        generated(settings, cluster)


def managed(settings: SecretsSettings, cluster: ClusterOutputs) -> None:
    """Secrets in AWS, which the cluster follows."""
    providers = [aws_provider(settings), kubernetes_provider(cluster.kubeconfig, cluster.context)]
    args = ManagedArgs(settings, cluster, data(settings))
    made = Managed("managed", args, ResourceOptions(providers=providers))
    pulumi.export("kms_key_arn", made.kms_key_arn)
    pulumi.export("service_secrets", made.secrets)
    pulumi.export("registry_accounts", made.accounts)


def generated(settings: SecretsSettings, cluster: ClusterOutputs) -> None:
    """Secrets that are made here and nowhere else."""
    assert settings.issued is not None  # validation guarantees it
    options = ResourceOptions(providers=[kubernetes_provider(cluster.kubeconfig, cluster.context)])
    made = {
        service: Generated(
            service,
            GeneratedArgs(service, cluster.namespaces[SERVICES_NAMESPACE], settings.issued, data(settings)),
            options,
        )
        for service in settings.services
    }
    passwords = dict(service.account for service in made.values())
    accounts = Accounts("accounts", AccountsArgs(cluster.namespaces[PLATFORM_NAMESPACE], passwords), options)
    pulumi.export("service_secrets", {service: parts.secrets for service, parts in made.items()})
    pulumi.export("registry_accounts", accounts.secret)
