"""How planning grows with the number of resources, up to 10,000: `python bench scale`.

A program of components, each with nine Kubernetes objects, is run against mocks. CPU time, not elapsed: other work on
the machine hardly changes it. Were the growth not linear, the time for one resource would rise from row to row.
"""

from __future__ import annotations

import json
import math
import platform
import statistics
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results"
SIZES = (500, 1_000, 2_000, 5_000, 10_000)
ROUNDS = 3
IN_COMPONENT = 10
"""Resources of one component: itself, and nine objects."""


def run() -> None:
    """Measure, print and write."""
    sys.path.insert(0, str(ROOT))
    seconds: dict[int, list[float]] = {size: [] for size in SIZES}
    _planned(SIZES[0])  # imports, and what is made once
    for _ in range(ROUNDS):
        for size in SIZES:
            began = time.process_time()
            assert _planned(size) == size
            seconds[size].append(time.process_time() - began)
    medians = {size: statistics.median(found) for size, found in seconds.items()}
    page = _page(medians)
    print(page)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "scale.md").write_text(page, encoding="utf-8")
    document = {"python": platform.python_version(), "seconds": seconds, "exponent": exponent(medians)}
    (RESULTS / "scale.json").write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def exponent(seconds: dict[int, float]) -> float:
    """The power of the number of resources with which the time grows: 1 is linear. By least squares of logarithms."""
    sizes, times = [math.log(size) for size in seconds], [math.log(second) for second in seconds.values()]
    return statistics.linear_regression(sizes, times).slope


def _planned(size: int) -> int:
    """Plan so many resources; returns how many objects were seen, and one for each component."""
    from stacks.cost.plan import planned
    from stacks.drive.files import SettingsFile
    from stacks.drive.order import ORDER

    found = planned(_program(size // IN_COMPONENT), ORDER[0], "dev", SettingsFile(Path(), {}, ""))
    return len(found) + size // IN_COMPONENT


def _program(components: int) -> Callable[[], None]:
    import pulumi_kubernetes as kubernetes

    from stacks.platform.component import Component

    class Part(Component):
        kind = "bench:Part"

        def __init__(self, name: str) -> None:
            super().__init__(name)
            for at in range(IN_COMPONENT - 1):
                metadata = {"name": f"{name}-{at}", "namespace": "services", "labels": {"part": name}}
                data = {f"key-{number}": "value" for number in range(10)}
                kubernetes.core.v1.ConfigMap(f"{name}-{at}", metadata=metadata, data=data, opts=self.child())
            self.register_outputs({})

    def program() -> None:
        for number in range(components):
            Part(f"part-{number}")

    return program


def _page(medians: dict[int, float]) -> str:
    rows: Sequence[str] = [
        f"| {size:,} | {second:.2f} | {second / size * 1e3:.2f} |" for size, second in medians.items()
    ]
    head = ["| resources | CPU seconds to plan | milliseconds each |", "|---|---|---|"]
    grows = f"The time grows with the power {exponent(medians):.2f} of the number of resources (1 is linear)."
    return "\n".join([*head, *rows, "", f"{grows} Median of {ROUNDS} rounds.", ""])
