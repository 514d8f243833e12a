"""What other stacks give, typed. References go one way: cluster, secrets, registry, observability, services."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pulumi
from pulumi import Output

from stacks.platform import names
from stacks.platform.errors import MissingOutput
from stacks.platform.settings import StackSettings


@dataclass(frozen=True)
class ClusterOutputs:
    """What the cluster's stack gives.

    Attributes:
        kubeconfig: how to reach the cluster, a secret; None for what the environment's KUBECONFIG says.
        context: which cluster of the kubeconfig; None for its current one.
        namespaces: their names, by purpose: services, platform, observability.
        nodes_security_group: the nodes' security group; AWS only, like all that follow.
        nodes_role: the ARN of the nodes' role.
        vpc_id: the network.
        vpc_cidr: its addresses, among them those of the cluster's API and of the endpoints of AWS.
        private_subnets: ids of the subnets of the nodes, one in each zone.
        cluster_name: its name in EKS.
        oidc: the URL of the cluster's OpenID Connect issuer.
        shared_files: the ARN of the file system for what many pods write.
    """

    kubeconfig: Output[str | None]
    context: Output[str | None]
    namespaces: Output[dict[str, str]]
    nodes_security_group: Output[str | None]
    nodes_role: Output[str | None]
    vpc_id: Output[str | None]
    vpc_cidr: Output[str | None]
    private_subnets: Output[list[str] | None]
    cluster_name: Output[str | None]
    oidc: Output[str | None]
    shared_files: Output[str | None]


@dataclass(frozen=True)
class SecretsOutputs:
    """What the secrets' stack gives.

    Attributes:
        kms_key_arn: the key that encrypts data at rest; AWS only.
        service_secrets: by service and purpose, the name of the Kubernetes Secret.
        registry_accounts: the Kubernetes Secret, beside MLflow, of the accounts that it must have: names and passwords.
    """

    kms_key_arn: Output[str | None]
    service_secrets: Output[dict[str, dict[str, str]]]
    registry_accounts: Output[str]


@dataclass(frozen=True)
class RegistryOutputs:
    """What the registry's stack gives.

    Attributes:
        tracking_uri: the URL of MLflow inside the cluster.
        image_repositories: by service, where its images are pushed to and pulled from.
        artifacts: where the models' files are kept.
    """

    tracking_uri: Output[str]
    image_repositories: Output[dict[str, str]]
    artifacts: Output[str]


class Stacks:
    """The other stacks of the same environment. Each is looked up when it is first asked for.

    Args:
        settings: say which organization and environment.
    """

    def __init__(self, settings: StackSettings) -> None:
        self._settings = settings

    @cached_property
    def cluster(self) -> ClusterOutputs:
        """What the services run on."""
        stack = self._reference(names.CLUSTER)
        return ClusterOutputs(
            kubeconfig=stack.get_output("kubeconfig"),
            context=stack.get_output("context"),
            namespaces=self._required(stack, "namespaces"),
            nodes_security_group=self._in_aws(stack, "nodes_security_group"),
            nodes_role=self._in_aws(stack, "nodes_role"),
            vpc_id=self._in_aws(stack, "vpc_id"),
            vpc_cidr=self._in_aws(stack, "vpc_cidr"),
            private_subnets=self._in_aws(stack, "private_subnets"),
            cluster_name=self._in_aws(stack, "cluster_name"),
            oidc=self._in_aws(stack, "oidc"),
            shared_files=self._in_aws(stack, "shared_files"),
        )

    @cached_property
    def secrets(self) -> SecretsOutputs:
        """Keys and passwords, by name."""
        stack = self._reference(names.SECRETS)
        return SecretsOutputs(
            kms_key_arn=self._in_aws(stack, "kms_key_arn"),
            service_secrets=self._required(stack, "service_secrets"),
            registry_accounts=self._required(stack, "registry_accounts"),
        )

    @cached_property
    def registry(self) -> RegistryOutputs:
        """Images and models."""
        stack = self._reference(names.REGISTRY)
        return RegistryOutputs(
            tracking_uri=self._required(stack, "tracking_uri"),
            image_repositories=self._required(stack, "image_repositories"),
            artifacts=self._required(stack, "artifacts"),
        )

    def _reference(self, project: str) -> pulumi.StackReference:
        return pulumi.StackReference(f"{self._settings.organization}/{project}/{self._settings.environment}")

    def _in_aws(self, stack: pulumi.StackReference, output: str) -> Output[Any]:
        """An output that is there in AWS only."""
        return self._required(stack, output) if self._settings.cloud == "aws" else stack.get_output(output)

    def _required(self, stack: pulumi.StackReference, output: str) -> Output[Any]:
        def check(value: Any) -> Any:
            if value is None:
                project = stack._name.split("/")[1]
                folder, environment = project.removeprefix(f"{names.PRODUCT}-"), self._settings.environment
                raise MissingOutput(
                    f"{stack._name} has no output {output}; bring it up first: make up ENV={environment} STACK={folder}"
                )
            return value

        return stack.get_output(output).apply(check)
