"""The model registry: MLflow's server on the cluster, behind passwords, reached by those who are named."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi_kubernetes as kubernetes
from pulumi import Input, Output, Resource, ResourceOptions
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.meta.v1 import LabelSelectorArgs, ObjectMetaArgs
from pulumi_kubernetes.networking import v1 as networking

from stacks.platform.component import Component
from stacks.platform.names import PLATFORM_NAMESPACE
from stacks.registry.pod import PORT, PodArgs, pod
from stacks.registry.settings import MlflowSettings
from stacks.registry.storage import Peer, Storage

NAME = "mlflow"
LABELS = {"app.kubernetes.io/name": NAME, "app.kubernetes.io/component": "registry"}
SELECTOR = {"app.kubernetes.io/name": NAME}


@dataclass(frozen=True)
class MlflowArgs:
    """What the server is told.

    Attributes:
        image: its image, which is ours.
        settings: workers and resources.
        storage: where its data is.
        namespace: where it runs.
        services_namespace: where its callers run.
        admin: the Secret with the administrator and the key of the sessions.
        accounts: the Secret with a password for each account.
        after: what must be there before its pod starts.
    """

    image: Input[str]
    settings: MlflowSettings
    storage: Storage
    namespace: Output[str]
    services_namespace: Output[str]
    admin: Input[str]
    accounts: Input[str]
    after: Sequence[Resource] = ()


class Mlflow(Component):
    """All pods are replaced at once, so that none meets tables of another version than its own.

    What serves predictions goes on without it meanwhile; only pods that start wait for it.

    Attributes:
        tracking_uri: its URL inside the cluster.
    """

    kind = "registry:Mlflow"

    def __init__(self, name: str, args: MlflowArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._args = args
        config = basic_auth(args.storage.accounts)
        account = core.ServiceAccount(
            name, metadata=self._metadata(), automount_service_account_token=False, opts=self.child()
        )
        settings = core.ConfigMap(name, metadata=self._metadata(), data={"basic_auth.ini": config}, opts=self.child())
        self._policy(name)
        pod_args = PodArgs(
            image=args.image,
            settings=args.settings,
            storage=args.storage,
            hosts=hosts(),
            admin=args.admin,
            accounts=args.accounts,
            config=settings.metadata.name,
            service_account=account.metadata.name,
        )
        kubernetes.apps.v1.Deployment(
            name,
            metadata=self._metadata(),
            spec=_deployment(pod_args, config),
            opts=self.child(depends_on=list(args.after)),
        )
        if args.settings.replicas > 1:
            kubernetes.policy.v1.PodDisruptionBudget(
                name,
                metadata=self._metadata(),
                spec={"selector": {"match_labels": SELECTOR}, "max_unavailable": 1},
                opts=self.child(),
            )
        core.Service(
            name,
            metadata=self._metadata(),
            spec=core.ServiceSpecArgs(
                selector=SELECTOR,
                ports=[core.ServicePortArgs(name="http", port=PORT, target_port="http")],
            ),
            opts=self.child(),
        )
        self.tracking_uri = Output.format("http://{0}.{1}.svc:{2}", NAME, args.namespace, PORT)
        self.register_outputs({"tracking_uri": self.tracking_uri})

    def _policy(self, name: str) -> None:
        """The services may ask it; it may reach what its storage needs."""
        callers = LabelSelectorArgs(match_labels={"kubernetes.io/metadata.name": self._args.services_namespace})
        networking.NetworkPolicy(
            name,
            metadata=self._metadata(),
            spec=networking.NetworkPolicySpecArgs(
                pod_selector=LabelSelectorArgs(match_labels=SELECTOR),
                policy_types=["Ingress", "Egress"],
                ingress=[
                    networking.NetworkPolicyIngressRuleArgs(
                        from_=[networking.NetworkPolicyPeerArgs(namespace_selector=callers)],
                        ports=[networking.NetworkPolicyPortArgs(protocol="TCP", port=PORT)],
                    )
                ],
                egress=[_reach(peer) for peer in self._args.storage.egress],
            ),
            opts=self.child(),
        )

    def _metadata(self) -> ObjectMetaArgs:
        return ObjectMetaArgs(name=NAME, namespace=self._args.namespace, labels=LABELS)


def _deployment(args: PodArgs, config: str) -> Any:
    """The pods, apart from one another, and started anew when their configuration changes."""
    annotations = {"airworthy/config": hashlib.sha256(config.encode()).hexdigest()}
    apart = [
        {
            "max_skew": 1,
            "topology_key": key,
            "when_unsatisfiable": "ScheduleAnyway",
            "label_selector": {"match_labels": SELECTOR},
        }
        for key in ("topology.kubernetes.io/zone", "kubernetes.io/hostname")
    ]
    return {
        "replicas": args.settings.replicas,
        "strategy": {"type": "Recreate"},
        "selector": {"match_labels": SELECTOR},
        "template": {
            "metadata": {"labels": LABELS, "annotations": annotations},
            "spec": {**pod(args), "topology_spread_constraints": apart},
        },
    }


def _reach(peer: Peer) -> networking.NetworkPolicyEgressRuleArgs:
    return networking.NetworkPolicyEgressRuleArgs(
        to=[networking.NetworkPolicyPeerArgs(ip_block=networking.IPBlockArgs(cidr=peer.cidr))],
        ports=[networking.NetworkPolicyPortArgs(protocol="TCP", port=peer.port)],
    )


def hosts() -> list[str]:
    """Names by which it is asked: inside of the cluster, and through a port that is forwarded."""
    long = f"{NAME}.{PLATFORM_NAMESPACE}"
    inside = [NAME, long, f"{long}.svc", f"{long}.svc.cluster.local"]
    return [f"{host}:{PORT}" for host in (*inside, "localhost", "127.0.0.1")]


def basic_auth(database: str) -> str:
    """MLflow's configuration of accounts. Everybody with an account may read; what one makes, one may change."""
    return "\n".join(
        [
            "[mlflow]",
            "default_permission = READ",
            f"database_uri = {database}",
            "authorization_function = mlflow.server.auth:authenticate_request_basic_auth",
            "",
        ]
    )
