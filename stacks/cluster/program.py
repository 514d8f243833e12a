"""Joins the parts of the cluster's stack."""

from __future__ import annotations

import pulumi
import pulumi_kubernetes as kubernetes
from pulumi import Resource, ResourceOptions

from stacks.cluster.autoscaler import Autoscaler, AutoscalerArgs
from stacks.cluster.budget import Budget
from stacks.cluster.controllers import Controllers, ControllersArgs
from stacks.cluster.eks import Eks, EksArgs
from stacks.cluster.gpus import Gpus, GpusArgs
from stacks.cluster.namespaces import Namespace, NamespaceArgs
from stacks.cluster.priorities import Priorities
from stacks.cluster.roles import Roles, RolesArgs
from stacks.cluster.settings import ClusterAws, ClusterSettings
from stacks.cluster.storage import Storage, StorageArgs
from stacks.platform.names import PRODUCT, SERVICES_NAMESPACE
from stacks.platform.protection import data, foundation
from stacks.platform.providers import aws_provider, kubernetes_provider
from stacks.platform.settings import load
from stacks.platform.tags import tag_everything, tags


def program() -> None:
    """Everything that the stack is made of.

    Raises:
        SettingsError: the settings do not do.
    """
    settings = load(ClusterSettings)
    tag_everything(settings)
    if settings.cloud == "aws":
        in_aws(settings)
    else:
        pulumi.export("context", settings.context)
        tenancy(settings, kubernetes_provider(None, settings.context), None, [])


def in_aws(settings: ClusterSettings) -> None:
    """A cluster of our own, and what is put on it."""
    name, where = f"{PRODUCT}-{settings.environment}", settings.in_aws
    cloud = aws_provider(settings)
    args = EksArgs(name, where, settings.prod, foundation(settings), data(settings), tags(settings))
    eks = Eks("eks", args, ResourceOptions(providers=[cloud]))
    Budget("budget", where.budget, ResourceOptions(providers=[cloud]))
    cluster = kubernetes_provider(eks.plane.kubeconfig, None)
    after = ResourceOptions(providers=[cloud, cluster], depends_on=[eks])
    scaling = AutoscalerArgs(eks.plane.cluster_name, name, where.region, where.control_plane.autoscaler)
    Autoscaler("autoscaler", scaling, after)
    if where.device_plugin:
        Gpus("gpus", GpusArgs(where.device_plugin), after)
    Storage("storage", StorageArgs(settings.prod, eks.files.file_system), after)
    tenancy(settings, cluster, str(where.network.cidr), [eks])
    export(eks, where)


def export(eks: Eks, where: ClusterAws) -> None:
    """What other stacks need of a cluster in AWS."""
    pulumi.export("kubeconfig", eks.plane.kubeconfig)
    pulumi.export("context", eks.plane.cluster_name)
    pulumi.export("cluster_name", eks.plane.cluster_name)
    pulumi.export("oidc", eks.plane.oidc)
    pulumi.export("nodes_security_group", eks.plane.security_group)
    pulumi.export("nodes_role", eks.nodes.role_arn)
    pulumi.export("shared_files", eks.files.arn)
    pulumi.export("vpc_id", eks.network.vpc_id)
    pulumi.export("vpc_cidr", str(where.network.cidr))
    pulumi.export("private_subnets", eks.network.private_subnets)


def tenancy(
    settings: ClusterSettings, provider: kubernetes.Provider, network: str | None, after: list[Resource]
) -> None:
    """What is the same on every cluster: namespaces, priorities, roles and controllers.

    Args:
        settings: all of them.
        provider: the cluster.
        network: its addresses; None where nobody knows them before.
        after: what must be there before.
    """
    options = ResourceOptions(providers=[provider], depends_on=after)
    priorities = Priorities("priorities", options)
    namespaces = {
        name: Namespace(name, NamespaceArgs(name, quota, foundation(settings)), options).name
        for name, quota in settings.quotas.items()
    }
    Roles("roles", RolesArgs(namespaces[SERVICES_NAMESPACE], dict(namespaces)), options)
    wanted: dict[str, pulumi.Input[str]] = {name: namespaces[name] for name in settings.controllers}
    Controllers("controllers", ControllersArgs(wanted, network, [priorities]), options)
    pulumi.export("namespaces", namespaces)
