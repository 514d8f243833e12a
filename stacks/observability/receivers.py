"""The keys of PagerDuty and the chat: put into Secrets Manager by people, brought to Alertmanager as files."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

import pulumi_aws as aws
from pulumi import Input, ResourceOptions
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from stacks.observability.routes import KEYS, RECEIVERS_SECRET
from stacks.platform.component import Component

API = "external-secrets.io/v1"
STORE = "secrets-manager"


@dataclass(frozen=True)
class ReceiversArgs:
    """What the receivers are told.

    Attributes:
        secret: the name in Secrets Manager; below what External Secrets may read.
        region: whose Secrets Manager it is.
        namespace: where Alertmanager is.
        kms_key_arn: the key that encrypts it.
        protection: options for the secret.
    """

    secret: str
    region: str
    namespace: Input[str]
    kms_key_arn: Input[Any]
    protection: ResourceOptions


class Receivers(Component):
    """A secret with a field for each key: begun here, filled in by people, and seen by no program of ours."""

    kind = "observability:Receivers"

    def __init__(self, name: str, args: ReceiversArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        store = CustomResource(
            name,
            api_version=API,
            kind="SecretStore",
            metadata=ObjectMetaArgs(name=STORE, namespace=args.namespace),
            spec={"provider": {"aws": {"service": "SecretsManager", "region": args.region}}},
            opts=self.child(),
        )
        begun = self._begun(name, args)
        CustomResource(
            f"{name}-secret",
            api_version=API,
            kind="ExternalSecret",
            metadata=ObjectMetaArgs(name=RECEIVERS_SECRET, namespace=args.namespace),
            spec={
                "refreshInterval": "5m",
                "secretStoreRef": {"kind": "SecretStore", "name": STORE},
                "target": {"name": RECEIVERS_SECRET, "creationPolicy": "Owner", "deletionPolicy": "Retain"},
                "data": [{"secretKey": key, "remoteRef": {"key": args.secret, "property": key}} for key in KEYS],
            },
            opts=self.child(depends_on=[store, begun]),
        )
        self.register_outputs({})

    def _begun(self, name: str, args: ReceiversArgs) -> aws.secretsmanager.SecretVersion:
        """Every field says that it is to be filled in, so that Alertmanager starts and its failures can be counted."""
        secret = aws.secretsmanager.Secret(
            name,
            name=args.secret,
            description="Keys of PagerDuty, the chat and the heartbeat, for Alertmanager",
            kms_key_id=args.kms_key_arn,
            recovery_window_in_days=30,
            opts=self.child(args.protection),
        )
        return aws.secretsmanager.SecretVersion(
            name,
            secret_id=secret.id,
            secret_string=json.dumps(dict.fromkeys(KEYS, "fill-in")),
            opts=self.child(ignore_changes=["secretString", "versionStages"]),
        )
