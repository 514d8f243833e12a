"""What must not go by mistake: the one place that says so, by environment."""

from __future__ import annotations

from pulumi import ResourceOptions

from stacks.platform.settings import StackSettings


def foundation(settings: StackSettings) -> ResourceOptions:
    """Options for what all else stands on, such as the network, the cluster and its namespaces.

    In prod Pulumi refuses to delete or replace it until somebody runs ``pulumi state unprotect``. What changes in the
    course of normal work (node groups, policies, quotas) is not protected, as it must be replaceable.
    """
    return ResourceOptions(protect=settings.prod)


def data(settings: StackSettings) -> ResourceOptions:
    """Options for what holds data or keys: refused everywhere but in dev.

    In prod it is also left in the cloud when its program no longer names it.
    """
    return ResourceOptions(protect=not settings.dev, retain_on_delete=settings.prod)
