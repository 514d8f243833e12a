"""The one volume that holds database and artifacts where there is no cloud."""

from __future__ import annotations

from dataclasses import dataclass

from pulumi import Input, Output, ResourceOptions
from pulumi_kubernetes.core import v1 as core
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from stacks.platform.component import Component
from stacks.registry.settings import VolumeSettings


@dataclass(frozen=True)
class VolumeArgs:
    """What the volume is told.

    Attributes:
        settings: its size and storage class.
        namespace: where MLflow is.
        protection: options for the volume.
    """

    settings: VolumeSettings
    namespace: Input[str]
    protection: ResourceOptions


class Volume(Component):
    """A claim of one node's volume.

    Attributes:
        claim: its name.
    """

    kind = "registry:Volume"

    def __init__(self, name: str, args: VolumeArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        claim = core.PersistentVolumeClaim(
            name,
            metadata=ObjectMetaArgs(
                name="mlflow-data",
                namespace=args.namespace,
                # A storage class may wait for the first pod, which comes only after this.
                annotations={"pulumi.com/skipAwait": "true"},
            ),
            spec=core.PersistentVolumeClaimSpecArgs(
                access_modes=["ReadWriteOnce"],
                storage_class_name=args.settings.storage_class,
                resources=core.VolumeResourceRequirementsArgs(requests={"storage": args.settings.size}),
            ),
            opts=self.child(args.protection),
        )
        self.claim: Output[str] = claim.metadata.name
        self.register_outputs({"claim": self.claim})
