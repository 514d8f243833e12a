"""The registry's accounts where there is no secret store."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from pulumi import Input, Output, ResourceOptions
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from stacks.platform.component import Component
from stacks.platform.names import REGISTRY_ACCOUNTS


@dataclass(frozen=True)
class AccountsArgs:
    """What the accounts are told.

    Attributes:
        namespace: where the registry runs.
        passwords: by name of the account.
    """

    namespace: Input[str]
    passwords: Mapping[str, Input[str]]


class Accounts(Component):
    """The Secret from which the registry makes its accounts.

    Attributes:
        secret: its name.
    """

    kind = "secrets:Accounts"

    def __init__(self, name: str, args: AccountsArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        secret = core.Secret(
            name,
            metadata=ObjectMetaArgs(name=REGISTRY_ACCOUNTS, namespace=args.namespace),
            string_data=args.passwords,
            opts=self.child(),
        )
        self.secret: Output[str] = secret.metadata.name
        self.register_outputs({"secret": self.secret})
