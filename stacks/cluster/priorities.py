"""Who gives way when there is not enough room."""

from __future__ import annotations

import pulumi_kubernetes as kubernetes
from pulumi import ResourceOptions

from stacks.platform.component import Component
from stacks.platform.names import PRODUCT

CLASSES = {
    "platform": (1_000_000, "PreemptLowerPriority", "What the services need in order to run, such as the registry"),
    "online": (100_000, "PreemptLowerPriority", "Services that somebody waits for"),
    "batch": (-1_000, "Never", "Jobs that can wait, and that give way to everything else"),
}
"""By name: the priority, whether it puts others out, and what it is for."""


class Priorities(Component):
    """The priority classes ``airworthy-platform``, ``airworthy-online`` and ``airworthy-batch``."""

    kind = "cluster:Priorities"

    def __init__(self, name: str, opts: ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
        for part, (value, preemption, meaning) in CLASSES.items():
            kubernetes.scheduling.v1.PriorityClass(
                part,
                metadata={"name": f"{PRODUCT}-{part}"},
                value=value,
                preemption_policy=preemption,
                description=meaning,
                global_default=False,
                opts=self.child(),
            )
        self.register_outputs({})
