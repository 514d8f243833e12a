"""What the cluster's stack is told."""

from __future__ import annotations

import re
from ipaddress import IPv4Network
from typing import Annotated, Literal, Self, get_args

from pydantic import Field, ValidationInfo, field_validator, model_validator

from stacks.platform.kinds import Cpu, Label, Memory, Role, Version
from stacks.platform.names import OBSERVABILITY_NAMESPACE, PLATFORM_NAMESPACE, SERVICES_NAMESPACE
from stacks.platform.settings import AwsSettings, Block, StackSettings, allowed_in, needed_in

Email = Annotated[str, Field(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]
Addon = Literal[
    "aws-ebs-csi-driver",
    "aws-efs-csi-driver",
    "coredns",
    "eks-pod-identity-agent",
    "kube-proxy",
    "metrics-server",
    "vpc-cni",
]
ADDONS: tuple[Addon, ...] = get_args(Addon)
Controller = Literal["argo-rollouts", "keda"]


class NetworkSettings(Block):
    """The cluster's own network."""

    cidr: IPv4Network = Field(description="addresses of the network, such as 10.20.0.0/16; a /20 or larger")
    zones: tuple[str, str, str] = Field(description="three availability zones of the region")
    nat: Literal["one", "zone"] = Field(description="gateways to the internet: one for all, or one in each zone")
    flow_log_days: int = Field(ge=1, description="how long the record of connections is kept, in days")

    @field_validator("cidr")
    @classmethod
    def _large_enough(cls, value: IPv4Network) -> IPv4Network:
        if value.prefixlen > 20:
            raise ValueError(f"/{value.prefixlen} is too small for the pods of three zones")
        return value


class ControlPlaneSettings(Block):
    """The EKS cluster itself."""

    version: str = Field(pattern=r"^1\.\d+$", description="version of Kubernetes, such as 1.36")
    public_ranges: tuple[IPv4Network, ...] = Field(
        default=(), description="from where the API may be reached over the internet; none keeps it in the network"
    )
    admins: tuple[Role, ...] = Field(min_length=1, description="IAM roles that may do all; those that run these stacks")
    deployers: tuple[Role, ...] = Field(default=(), description="IAM roles that put services on the cluster")
    readers: tuple[Role, ...] = Field(default=(), description="IAM roles that may look at all but secrets")
    log_days: int = Field(ge=1, description="how long the control plane's logs are kept, in days")
    addons: dict[Addon, str] = Field(
        description="exact version of each add-on: aws eks describe-addon-versions --kubernetes-version VERSION"
    )
    autoscaler: Version = Field(description="version of the chart cluster-autoscaler")

    @field_validator("public_ranges")
    @classmethod
    def _named(cls, ranges: tuple[IPv4Network, ...]) -> tuple[IPv4Network, ...]:
        for found in ranges:
            if found.prefixlen < 8:
                raise ValueError(f"{found} is nearly the whole internet; name your own ranges, or none")
        return ranges

    @field_validator("addons")
    @classmethod
    def _all_pinned(cls, addons: dict[Addon, str]) -> dict[Addon, str]:
        if missing := sorted(set(ADDONS) - set(addons)):
            raise ValueError(f"no version for {', '.join(missing)}")
        return addons


class PoolSettings(Block):
    """Nodes of one kind. Spot and GPU nodes are tainted: only what tolerates that is put on them."""

    types: tuple[str, ...] = Field(min_length=1, description="instance types of one architecture, best first")
    spot: bool = Field(default=False, description="cheap nodes that AWS may take away at two minutes' notice")
    min: int = Field(ge=0, description="fewest nodes")
    max: int = Field(ge=1, description="most nodes; the autoscaler goes no further")
    disk_gib: int = Field(default=50, ge=20, description="disk of a node, in GiB")

    @property
    def arm(self) -> bool:
        """Whether these are Graviton: AWS marks them by a g after the generation, such as in m7g."""
        return _is_arm(self.types[0])

    @property
    def gpu(self) -> bool:
        """Whether these have NVIDIA GPUs: the families g and p."""
        return _has_gpu(self.types[0])

    @model_validator(mode="after")
    def _agree(self) -> Self:
        if self.min > self.max:
            raise ValueError(f"min {self.min} is above max {self.max}")
        for kind, found in (("Graviton", _is_arm), ("GPU", _has_gpu)):
            if len({found(type) for type in self.types}) > 1:
                raise ValueError(f"types mixes {kind} and other instances, which cannot share an image")
        return self


class BudgetSettings(Block):
    """What a month of the whole account may cost."""

    usd: int = Field(ge=1, description="US dollars a month: make cost ENV=… estimates the platform's part")
    tell: tuple[Email, ...] = Field(min_length=1, max_length=10, description="who is told, by e-mail")


class ClusterAws(AwsSettings):
    """What AWS is told on top of region and account."""

    budget: BudgetSettings

    network: NetworkSettings
    control_plane: ControlPlaneSettings
    pools: dict[Label, PoolSettings] = Field(min_length=1, description="pools of nodes, by name")
    device_plugin: Version | None = Field(default=None, description="version of the chart nvidia-device-plugin")

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        if strangers := [zone for zone in self.network.zones if not re.fullmatch(f"{self.region}[a-z]", zone)]:
            raise ValueError(f"network.zones: {', '.join(strangers)} not in {self.region}")
        if all(pool.spot or pool.gpu for pool in self.pools.values()):
            raise ValueError("pools: all are tainted (spot or GPU), so the cluster's own servers would run nowhere")
        if any(pool.gpu for pool in self.pools.values()) != (self.device_plugin is not None):
            raise ValueError("device_plugin: needed if a pool has GPUs, and only then")
        return self


class QuotaSettings(Block):
    """How much a namespace may take in all, and what a container gets that asks for nothing."""

    cpu: Cpu = Field(description="CPUs that may be requested, such as 8 or 500m")
    memory: Memory = Field(
        description="memory that may be requested, such as 16Gi; twice as much may be the limits' sum"
    )
    storage: Memory = Field(description="volumes that may be requested, such as 100Gi")
    pods: int = Field(ge=1, description="most pods")


class ClusterSettings(StackSettings):
    """All settings of the project."""

    context: Annotated[str | None, allowed_in("kubernetes")] = Field(
        default=None, description="context of the kubeconfig; its current one if not set"
    )
    aws: Annotated[ClusterAws | None, needed_in("aws")] = Field(default=None, description="network, EKS and nodes")
    controllers: tuple[Controller, ...] = Field(
        default=(), description="what services are rolled out and scaled by: argo-rollouts, keda"
    )
    quotas: dict[str, QuotaSettings] = Field(description="by namespace")

    @property
    def in_aws(self) -> ClusterAws:
        """Where and what in AWS. Only to be asked for where ``cloud`` is aws, which validation then guarantees."""
        assert self.aws is not None
        return self.aws

    @field_validator("quotas")
    @classmethod
    def _one_each(cls, quotas: dict[str, QuotaSettings], info: ValidationInfo) -> dict[str, QuotaSettings]:
        wanted = {SERVICES_NAMESPACE, PLATFORM_NAMESPACE, OBSERVABILITY_NAMESPACE, *info.data.get("controllers", ())}
        if wrong := sorted(wanted ^ set(quotas)):
            raise ValueError(f"one for each of {', '.join(sorted(wanted))} and no other; see {', '.join(wrong)}")
        return quotas


def _is_arm(instance_type: str) -> bool:
    return re.match(r"[a-z]+\d+g", instance_type) is not None


def _has_gpu(instance_type: str) -> bool:
    return re.match(r"[gp]\d", instance_type) is not None
