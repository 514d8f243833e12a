"""What the service must bear while it works: tokens in place of keys, and new models under load."""

from __future__ import annotations

import os
import statistics
import threading
import time
from typing import Any

from serving.client import Client, Outcome
from serving.environments import Unavailable
from serving.overload import quantile
from serving.plan import MAIN, Plan
from serving.running import Running
from serving.wrk import load

WINDOW = 0.5
"""Seconds; a step in latency is looked for from one window to the next."""


def tokens(here: Running, plan: Plan) -> list[dict[str, float]]:
    """Throughput by API key and by token (JWT), in turns."""
    token = (here.stage.work / "releases" / "token").read_text(encoding="ascii")
    found = []
    for _ in range(plan.rounds):
        key = load(here, 1, MAIN, plan.others)
        jwt = load(here, 1, MAIN, plan.others, {"Authorization": f"Bearer {token}"})
        if jwt.bad:
            raise Unavailable(f"{jwt.bad} requests with a token were not answered with 200")
        found.append({"key_rps": key.rps, "jwt_rps": jwt.rps, "key_cpu_us": key.cpu_us, "jwt_cpu_us": jwt.cpu_us})
    return found


def reloads(here: Running, plan: Plan) -> dict[str, Any]:
    """Latency while new models are loaded, at a third of the rate that can be sustained.

    Each window's p99 is held against the median window's before the first reload.
    """
    requests = [here.request([row]) for row in here.stage.table["rows"]]
    client = Client(here.port, requests, MAIN)
    try:
        rate = len(client.run(1).status) / 3
        switches: list[float] = []
        stop = threading.Event()
        began = time.perf_counter()
        hand = threading.Thread(target=_switch, args=(here, plan.calm, switches, stop))
        hand.start()
        try:
            outcome = client.run(plan.calm * (plan.rounds + 2), rate)
        finally:
            stop.set()
            hand.join()
    finally:
        client.close()
    served = here.server.answer(here.ask(here.stage.table["rows"])[1])
    last = "forest-2" if len(switches) % 2 else "forest"
    windows = _windows(outcome, began)
    calm = [p99 for at, p99 in windows.items() if began + at < switches[0]]
    after = [p99 for at, p99 in windows.items() if any(0 <= began + at + WINDOW - s <= 2 for s in switches)]
    return {
        "rate": rate,
        "reloads": len(switches),
        "lost": sum(status != 200 for status in outcome.status),
        "late": outcome.left,
        "calm_p99_ms": statistics.median(calm) * 1e3,
        "calm_worst_ms": max(calm) * 1e3,
        "reload_p99_ms": statistics.median(after) * 1e3,
        "reload_worst_ms": max(after) * 1e3,
        "windows": [[round(at, 2), round(p99 * 1e3, 3)] for at, p99 in sorted(windows.items())],
        "switches": [round(at - began, 2) for at in switches],
        "new_model_serves": max(abs(a - b) for a, b in _pairs(served, here.stage.expected(last))) < 1e-5,
    }


def _switch(here: Running, calm: float, switches: list[float], stop: threading.Event) -> None:
    """Put the other release in place of the present one, as `pull` does, again and again."""
    while not stop.wait(calm if switches else calm * 1.5):
        name = "forest" if len(switches) % 2 else "forest-2"
        new = here.folder / "next"
        new.symlink_to(here.stage.release(name))
        os.replace(new, here.folder / "current")
        switches.append(time.perf_counter())


def _windows(outcome: Outcome, began: float) -> dict[float, float]:
    """The p99 of each window, by the window's start; latencies count from when a request was due."""
    found: dict[float, list[float]] = {}
    for due, done in zip(outcome.due, outcome.done, strict=True):
        found.setdefault((due - began) // WINDOW * WINDOW, []).append(done - due)
    return {at: quantile(values, 0.99) for at, values in found.items()}


def _pairs(got: list[list[float]], right: list[list[float]]) -> Any:
    return ((a, b) for one, other in zip(got, right, strict=True) for a, b in zip(one, other, strict=True))
