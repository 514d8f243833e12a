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
from stacks.platform.iam import allow, policy

API = "external-secrets.io/v1"
STORE = "secrets-manager"


@dataclass(frozen=True)
class ReceiversArgs:
    """What the receivers are told.

    Attributes:
        secret: the name in Secrets Manager.
        region: whose Secrets Manager it is.
        namespace: where Alertmanager is.
        kms_key_arn: the key that encrypts it.
        reader_role: the name of the role with which External Secrets reads.
        protection: options for the secret.
    """

    secret: str
    region: str
    namespace: Input[str]
    kms_key_arn: Input[Any]
    reader_role: str
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
        secret = aws.secretsmanager.Secret(
            name,
            name=args.secret,
            description="Keys of PagerDuty, the chat and the heartbeat, for Alertmanager",
            kms_key_id=args.kms_key_arn,
            recovery_window_in_days=30,
            opts=self.child(args.protection),
        )
        # Every field says that it is to be filled in, so that Alertmanager starts and its failures can be counted.
        begun = aws.secretsmanager.SecretVersion(
            name,
            secret_id=secret.id,
            secret_string=json.dumps(dict.fromkeys(KEYS, "fill-in")),
            opts=self.child(ignore_changes=["secretString", "versionStages"]),
        )
        grant = aws.iam.RolePolicy(
            name,
            name=RECEIVERS_SECRET,
            role=args.reader_role,
            policy=policy(allow(["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"], secret.arn)),
            opts=self.child(),
        )
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
            opts=self.child(depends_on=[store, begun, grant]),
        )
        self.register_outputs({})
