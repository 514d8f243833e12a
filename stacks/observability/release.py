"""A chart on the cluster, with our values."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pulumi_kubernetes as kubernetes
from pulumi import Input, Resource, ResourceOptions

from stacks.observability.charts import Chart
from stacks.platform.component import Component


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

    kind = "observability:Release"

    def __init__(self, name: str, args: ReleaseArgs, opts: ResourceOptions | None = None) -> None:
        super().__init__(name, opts)
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
