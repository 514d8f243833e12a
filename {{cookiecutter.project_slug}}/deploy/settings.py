"""All that `Pulumi.<environment>.yaml` says, as one model: the environments differ in nothing else."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from deploy.monitoring import Slo
from deploy.runtime import Runtime

Environment = Literal["dev", "staging", "prod"]
Label = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9._-]{0,61}[a-z0-9])?$")]
Name = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$")]
Quantity = Annotated[str, Field(pattern=r"^[0-9]+(\.[0-9]+)?(m|k|Ki|M|Mi|G|Gi|T|Ti)?$")]
Url = Annotated[str, Field(pattern=r"^https?://[^\s/]+(/\S*)?$")]
DIGEST = re.compile(r"\S+@sha256:[0-9a-f]{64}$")
TAG = re.compile(r"\S+:(?!latest$)[\w][\w.-]{0,127}$")


def _exact(image: str) -> str:
    if not DIGEST.fullmatch(image) and not TAG.fullmatch(image):
        raise ValueError("names no exact image; end it with @sha256:… or with a tag other than latest")
    return image


Image = Annotated[str, AfterValidator(_exact)]


class Block(BaseModel):
    """A group of settings. A key that is none is refused, as it is most likely misspelt."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Platform(Block):
    """Where the platform is: the organization of its stacks, or, for one that is not ours, its addresses."""

    organization: str | None = Field(
        default=None, description="Pulumi organization of the platform's stacks, whose outputs say the rest"
    )
    tracking_uri: Url | None = Field(default=None, description="MLflow's address inside the cluster")
    prometheus_url: Url | None = Field(default=None, description="Prometheus's address inside the cluster")
    runbook_base: Url | None = Field(default=None, description="where its runbooks are read")
    otlp_endpoint: Url | None = Field(default=None, description="collector of traces; none when left out")
    context: str | None = Field(default=None, description="the cluster, by its context in the kubeconfig")

    @model_validator(mode="after")
    def _one_of_two(self) -> Self:
        needed = ("tracking_uri", "prometheus_url", "runbook_base", "context")
        given = [name for name in (*needed, "otlp_endpoint") if getattr(self, name)]
        if self.organization and given:
            raise ValueError(f"organization says where {', '.join(given)} are; give one or the other")
        lacking = [name for name in needed if not getattr(self, name)]
        if not self.organization and lacking:
            raise ValueError(
                f"lacks {', '.join(lacking)}; or give organization, to take all from the platform's stacks"
            )
        return self


class Analysis(Block):
    """How a new version is judged before it gets more requests."""

    delay_seconds: int = Field(default=45, ge=1, description="until Prometheus has seen the new pods")
    interval_seconds: int = Field(default=30, ge=1, description="between two looks")
    count: int = Field(default=6, ge=1, description="looks at each step")


class Rolling(Block):
    """A plain Deployment, for clusters without Argo Rollouts: nothing is judged but readiness."""

    kind: Literal["rolling"]


class Canary(Block):
    """An Argo Rollout that gives the new version a growing share, and goes back by itself if it does badly."""

    kind: Literal["canary"]
    weights: tuple[Annotated[int, Field(ge=1, le=99)], ...] = Field(
        default=(10, 50), min_length=1, description="percentages at which the new version is judged"
    )
    analysis: Analysis = Analysis()

    @field_validator("weights")
    @classmethod
    def _growing(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if list(value) != sorted(set(value)):
            raise ValueError("each weight must be above the one before")
        return value


class BlueGreen(Block):
    """An Argo Rollout that switches all at once, judges, and switches back if the new version does badly."""

    kind: Literal["blue-green"]
    keep_seconds: int = Field(default=600, ge=30, description="how long the old pods stay for a switch back")
    analysis: Analysis = Analysis()


class Scaling(Block):
    """How many replicas there are."""

    minimum: int = Field(ge=1, description="replicas at any time")
    maximum: int = Field(ge=1, description="replicas at most")
    cpu_percent: int = Field(default=70, ge=10, le=95, description="of the requested CPU, to be used on average")
    requests_per_second: float | None = Field(
        default=None, gt=0, description="of one replica; set, KEDA scales on it as well as on CPU"
    )

    @model_validator(mode="after")
    def _in_order(self) -> Self:
        if self.maximum < self.minimum:
            raise ValueError(f"maximum {self.maximum} is below minimum {self.minimum}")
        return self


class Resources(Block):
    """What a pod of the service is given."""

    cpu: Quantity = Field(description="requested; there is no limit, as it would throttle bursts")
    memory: Quantity = Field(description="requested, and the limit as well, so that a node never runs out")


class Volume(Block):
    """A volume that all replicas write the record of decisions to, and that outlives them."""

    size: Quantity
    storage_class: Name = Field(description="one that many nodes can mount: ReadWriteMany")


class Peer(Block):
    """Pods that may call the service."""

    namespace: Name
    labels: dict[str, str] = Field(default={}, description="of the pods; all of the namespace when left out")


class Objectives(Block):
    """What the service promises: alerts go by it, and so does the judgement of a new version."""

    available: float = Field(default=0.999, description="share of predictions that get an answer")
    fast: float = Field(default=0.99, description="share of predictions that are answered in time")
    seconds: float = Field(default=0.25, description="that time, an edge of the service's histogram")

    @model_validator(mode="after")
    def _can_be_measured(self) -> Self:
        _ = self.slo  # refuses what cannot be
        return self

    @property
    def slo(self) -> Slo:
        """The same, for the rules."""
        return Slo(available=self.available, fast=self.fast, seconds=self.seconds)


class Settings(Block):
    """One release in one environment."""

    environment: Environment = Field(description="the name of the stack")
    owner: Label = Field(description="the team that answers for it")
    cost_centre: Label = Field(description="who pays for it")
    namespace: Name = Field(default="services", description="where it runs")
    image: Image = Field(description="the service's image: make deploy IMAGE=…")
    pull_image: Image = Field(description="the image that fetches the model: make deploy PULL_IMAGE=…")
    model_version: str | None = Field(
        default=None,
        validate_default=True,
        pattern="^[1-9][0-9]*$",
        description="version in the registry: make deploy MODEL=…; in dev the champion when left out",
    )
    platform: Platform
    strategy: Annotated[Rolling | Canary | BlueGreen, Field(discriminator="kind")]
    scaling: Scaling
    resources: Resources
    spread: Literal["required", "preferred"] = Field(
        default="required", description="whether a replica may wait rather than be in the same zone as others"
    )
    priority_class: Name | None = Field(default=None, description="a PriorityClass of the cluster")
    audit_volume: Volume | None = Field(
        default=None, validate_default=True, description="for the record of decisions; in dev it ends with its pod"
    )
    callers: tuple[Peer, ...] = Field(min_length=1, description="who may call the service")
    objectives: Objectives = Objectives()
    runbooks: Url | None = Field(
        default=None, description="where the pages of runbooks/ are read; by default below the platform's own"
    )
    service: Runtime = Field(default=Runtime(), description="settings of the service, by their names without SERVICE_")

    @field_validator("image", "pull_image")
    @classmethod
    def _by_digest(cls, value: str, info: Any) -> str:
        if info.data.get("environment", "dev") != "dev" and not DIGEST.fullmatch(value):
            raise ValueError("a tag can be moved; outside dev name the image by digest: NAME@sha256:…")
        return value

    @field_validator("model_version", "audit_volume")
    @classmethod
    def _outside_dev(cls, value: Any, info: Any) -> Any:
        if value is None and info.data.get("environment", "dev") != "dev":
            raise ValueError("needed outside dev")
        return value
