"""What the pods are told: settings of the service and the list of approvers, under names that change with them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import ClassVar

import pulumi
import pulumi_kubernetes as kubernetes
from pulumi import Output, ResourceOptions

from deploy.app import App, Part
from service.settings import PREFIX

APPROVERS = "approvers.toml"
FILE = Path(__file__).resolve().parents[1] / APPROVERS


class Config(Part):
    """A ConfigMap for each content: a change makes new pods, and the pods of the release before keep theirs.

    Attributes:
        environment: name of the ConfigMap with the service's environment.
        approvers: name of the one with the list of approvers.
    """

    kind: ClassVar[str] = "Config"

    def __init__(
        self, app: App, otlp: Output[str], keeper: pulumi.ProviderResource, opts: ResourceOptions | None = None
    ) -> None:
        """
        Args:
            app: what is released.
            otlp: the collector of traces; empty for none.
            keeper: a provider that takes over what is there already, as it is when a release comes back.
            opts: Pulumi's.
        """
        super().__init__(app, opts)
        settings = otlp.apply(lambda url: environment(app, url))
        approvers = {APPROVERS: FILE.read_text(encoding="utf-8")}
        self.environment = self._kept(app, "environment", settings, keeper)
        self.approvers = self._kept(app, "approvers", Output.from_input(approvers), keeper)
        self.register_outputs({"environment": self.environment, "approvers": self.approvers})

    def _kept(
        self, app: App, purpose: str, data: Output[dict[str, str]], keeper: pulumi.ProviderResource
    ) -> Output[str]:
        """Makes a ConfigMap that stays on the cluster: pods of an earlier release may have to start again."""
        made = kubernetes.core.v1.ConfigMap(
            f"{app.name}-{purpose}",
            metadata=app.metadata(data.apply(lambda content: f"{app.name}-{purpose}-{digest(content)}")),
            data=data,
            immutable=True,
            opts=self.child(provider=keeper, retain_on_delete=True),
        )
        name: Output[str] = made.metadata.apply(lambda metadata: str(metadata.name))  # so that pods wait for it
        return name


def environment(app: App, otlp: str) -> dict[str, str]:
    """The service's environment variables, but for those that its image sets."""
    ours = {"ENVIRONMENT": app.settings.environment, "NAME": app.name, **({"OTLP": otlp} if otlp else {})}
    return {**{f"{PREFIX}{name}": value for name, value in ours.items()}, **app.settings.service.environment}


def digest(contents: dict[str, str]) -> str:
    """Ten hex digits that stand for the contents."""
    return hashlib.sha256(json.dumps(contents, sort_keys=True).encode()).hexdigest()[:10]
