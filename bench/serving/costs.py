"""What each control costs: CPU time a request with all of them on, less that with one off."""

from __future__ import annotations

import statistics
from dataclasses import replace

from serving.plan import MAIN, Plan
from serving.running import running
from serving.servers import OURS
from serving.stage import Stage
from serving.wrk import load

ALL = "all on"
OFF = {
    ALL: {},
    "rate limit and quota": {"SERVICE_RATE": "none", "SERVICE_QUOTA": "none"},
    "log of requests": {"SERVICE_LOG_LEVEL": "warning"},
    "traces of 1%": {"SERVICE_OTLP": ""},
    "record of decisions": {"SERVICE_AUDIT": "none"},
}
"""The settings that turn a control off. Keys, validation and metrics cannot be turned off."""


def costs(stage: Stage, plan: Plan) -> dict[str, float]:
    """CPU time of each control in microseconds a request, and of a request with all of them.

    Raises:
        Unavailable: the service does not start with one of them off.
    """
    found: dict[str, list[float]] = {control: [] for control in OFF}
    for _ in range(plan.rounds):
        for control, settings in OFF.items():
            server = replace(OURS, variables={**OURS.variables, **settings})
            with running(stage, server) as here:
                load(here, 1, MAIN, 1)
                found[control].append(load(here, 1, MAIN, plan.seconds).cpu_us)
    every = found.pop(ALL)
    less = {
        control: statistics.median(whole - one for whole, one in zip(every, times, strict=True))
        for control, times in found.items()
    }
    return {ALL: statistics.median(every), **less}
