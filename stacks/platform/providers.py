"""The providers, made from settings alone: no region or account comes from the environment by accident."""

from __future__ import annotations

import pulumi
import pulumi_aws as aws
import pulumi_kubernetes as kubernetes

from stacks.platform.settings import StackSettings


def aws_provider(settings: StackSettings) -> aws.Provider:
    """AWS in the region of the settings; it refuses credentials of any other account."""
    where = settings.in_aws
    return aws.Provider("aws", region=where.region, allowed_account_ids=[where.account])


def kubernetes_provider(kubeconfig: pulumi.Input[str | None], context: pulumi.Input[str | None]) -> kubernetes.Provider:
    """The cluster, by server-side apply. None takes the environment's KUBECONFIG, and its current context."""
    return kubernetes.Provider("kubernetes", kubeconfig=kubeconfig, context=context, enable_server_side_apply=True)
