"""Measures the gate: `python bench gate`. Tools and sizes take turns, so that a busy minute hits each."""

from __future__ import annotations

import math
import os
import platform
import statistics
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from serving.environments import Unavailable

import project
from gate import documents, page
from gate.measure import Failed, Taken, median, once
from gate.peers import PEERS

RESULTS = project.ROOT / "bench" / "results"
TRIAL = project.ROOT / ".cache" / "bench-trial"
STACKS = ("cluster", "secrets", "registry", "observability")
READINESS = (sys.executable, "-m", "readiness")
RELEASE = """
  "tumour-diagnosis:image": "registry.example.com/tumour-diagnosis@sha256:{digest}"
  "tumour-diagnosis:pull_image": "registry.example.com/tumour-diagnosis-pull@sha256:{digest}"
  "tumour-diagnosis:model_version": "1"
"""


@dataclass(frozen=True)
class Plan:
    """How much is measured."""

    sizes: tuple[int, ...] = (500, 1_000, 2_000, 5_000, 10_000)
    beside: int = 1_000
    rounds: int = 5


QUICK = Plan(sizes=(50, 100), beside=100, rounds=1)


def run(quick: bool = False) -> None:
    """Measure, print and write; a quick run says only that all of it works, and is kept elsewhere."""
    plan, target = (QUICK, TRIAL) if quick else (Plan(), RESULTS)
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # what is compiled once is there the next time, as for users
    with tempfile.TemporaryDirectory(prefix="airworthy-bench-") as folder:
        work = Path(folder)
        figures = {
            "machine": f"{os.cpu_count()} cores, {platform.system()}, CPython {platform.python_version()}",
            "commit": project.commit(),
            "rounds": plan.rounds,
            "start": shown(median([once((*READINESS, "--help")) for _ in range(plan.rounds)])),
            **whole(work, plan.rounds),
            **manifests(work, plan),
        }
    target.mkdir(parents=True, exist_ok=True)
    print(page.write(figures, target))


def whole(work: Path, rounds: int) -> dict[str, object]:
    """`readiness check` of a project with what it and our stacks plan: nothing compiled, then as it is daily."""
    made = project.bake(project.copy_template(work / "template"), work / "made")
    settings = made / "deploy" / "Pulumi.prod.yaml"
    settings.write_text(settings.read_text() + RELEASE.format(digest="0" * 64))
    saved = work / "plan.json"
    folders = [*(project.ROOT / "stacks" / name for name in STACKS), made / "deploy"]
    once((*READINESS, "preview", *folders, "--environment", "prod", "--save", saved))
    command = (*READINESS, "check", made, "--resources", saved)
    cold = [once(command, {"PYTHONPYCACHEPREFIX": str(work / f"compiled-{at}")}) for at in range(rounds)]
    return {"cold": shown(median(cold)), "warm": shown(median([once(command) for _ in range(rounds)]))}


def manifests(work: Path, plan: Plan) -> dict[str, object]:
    """`readiness manifests` by the number of documents, and the other tools on one of these numbers."""
    files = {size: documents.write(work, size) for size in plan.sizes}
    taken: dict[int, list[Taken]] = {size: [] for size in plan.sizes}
    others: dict[str, list[Taken]] = {}
    missing: dict[str, str] = {}
    for _ in range(plan.rounds):
        for size, file in files.items():
            found = once((*READINESS, "manifests", file, "--format", "json"))
            assert documents.judged(found.said) >= size, f"some of {size} documents were not judged"
            taken[size].append(found)
        for peer in PEERS:
            try:
                others.setdefault(peer.name, []).append(once(peer.command(files[plan.beside])))
            except (Unavailable, Failed) as reason:
                missing[peer.name] = str(reason)
    medians = {size: median(runs) for size, runs in taken.items()}
    return {
        "sizes": {str(size): shown(one) for size, one in medians.items()},
        "exponent": exponent(list(medians), [one.cpu for one in medians.values()]),
        "beside": plan.beside,
        "peers": {name: shown(median(runs)) for name, runs in others.items() if name not in missing and runs},
        "missing": missing,
    }


def exponent(sizes: Sequence[int], seconds: Sequence[float]) -> float:
    """The power of the number of documents with which the time grows: 1 is linear. By least squares of logarithms."""
    logarithms = [math.log(size) for size in sizes], [math.log(second) for second in seconds]
    return round(statistics.linear_regression(*logarithms).slope, 2)


def shown(taken: Taken) -> dict[str, float]:
    return {"seconds": round(taken.seconds, 3), "cpu": round(taken.cpu, 3), "megabytes": round(taken.megabytes, 1)}
