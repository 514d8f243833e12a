"""A cluster in AWS, in the order in which its parts come about."""

from __future__ import annotations

from dataclasses import dataclass, field

from pulumi import Output, ResourceOptions

from stacks.cluster.access import Access, AccessArgs
from stacks.cluster.addons import BEFORE_NODES, ON_NODES, Addons, AddonsArgs
from stacks.cluster.control_plane import ControlPlane, ControlPlaneArgs
from stacks.cluster.endpoints import Endpoints, EndpointsArgs
from stacks.cluster.flow_logs import FlowLogs, FlowLogsArgs
from stacks.cluster.network import Network, NetworkArgs
from stacks.cluster.nodes import Nodes, NodesArgs
from stacks.cluster.settings import ClusterAws
from stacks.cluster.shared_files import SharedFiles, SharedFilesArgs
from stacks.platform.component import Component
from stacks.platform.keys import EncryptionKey, EncryptionKeyArgs


@dataclass(frozen=True)
class EksArgs:
    """What the cluster is told.

    Attributes:
        cluster_name: its name, and the start of its parts' names.
        settings: all of it.
        undeletable: whether EKS itself refuses to delete it, whoever asks.
        foundation: options for what all else stands on.
        data: options for the key and the shared files.
        tags: for what EKS makes, which no transform sees.
    """

    cluster_name: str
    settings: ClusterAws
    undeletable: bool
    foundation: ResourceOptions
    data: ResourceOptions
    tags: dict[str, str] = field(default_factory=dict)


class Eks(Component):
    """Network, control plane, add-ons, nodes and shared files.

    Attributes:
        network: the network.
        plane: the control plane.
        nodes: the machines.
        files: the shared files.
    """

    kind = "cluster:Eks"

    def __init__(self, name: str, args: EksArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        self._args = args
        self._key: Output[str] = self._encryption_key().arn
        self.network = self._network()
        self.plane = self._control_plane()
        Access("access", AccessArgs(self.plane.cluster_name, args.settings.control_plane), self.child())
        self.nodes = self._nodes()
        self.files = self._files()
        self.register_outputs({"cluster_name": self.plane.cluster_name})

    def _encryption_key(self) -> EncryptionKey:
        args = EncryptionKeyArgs(
            alias=self._args.cluster_name,
            meaning=f"Secrets and logs of the cluster {self._args.cluster_name}",
            region=self._args.settings.region,
            account=self._args.settings.account,
            protection=self._args.data,
        )
        return EncryptionKey("key", args, self.child())

    def _network(self) -> Network:
        name, settings = self._args.cluster_name, self._args.settings
        network = Network("network", NetworkArgs(name, settings.network, self._args.foundation), self.child())
        record = FlowLogsArgs(name, network.vpc_id, settings.network.flow_log_days, self._key)
        FlowLogs("flow-logs", record, self.child())
        Endpoints(
            "endpoints",
            EndpointsArgs(
                region=settings.region,
                cidr=str(settings.network.cidr),
                vpc_id=network.vpc_id,
                subnets=network.private_subnets,
                route_tables=network.private_route_tables,
            ),
            self.child(),
        )
        return network

    def _control_plane(self) -> ControlPlane:
        args = ControlPlaneArgs(
            cluster_name=self._args.cluster_name,
            region=self._args.settings.region,
            settings=self._args.settings.control_plane,
            subnets=self.network.private_subnets,
            kms_key_arn=self._key,
            undeletable=self._args.undeletable,
            protection=self._args.foundation,
        )
        return ControlPlane("control-plane", args, self.child())

    def _nodes(self) -> Nodes:
        """Nodes between the add-ons without which they do not start and those that start on them."""
        name, settings = self.plane.cluster_name, self._args.settings
        versions = settings.control_plane.addons
        before = Addons("addons-before-nodes", AddonsArgs(name, BEFORE_NODES, versions), self.child())
        nodes = Nodes(
            "nodes",
            NodesArgs(
                cluster_name=name,
                version=settings.control_plane.version,
                pools=settings.pools,
                subnets=self.network.private_subnets,
                tags=self._args.tags,
            ),
            self.child(depends_on=[before]),
        )
        Addons("addons-on-nodes", AddonsArgs(name, ON_NODES, versions), self.child(depends_on=[nodes]))
        return nodes

    def _files(self) -> SharedFiles:
        args = SharedFilesArgs(
            vpc_id=self.network.vpc_id,
            subnets=self.network.private_subnets,
            nodes=self.plane.security_group,
            kms_key_arn=self._key,
            protection=self._args.data,
        )
        return SharedFiles("shared-files", args, self.child())
