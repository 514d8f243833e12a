"""A chart on the cluster, with our values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi_kubernetes as kubernetes
from pulumi import Alias, Input, Resource, ResourceOptions

from stacks.platform.charts import Chart
from stacks.platform.component import Component
from stacks.platform.names import PRODUCT


@dataclass(frozen=True)
class ReleaseArgs:
    """What a release is told.

    Attributes:
        chart: what is installed.
        namespace: where.
        values: all that differs from the chart's own values.
        after: what must be there before.
    """

    chart: Chart
    namespace: Input[str]
    values: dict[str, Any]
    after: Sequence[Resource] = ()


class Release(Component):
    """One release of Helm, which is taken back whole when a part of it does not come up."""

    kind = "platform:Release"

    def __init__(self, name: str, args: ReleaseArgs, opts: ResourceOptions | None = None) -> None:
        # The state of stacks that were brought up when it was the observability's own.
        before = ResourceOptions(aliases=[Alias(type_=f"{PRODUCT}:observability:Release")])
        super().__init__(name, ResourceOptions.merge(opts, before))
        kubernetes.helm.v3.Release(
            name,
            name=name,
            namespace=args.namespace,
            chart=args.chart.name,
            version=args.chart.version,
            repository_opts={"repo": args.chart.repository},
            values=args.values,
            atomic=True,
            timeout=900,
            opts=self.child(depends_on=list(args.after)),
        )
        self.register_outputs({})
