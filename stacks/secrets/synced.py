"""Secrets on the cluster that follow Secrets Manager."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from pulumi import Input, Output, ResourceOptions
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from stacks.platform.component import Component

API = "external-secrets.io/v1"
STORE = "secrets-manager"


@dataclass(frozen=True)
class StoreArgs:
    """What a store is told.

    Attributes:
        namespace: the only one whose Secrets may come from it.
        region: whose Secrets Manager it is.
    """

    namespace: Input[str]
    region: str


class Store(Component):
    """The operator's way to Secrets Manager, for one namespace."""

    kind = "secrets:Store"

    def __init__(self, name: str, args: StoreArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        CustomResource(
            name,
            api_version=API,
            kind="SecretStore",
            metadata=ObjectMetaArgs(name=STORE, namespace=args.namespace),
            spec={"provider": {"aws": {"service": "SecretsManager", "region": args.region}}},
            opts=self.child(),
        )
        self.register_outputs({})


@dataclass(frozen=True)
class Entry:
    """One key of a Secret, and where its value comes from.

    Attributes:
        key: the key of the Secret.
        secret: the name in Secrets Manager.
        field: the field of that, if it is JSON and not taken whole.
    """

    key: str
    secret: str
    field: str | None = None


@dataclass(frozen=True)
class SyncedArgs:
    """What a Secret is told.

    Attributes:
        secret: its name.
        namespace: where it is.
        entries: its keys.
        every: how often it is brought up to date, such as 5m.
    """

    secret: str
    namespace: Input[str]
    entries: Sequence[Entry]
    every: str


class Synced(Component):
    """A Secret that the operator makes and keeps up to date.

    Attributes:
        secret: its name.
    """

    kind = "secrets:Synced"

    def __init__(self, name: str, args: SyncedArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        made = CustomResource(
            name,
            api_version=API,
            kind="ExternalSecret",
            metadata=ObjectMetaArgs(name=args.secret, namespace=args.namespace),
            spec={
                "refreshInterval": args.every,
                "secretStoreRef": {"kind": "SecretStore", "name": STORE},
                "target": {"name": args.secret, "creationPolicy": "Owner", "deletionPolicy": "Retain"},
                "data": [_data(entry) for entry in args.entries],
            },
            opts=self.child(),
        )
        # Known only once it is there, so that what needs the Secret comes after.
        self.secret: Output[str] = made.id.apply(lambda _: args.secret)
        self.register_outputs({"secret": self.secret})


def _data(entry: Entry) -> dict[str, object]:
    remote = {"key": entry.secret, **({"property": entry.field} if entry.field else {})}
    return {"secretKey": entry.key, "remoteRef": remote}
