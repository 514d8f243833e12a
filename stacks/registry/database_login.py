"""How MLflow logs in to its database: RDS makes and rotates the password, External Secrets brings it to the cluster."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pulumi_aws as aws
from pulumi import Input, Output, ResourceOptions
from pulumi_kubernetes.apiextensions import CustomResource
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from stacks.platform.component import Component
from stacks.platform.iam import allow, policy
from stacks.registry.database import NAME, PORT
from stacks.registry.storage import SERVICE_FILE

SECRET = "mlflow-database"
STORE = "secrets-manager"
"""The SecretStore that the secrets' stack keeps in the namespace."""


@dataclass(frozen=True)
class DatabaseLoginArgs:
    """What the login is told.

    Attributes:
        namespace: where MLflow is.
        address: the database's name in the network.
        secret_arn: where Secrets Manager has user and password.
        kms_key_arn: the key that encrypts them.
        reader_role: the name of the role with which External Secrets reads.
    """

    namespace: Input[str]
    address: Input[str]
    secret_arn: Input[str]
    kms_key_arn: Input[Any]
    reader_role: str


class DatabaseLogin(Component):
    """A Secret with the file in which libpq looks up how to connect.

    Attributes:
        secret: its name, which is there once External Secrets has made it.
    """

    kind = "registry:DatabaseLogin"

    def __init__(self, name: str, args: DatabaseLoginArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        grant = aws.iam.RolePolicy(
            name,
            name=f"{SECRET}-login",
            role=args.reader_role,
            policy=policy(
                allow(["secretsmanager:GetSecretValue", "secretsmanager:DescribeSecret"], args.secret_arn),
                allow(["kms:Decrypt"], args.kms_key_arn),
            ),
            opts=self.child(),
        )
        login = CustomResource(
            name,
            api_version="external-secrets.io/v1",
            kind="ExternalSecret",
            metadata=ObjectMetaArgs(name=SECRET, namespace=args.namespace),
            spec={
                "refreshInterval": "5m",
                "secretStoreRef": {"kind": "SecretStore", "name": STORE},
                "target": {"name": SECRET, "template": {"data": {SERVICE_FILE: service_file(args.address)}}},
                "dataFrom": [{"extract": {"key": args.secret_arn}}],
            },
            opts=self.child(depends_on=[grant]),
        )
        # Known only once it is there, so that MLflow comes after.
        self.secret: Output[str] = login.metadata.apply(lambda metadata: str(metadata["name"]))
        self.register_outputs({"secret": self.secret})


def service_file(address: Input[str]) -> Output[str]:
    """libpq's service file. External Secrets fills in what stands in double braces."""
    lines = [
        "[registry]",
        Output.concat("host=", address),
        f"port={PORT}",
        f"dbname={NAME}",
        "user={{ .username }}",
        "password={{ .password }}",
        "sslmode=require",
        "",
    ]
    return Output.all(*lines).apply("\n".join)
