"""What the secrets' stack is told."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, ValidationInfo, field_validator, model_validator

from stacks.platform.kinds import Version
from stacks.platform.settings import AwsSettings, Block, StackSettings, needed_in

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{0,38}[a-z0-9]$")]
"""Of a service or a caller: names of Secrets, accounts and cloud resources are made of it."""

Scope = Literal["predict", "feedback", "jobs", "admin"]


class RotationSettings(Block):
    """When Secrets Manager replaces keys and passwords."""

    days: int = Field(ge=1, le=1000, description="how often callers' keys and registry accounts are replaced, in days")
    overlap_days: int = Field(ge=1, description="how long a replaced caller's key goes on working, in days")

    @model_validator(mode="after")
    def _no_more_than_two(self) -> Self:
        if self.overlap_days >= self.days:
            raise ValueError(f"overlap_days {self.overlap_days} must be below days {self.days}")
        return self


class SecretsAws(AwsSettings):
    """What AWS is told on top of region and account."""

    operator: Version = Field(description="version of the chart external-secrets")
    rotation: RotationSettings
    callers: dict[Name, dict[Name, tuple[Scope, ...]]] = Field(
        default_factory=dict, description="by service and caller, what the caller's key allows"
    )


class SecretsSettings(StackSettings):
    """All settings of the project."""

    services: tuple[Name, ...] = Field(min_length=1, description="the services that run on the platform, by name")
    issued: Annotated[date | None, needed_in("kubernetes")] = Field(
        default=None, description="day on which the keys were generated; a later one generates new ones"
    )
    aws: Annotated[SecretsAws | None, needed_in("aws")] = Field(
        default=None, description="region, account, operator and rotation"
    )

    @property
    def in_aws(self) -> SecretsAws:
        """Where and what in AWS. Only to be asked for where ``cloud`` is aws, which validation then guarantees."""
        assert self.aws is not None
        return self.aws

    @field_validator("services")
    @classmethod
    def _once_each_and_all(cls, services: tuple[str, ...], info: ValidationInfo) -> tuple[str, ...]:
        if len(set(services)) < len(services):
            raise ValueError("names a service twice")
        aws: SecretsAws | None = info.data.get("aws")
        if lacking := sorted(set(aws.callers if aws else ()) - set(services)):
            raise ValueError(f"lacks {', '.join(lacking)}, which aws.callers names")
        return services
