"""The release that is put on a cluster: its names and labels, the same on all of its objects."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import pulumi
from pulumi import ResourceOptions

from deploy.settings import Settings

Spec = Any
"""A part of a Kubernetes object, spelt as in its API."""

COMPONENT = "app.kubernetes.io/component"
USER = 10001
"""The user of both images, and the group of all that is mounted."""


@dataclass(frozen=True)
class App:
    """What is released.

    Attributes:
        name: of the service and of its objects.
        settings: how it is to run.
    """

    name: str
    settings: Settings

    @property
    def selector(self) -> dict[str, str]:
        """What tells its pods from all others; it can never change, so nothing else is in it."""
        return {"app.kubernetes.io/name": self.name}

    @property
    def labels(self) -> dict[str, str]:
        """What is on each of its objects."""
        return {
            **self.selector,
            COMPONENT: "model-service",
            "app.kubernetes.io/part-of": self.name,
            "app.kubernetes.io/managed-by": "pulumi",
            "environment": self.settings.environment,
            "owner": self.settings.owner,
            "cost-centre": self.settings.cost_centre,
        }

    def metadata(self, name: pulumi.Input[str] | None = None, **more: str) -> Spec:
        """Of an object; named like the service unless told otherwise, and with more labels."""
        return {"name": name or self.name, "namespace": self.settings.namespace, "labels": {**self.labels, **more}}


class Part(pulumi.ComponentResource):
    """Objects that belong together. A subclass keeps as attributes what others need of them.

    Attributes:
        kind: the name under which Pulumi's state knows it; it stays when the class is renamed.
    """

    kind: ClassVar[str]

    def __init__(self, app: App, opts: ResourceOptions | None = None) -> None:
        super().__init__(f"service:deploy:{self.kind}", app.name, {}, opts)

    def child(self, **options: Any) -> ResourceOptions:
        """Options of an object of this part."""
        return ResourceOptions(parent=self, **options)
