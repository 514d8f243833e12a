"""Minutes of full load, with the memory of all the service's processes noted."""

from __future__ import annotations

import os
import statistics
import threading
import time
from pathlib import Path
from typing import Any

from serving.plan import MAIN, Plan
from serving.running import Running
from serving.wrk import Load, load

SETTLED = 0.2
"""The share of the time after which the service has seen all that its load will bring."""


def soak(here: Running, plan: Plan) -> dict[str, Any]:
    """Full load with the memory of all processes noted, and its growth in a day as a straight line has it."""
    memory: list[tuple[float, float]] = []
    loads: list[Load] = []
    worker = threading.Thread(target=lambda: loads.append(load(here, 1, MAIN, plan.soak)))
    began = time.perf_counter()
    worker.start()
    while worker.is_alive():
        worker.join(min(2.0, plan.soak / 50))
        memory.append((time.perf_counter() - began, here.processes.resident(here.processes.pids())))
        _make_room(here)
    settled = [(at, mb) for at, mb in memory if at > plan.soak * SETTLED]
    slope = statistics.linear_regression(*zip(*settled, strict=True)).slope
    third = len(settled) // 3
    early, late = (statistics.median(mb for _, mb in part) for part in (settled[:third], settled[-third:]))
    return {
        "seconds": plan.soak,
        "requests": round(loads[0].rps * plan.soak) if loads else 0,
        "bad": loads[0].bad if loads else None,
        "p99_ms": loads[0].p99_ms if loads else None,
        "first_mb": memory[0][1],
        "early_mb": early,
        "late_mb": late,
        "growth_mb_a_day": slope * 86_400,
        "memory": [[round(at, 1), round(mb, 2)] for at, mb in memory],
    }


def _make_room(here: Running, keep: int = 4) -> None:
    """Delete what ten minutes would fill a disk with: all but the newest files of the record of decisions."""
    files = sorted((path for path in (here.folder / "audit").rglob("*") if path.is_file()), key=_age)
    for path in files[:-keep]:
        if path.stat().st_size > 1_000_000:
            path.unlink()
    if (here.folder / "log").stat().st_size > 50_000_000:
        os.truncate(here.folder / "log", 0)


def _age(path: Path) -> float:
    return path.stat().st_mtime
