"""A service's Secrets where there is no secret store: generated, and no different to the service."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from hashlib import sha256

import pulumi_random as random
from pulumi import Input, Output, ResourceOptions
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from stacks.platform.component import Component
from stacks.secrets import purposes
from stacks.secrets.audit_keys import AuditKeys, AuditKeysArgs

CALLER = "dev"
SCOPES = ("predict", "feedback")


@dataclass(frozen=True)
class GeneratedArgs:
    """What the Secrets of a service are told.

    Attributes:
        service: its name.
        namespace: where it runs.
        issued: the day that the API key says it was made on; another day makes another key.
        protection: options for what is generated.
    """

    service: str
    namespace: Input[str]
    issued: date
    protection: ResourceOptions


class Generated(Component):
    """The three Secrets of one service, and the account by which it reads from the registry.

    Attributes:
        secrets: their names, by purpose.
        account: the name of its account at the registry, and the password.
    """

    kind = "secrets:Generated"

    def __init__(self, name: str, args: GeneratedArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._name, self._args = name, args
        api_key = self._password("api-key", 43)  # 43 letters and digits hold 256 random bits
        password = self._password("registry", 40)
        audit = AuditKeys(name, AuditKeysArgs(args.protection), self.child())
        self.account: tuple[str, Output[str]] = (args.service, password)
        self.secrets: dict[str, Output[str]] = {
            "service": self._secret(
                purposes.service_secret(args.service),
                {
                    purposes.API_KEYS: api_key.apply(lambda key: api_keys(key, args.issued)),
                    purposes.AUDIT_KEY: audit.signing,
                    purposes.AUDIT_INPUT_KEY: audit.input,
                },
            ),
            "registry": self._secret(
                purposes.registry_secret(args.service), {purposes.USERNAME: args.service, purposes.PASSWORD: password}
            ),
            "caller": self._secret(purposes.caller_secret(args.service), {purposes.CALLER_KEY: api_key}),
        }
        self.register_outputs({"secrets": self.secrets})

    def _password(self, part: str, length: int) -> Output[str]:
        made = random.RandomPassword(
            f"{self._name}-{part}",
            length=length,
            special=False,
            keepers={"issued": self._args.issued.isoformat()},
            opts=self.child(self._args.protection),
        )
        return made.result

    def _secret(self, name: str, values: dict[str, Input[str]]) -> Output[str]:
        secret = core.Secret(
            name,
            metadata=ObjectMetaArgs(name=name, namespace=self._args.namespace),
            string_data=values,
            opts=self.child(self._args.protection),
        )
        named: Output[str] = secret.metadata.name
        return named


def api_keys(key: str, issued: date) -> str:
    """The service's file of API keys with one key in it: its hash, since when, and what it allows."""
    record = {
        "sha256": sha256(key.encode()).hexdigest(),
        "created": f"{issued.isoformat()}T00:00:00Z",
        "scopes": list(SCOPES),
    }
    return json.dumps({CALLER: [record]})
