"""Secrets in AWS: kept and rotated by Secrets Manager, brought to the cluster by the External Secrets Operator."""

from __future__ import annotations

from dataclasses import dataclass

from pulumi import Output, ResourceOptions

from stacks.platform.component import Component
from stacks.platform.keys import EncryptionKey, EncryptionKeyArgs
from stacks.platform.names import (
    OBSERVABILITY_NAMESPACE,
    PLATFORM_NAMESPACE,
    PRODUCT,
    REGISTRY_ACCOUNTS,
    SERVICES_NAMESPACE,
)
from stacks.platform.references import ClusterOutputs
from stacks.secrets import purposes
from stacks.secrets.external_secrets import Operator, OperatorArgs
from stacks.secrets.rotation.function import ACCOUNTS
from stacks.secrets.rotator import Rotator, RotatorArgs
from stacks.secrets.settings import SecretsSettings
from stacks.secrets.synced import Entry, Store, StoreArgs, Synced, SyncedArgs
from stacks.secrets.vault import Vault, VaultArgs

SOON = "5m"
"""How often what people change is brought to the cluster, such as a key that they revoke."""

LATER = "1h"
"""How often the registry's account is: the one before it goes on working until the next rotation."""


@dataclass(frozen=True)
class ManagedArgs:
    """What the secrets are told.

    Attributes:
        settings: services, callers and rotation.
        cluster: to which they are brought.
        protection: options for them and for their key.
    """

    settings: SecretsSettings
    cluster: ClusterOutputs
    protection: ResourceOptions


class Managed(Component):
    """All secrets of all services.

    Attributes:
        kms_key_arn: the key of all data at rest, of later stacks too.
        secrets: by service and purpose, the name of the Secret on the cluster.
        accounts: the Secret of the registry's accounts.
    """

    kind = "secrets:Managed"

    def __init__(self, name: str, args: ManagedArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._args = args
        self._where = args.settings.in_aws
        self._path = f"{PRODUCT}/{args.settings.environment}"
        self._prefix = self._path.replace("/", "-")
        self.kms_key_arn: Output[str] = self._key()
        self._keep()
        stores = self._stores()
        self.secrets: dict[str, dict[str, Output[str]]] = {
            service: self._brought(service, ResourceOptions(depends_on=stores)) for service in args.settings.services
        }
        self.accounts: Output[str] = self._accounts(ResourceOptions(depends_on=stores))
        self.register_outputs({"secrets": self.secrets})

    def _key(self) -> Output[str]:
        args = EncryptionKeyArgs(
            alias=f"{self._prefix}-data",
            meaning="Secrets, models, images and databases of the platform",
            region=self._where.region,
            account=self._where.account,
            protection=self._args.protection,
        )
        arn: Output[str] = EncryptionKey("data-key", args, self.child()).arn
        return arn

    def _arns(self, *parts: str) -> list[str]:
        """These parts of all services' secrets; AWS adds six letters to each name."""
        start = f"arn:aws:secretsmanager:{self._where.region}:{self._where.account}:secret:{self._path}"
        return [f"{start}/{service}/{part}-??????" for service in self._args.settings.services for part in parts]

    def _keep(self) -> None:
        """The secrets themselves, and what rotates them."""
        rotator = Rotator(
            "rotator",
            RotatorArgs(
                function=f"{self._prefix}-rotation",
                account=self._where.account,
                secrets=self._arns("api-keys", "registry", "callers/*"),
                overlap_days=self._where.rotation.overlap_days,
                kms_key_arn=self.kms_key_arn,
            ),
            self.child(),
        )
        for service in self._args.settings.services:
            args = VaultArgs(
                path=f"{self._path}/{service}",
                callers=self._where.callers.get(service, {}),
                rotator=rotator,
                rotation=self._where.rotation,
                kms_key_arn=self.kms_key_arn,
                protection=self._args.protection,
            )
            Vault(service, args, self.child())

    def _stores(self) -> list[Store]:
        """The operator, and its way to Secrets Manager for each namespace that gets secrets."""
        namespaces = self._args.cluster.namespaces
        operator = Operator(
            "operator",
            OperatorArgs(
                version=self._where.operator,
                namespace=namespaces[PLATFORM_NAMESPACE],
                monitoring=namespaces[OBSERVABILITY_NAMESPACE],
                cluster_name=self._args.cluster.cluster_name,
                role=f"{self._prefix}-external-secrets",
                vpc_cidr=self._args.cluster.vpc_cidr,
                secrets=self._arns("api-keys", "audit-key", "audit-input-key", "registry"),
                kms_key_arn=self.kms_key_arn,
            ),
            self.child(),
        )
        return [
            Store(part, StoreArgs(namespaces[part], self._where.region), self.child(depends_on=[operator]))
            for part in (SERVICES_NAMESPACE, PLATFORM_NAMESPACE)
        ]

    def _brought(self, service: str, after: ResourceOptions) -> dict[str, Output[str]]:
        """The Secrets that a service reads, with the names and keys that they have everywhere."""
        path, namespace = f"{self._path}/{service}", self._args.cluster.namespaces[SERVICES_NAMESPACE]
        own = [
            Entry(purposes.API_KEYS, f"{path}/api-keys"),
            Entry(purposes.AUDIT_KEY, f"{path}/audit-key"),
            Entry(purposes.AUDIT_INPUT_KEY, f"{path}/audit-input-key"),
        ]
        account = [Entry(key, f"{path}/registry", key) for key in (purposes.USERNAME, purposes.PASSWORD)]
        wanted = {
            "service": SyncedArgs(purposes.service_secret(service), namespace, own, SOON),
            "registry": SyncedArgs(purposes.registry_secret(service), namespace, account, LATER),
        }
        return {
            purpose: Synced(f"{service}-{purpose}", args, self.child(after)).secret for purpose, args in wanted.items()
        }

    def _accounts(self, after: ResourceOptions) -> Output[str]:
        """All accounts of all services, for the registry to have them."""
        entries = [
            Entry(f"{service}-{number}", f"{self._path}/{service}/registry", f"{service}-{number}")
            for service in self._args.settings.services
            for number in range(1, ACCOUNTS + 1)
        ]
        namespace = self._args.cluster.namespaces[PLATFORM_NAMESPACE]
        return Synced("accounts", SyncedArgs(REGISTRY_ACCOUNTS, namespace, entries, SOON), self.child(after)).secret
