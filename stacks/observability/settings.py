"""What the observability's stack is told."""

from __future__ import annotations

from typing import Annotated, Self

from pydantic import Field, HttpUrl, model_validator

from stacks.observability.routes import Routing
from stacks.platform.names import CONTROLLERS
from stacks.platform.settings import Block, Label, StackSettings

Size = Annotated[str, Field(pattern=r"^\d+(Mi|Gi|Ti)$")]
Cpu = Annotated[str, Field(pattern=r"^\d+m?$")]
Duration = Annotated[str, Field(pattern=r"^\d+(m|h|d)$")]
Channel = Annotated[str, Field(pattern=r"^#[a-z0-9_-]{1,79}$")]


class StoreSettings(Block):
    """One of the three stores: metrics, logs or traces."""

    days: int = Field(ge=1, le=730, description="how long it keeps them, in days")
    storage: Size = Field(description="its volume, such as 50Gi; in AWS it holds what is not yet in S3")
    cpu: Cpu = Field(description="CPU that it is given, such as 500m")
    memory: Size = Field(description="memory that it may use at most, such as 2Gi")


class NotificationSettings(Block):
    """Who is told when something is wrong. What is secret of it is in the Secret alertmanager-receivers."""

    channels: dict[Label, Channel] = Field(min_length=1, description="the chat channel of each team")
    default_team: Label = Field(description="the team that gets the alerts of no team")
    heartbeat: HttpUrl = Field(description="address that is called every minute and tells somebody when the calls stop")
    page_escalates_after: Duration = Field(description="how long a page goes on before the second line is told")
    ticket_escalates_after: Duration = Field(description="how long a ticket is open before whoever is on call is told")

    @model_validator(mode="after")
    def _somebody_gets_it(self) -> Self:
        if self.default_team not in self.channels:
            raise ValueError(
                f"default_team {self.default_team} has no channel among {', '.join(sorted(self.channels))}"
            )
        return self


class ObservabilitySettings(StackSettings):
    """All settings of the project."""

    team: Label = Field(description="the team that answers for the platform's own alerts")
    runbook_base: HttpUrl = Field(description="where the runbooks are read; a page's name comes after it")
    replicas: int = Field(ge=1, le=3, description="how many of Prometheus and Alertmanager there are")
    metrics: StoreSettings
    logs: StoreSettings
    traces: StoreSettings
    readers: tuple[Label, ...] = Field(
        default=tuple(CONTROLLERS), description="namespaces from which Prometheus may be asked"
    )
    notifications: NotificationSettings | None = Field(
        default=None, description="who is told; without it alerts are only seen in Alertmanager"
    )

    @property
    def runbooks(self) -> str:
        """Where the runbooks are read, without a slash at the end."""
        return str(self.runbook_base).rstrip("/")

    @property
    def routing(self) -> Routing:
        """Who is told. Where nobody is, the routes are the same all the same."""
        told = self.notifications
        if told is None:
            return Routing({self.team: "#none"}, self.team, "https://heartbeat.invalid", "15m", "24h")
        return Routing(
            channels=told.channels,
            default_team=told.default_team,
            heartbeat=str(told.heartbeat),
            page_escalates_after=told.page_escalates_after,
            ticket_escalates_after=told.ticket_escalates_after,
        )

    @model_validator(mode="after")
    def _somebody_is_told(self) -> Self:
        if self.notifications is None and not self.dev:
            raise ValueError(f"notifications is needed in {self.environment}, or nobody learns of an alert")
        if self.notifications and self.cloud != "aws":
            raise ValueError("notifications needs cloud aws, whose Secrets Manager has the keys; remove it")
        if self.prod and self.replicas < 2:
            raise ValueError("replicas must be at least 2 in prod, or one lost node is the loss of all alerts")
        return self
