"""What MLflow's server keeps to itself: its administrator, and the key of its sessions."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_kubernetes as kubernetes
import pulumi_random as random
from pulumi import Input, Output, ResourceOptions
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from stacks.platform.component import Component


@dataclass(frozen=True)
class CredentialsArgs:
    """What the credentials are told.

    Attributes:
        namespace: where MLflow is.
        protection: options for what is generated.
    """

    namespace: Input[str]
    protection: ResourceOptions


class Credentials(Component):
    """Generated once, kept encrypted in the stack's state and as a Secret on the cluster, shown nowhere.

    The keys of the Secret are the environment variables that MLflow reads.

    Attributes:
        secret: the name of the Secret.
    """

    kind = "registry:Credentials"

    def __init__(self, name: str, args: CredentialsArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        secret = kubernetes.core.v1.Secret(
            name,
            metadata=ObjectMetaArgs(name="mlflow-admin", namespace=args.namespace),
            string_data={
                "MLFLOW_AUTH_ADMIN_USERNAME": "admin",
                "MLFLOW_AUTH_ADMIN_PASSWORD": self._generated(f"{name}-admin", args),
                "MLFLOW_FLASK_SERVER_SECRET_KEY": self._generated(f"{name}-session", args),
            },
            opts=self.child(args.protection),
        )
        self.secret: Output[str] = secret.metadata.name
        self.register_outputs({"secret": self.secret})

    def _generated(self, name: str, args: CredentialsArgs) -> Output[str]:
        return random.RandomPassword(name, length=40, special=False, opts=self.child(args.protection)).result
