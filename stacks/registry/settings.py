"""What the registry's stack is told."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, field_validator, model_validator

from stacks.platform.settings import AwsSettings, Block, Label, StackSettings, needed_in

Memory = Annotated[str, Field(pattern=r"^\d+(Mi|Gi|Ti)$")]
Role = Annotated[str, Field(pattern=r"^arn:aws[a-z-]*:iam::\d{12}:role/\S+$")]
Region = Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")]


class MlflowSettings(Block):
    """MLflow's server."""

    tag: str = Field(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}$", description="tag of its image, which we build")
    cpu: str = Field(pattern=r"^\d+m?$", description="CPU that it is given, such as 500m")
    memory: Memory = Field(description="memory that it may use at most, such as 1Gi")
    workers: int = Field(ge=1, le=16, description="processes that answer; each takes about 250 MiB")
    replicas: int = Field(default=1, ge=1, le=4, description="pods that answer; more than one need PostgreSQL")


class VolumeSettings(Block):
    """The one volume that holds database and artifacts where there is no cloud."""

    size: Memory = Field(description="its size, such as 10Gi")
    storage_class: str | None = Field(default=None, description="the cluster's default one if not set")


class DatabaseSettings(Block):
    """PostgreSQL on RDS, where MLflow keeps what it knows of runs and versions."""

    version: str = Field(pattern=r"^\d+(\.\d+)?$", description="version of PostgreSQL; a major one takes its newest")
    instance: str = Field(pattern=r"^db\.[a-z0-9]+\.[a-z0-9]+$", description="instance class, such as db.t4g.medium")
    storage_gib: int = Field(ge=20, description="storage to begin with, in GiB")
    storage_limit_gib: int = Field(description="storage that it may grow to, in GiB")
    zones: int = Field(ge=1, le=2, description="2 keeps a standby in another zone, which takes over by itself")
    backup_days: int = Field(
        ge=1,
        le=35,
        description="how far back it can be restored, to any point in time, in days",
    )

    @model_validator(mode="after")
    def _can_grow(self) -> Self:
        if self.storage_limit_gib <= self.storage_gib:
            raise ValueError(f"storage_limit_gib {self.storage_limit_gib} must be above storage_gib {self.storage_gib}")
        return self


class ImagesSettings(Block):
    """Repositories of images on ECR."""

    pushers: tuple[Role, ...] = Field(min_length=1, description="IAM roles of the CI, which alone push images")
    keep: int = Field(ge=10, description="how many images of a service are kept; the newest ones")


class ArtifactsSettings(Block):
    """The bucket of the models' files."""

    old_versions_days: int = Field(ge=30, description="how long an overwritten or deleted file is kept, in days")
    replica_region: Region | None = Field(
        default=None, description="region of a second copy of the artifacts and of the database's backups"
    )


class RegistryAws(AwsSettings):
    """What AWS is told on top of region and account."""

    images: ImagesSettings
    database: DatabaseSettings
    artifacts: ArtifactsSettings

    @model_validator(mode="after")
    def _copy_is_elsewhere(self) -> Self:
        if self.artifacts.replica_region == self.region:
            raise ValueError(f"artifacts.replica_region: {self.region} is where the first copy is; name another region")
        return self


class RegistrySettings(StackSettings):
    """All settings of the project."""

    services: tuple[Label, ...] = Field(min_length=1, description="the services whose images and models are kept")
    mlflow: MlflowSettings
    volume: Annotated[VolumeSettings | None, needed_in("kubernetes")] = Field(
        default=None, description="where database and artifacts are"
    )
    aws: Annotated[RegistryAws | None, needed_in("aws")] = Field(
        default=None, description="images, database and artifacts"
    )

    @property
    def in_aws(self) -> RegistryAws:
        """Where and what in AWS. Only to be asked for where ``cloud`` is aws, which validation then guarantees."""
        assert self.aws is not None
        return self.aws

    @property
    def on_volume(self) -> VolumeSettings:
        """The volume. Only to be asked for where ``cloud`` is kubernetes, which validation then guarantees."""
        assert self.volume is not None
        return self.volume

    @field_validator("services")
    @classmethod
    def _once_each(cls, services: tuple[str, ...]) -> tuple[str, ...]:
        if twice := sorted({name for name in services if services.count(name) > 1}):
            raise ValueError(f"{', '.join(twice)} is there twice")
        if "mlflow" in services:
            raise ValueError("mlflow is the name of the registry's own image; call the service otherwise")
        return services

    @model_validator(mode="after")
    def _one_pod_has_the_volume(self) -> Self:
        if self.cloud == "kubernetes" and self.mlflow.replicas > 1:
            raise ValueError("mlflow.replicas must be 1 where cloud is kubernetes: its database is a file on a volume")
        return self

    @model_validator(mode="after")
    def _prod_survives(self) -> Self:
        if self.prod and self.aws and self.mlflow.replicas < 2:
            raise ValueError(
                "mlflow.replicas must be at least 2 in prod: no new pod of a service starts while the registry is away"
            )
        if self.prod and self.aws and self.aws.database.zones < 2:
            raise ValueError("aws.database.zones must be 2 in prod, or the loss of a zone is the loss of the registry")
        if self.prod and self.aws and not self.aws.artifacts.replica_region:
            raise ValueError("aws.artifacts.replica_region is needed in prod: name a second region")
        return self
