"""One visit to one server: start it, load it in every way, stop it; beside the bare server in the same minute."""

from __future__ import annotations

import statistics
from dataclasses import asdict
from typing import Any

from serving.client import Client
from serving.environments import Unavailable
from serving.plan import MAIN, MANY, Plan
from serving.running import Running, running
from serving.servers import BARE, OURS, Server
from serving.stage import Stage
from serving.wrk import load

Visit = dict[str, Any]
"""What a visit found, as plain data for JSON; ``error`` alone, with the reason, if the server cannot be measured."""


def visit(stage: Stage, plan: Plan, reference: Running, server: Server, model: str, workers: int) -> Visit:
    """Measure one server once."""
    found: Visit = {"server": server.name, "model": model, "workers": workers}
    try:
        with running(stage, server, model, workers) as here:
            return {**found, **_measure(here, plan, reference, full=(model, workers) == ("forest", 1))}
    except (Unavailable, OSError) as error:
        return {**found, "error": " ".join(str(error).split())[:300]}


def _measure(here: Running, plan: Plan, reference: Running, full: bool) -> Visit:
    """The loads; all of them, or only the one that is compared most."""
    pids = here.processes.pids()
    found: Visit = {"start_s": here.start, "idle_mb": here.processes.resident(pids), "processes": len(pids)}
    load(here, 1, MAIN, 1)  # warms up
    beside = asdict(load(reference, 1, MAIN, plan.others))
    found["reference"] = {**beside, "alone_us": alone(reference, 0.5)}
    found["alone_us"] = alone(here, plan.others)
    kinds = _kinds(here.server, plan) if full else [(1, MAIN)]
    found["loads"] = {
        f"{rows}x{connections}": asdict(
            load(here, rows, connections, plan.seconds if (rows, connections) == (1, MAIN) else plan.others)
        )
        for rows, connections in kinds
    }
    found["busy_mb"] = here.processes.resident(here.processes.pids())
    return found


def _kinds(server: Server, plan: Plan) -> list[tuple[int, int]]:
    """Rows a request and connections. Many rows over any number of connections: for us and the limit only."""
    many = plan.connections if server in (OURS, BARE) else (MAIN,)
    return [*((1, connections) for connections in plan.connections), *((MANY, connections) for connections in many)]


def alone(here: Running, seconds: float) -> float:
    """How long one caller waits for one row when there is no other caller: the median, in microseconds."""
    client = Client(here.port, [here.request([row]) for row in here.stage.table["rows"]], connections=1)
    try:
        outcome = client.run(seconds)
    finally:
        client.close()
    if set(outcome.status) - {200}:
        raise Unavailable(f"one caller was answered with {set(outcome.status) - {200}}")
    return statistics.median(done - sent for sent, done in zip(outcome.sent, outcome.done, strict=True)) * 1e6
