"""Lets pods ask for the GPUs of the nodes that have some."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_kubernetes as kubernetes
from pulumi import ResourceOptions

from stacks.platform.component import Component


@dataclass(frozen=True)
class GpusArgs:
    """What GPU support is told.

    Attributes:
        version: of the chart.
    """

    version: str


class Gpus(Component):
    """NVIDIA's device plugin, by its own chart. It goes to nodes labelled as :mod:`stacks.cluster.nodes` does."""

    kind = "cluster:Gpus"

    def __init__(self, name: str, args: GpusArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        kubernetes.helm.v3.Release(
            name,
            name="nvidia-device-plugin",
            namespace="kube-system",
            chart="nvidia-device-plugin",
            version=args.version,
            repository_opts={"repo": "https://nvidia.github.io/k8s-device-plugin"},
            atomic=True,
            opts=self.child(),
        )
        self.register_outputs({})
