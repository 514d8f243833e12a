"""What volumes in AWS are made of."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_kubernetes as kubernetes
from pulumi import Input, ResourceOptions
from pulumi_kubernetes.meta.v1 import ObjectMetaArgs

from stacks.platform.component import Component
from stacks.platform.names import PRODUCT

SHARED = "efs"


@dataclass(frozen=True)
class StorageArgs:
    """What storage is told.

    Attributes:
        keep: whether a disk stays when its claim is deleted.
        file_system: the id of the file system for what many pods write at the same time.
    """

    keep: bool
    file_system: Input[str]


class Storage(Component):
    """Two storage classes: the default one makes encrypted disks, in the zone of the pod that asks first.

    ``efs`` makes folders of the shared files, each with a user of its own, which stay when their claims are deleted.
    """

    kind = "cluster:Storage"

    def __init__(self, name: str, args: StorageArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        kubernetes.storage.v1.StorageClass(
            name,
            metadata=ObjectMetaArgs(name=PRODUCT, annotations={"storageclass.kubernetes.io/is-default-class": "true"}),
            provisioner="ebs.csi.aws.com",
            parameters={"type": "gp3", "encrypted": "true"},
            reclaim_policy="Retain" if args.keep else "Delete",
            volume_binding_mode="WaitForFirstConsumer",
            allow_volume_expansion=True,
            opts=self.child(),
        )
        kubernetes.storage.v1.StorageClass(
            f"{name}-shared",
            metadata=ObjectMetaArgs(name=SHARED),
            provisioner="efs.csi.aws.com",
            parameters={
                "provisioningMode": "efs-ap",
                "fileSystemId": args.file_system,
                "directoryPerms": "700",
                "basePath": "/volumes",
            },
            reclaim_policy="Retain",
            volume_binding_mode="Immediate",
            opts=self.child(),
        )
        self.register_outputs({})
