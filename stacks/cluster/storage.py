"""What volumes in AWS are made of, unless somebody asks for something else."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_kubernetes as kubernetes
from pulumi import ResourceOptions

from stacks.platform.component import Component
from stacks.platform.names import PRODUCT


@dataclass(frozen=True)
class StorageArgs:
    """What storage is told.

    Attributes:
        keep: whether a disk stays when its claim is deleted.
    """

    keep: bool


class Storage(Component):
    """The default storage class: encrypted disks, in the zone of the pod that asks first."""

    kind = "cluster:Storage"

    def __init__(self, name: str, args: StorageArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        kubernetes.storage.v1.StorageClass(
            name,
            metadata={"name": PRODUCT, "annotations": {"storageclass.kubernetes.io/is-default-class": "true"}},
            provisioner="ebs.csi.aws.com",
            parameters={"type": "gp3", "encrypted": "true"},
            reclaim_policy="Retain" if args.keep else "Delete",
            volume_binding_mode="WaitForFirstConsumer",
            allow_volume_expansion=True,
            opts=self.child(),
        )
        self.register_outputs({})
