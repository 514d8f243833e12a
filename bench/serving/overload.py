"""Twice as many requests as the service can answer: what it still answers in time, and how soon it refuses the rest."""

from __future__ import annotations

from typing import Any

from serving.client import Client, Outcome
from serving.environments import Unavailable
from serving.plan import MAIN
from serving.running import Running

DEADLINE = 0.1
"""Seconds that callers say they will wait."""

CALLERS = 600
"""Connections: as many requests may be under way at the same time. When all are, further ones are not sent."""


def overload(here: Running, rows: int, seconds: int) -> dict[str, Any]:
    """Find the rate that is sustained, then send twice of it, with a deadline that callers name.

    Args:
        here: the server.
        rows: in each request.
        seconds: of either load.
    """
    table = here.stage.table["rows"] * 3
    parts = [table[at : at + rows] for at in range(0, 64, 8)]
    sustained = _run(here, [here.request(part) for part in parts], MAIN, seconds)
    peak = sustained.status.count(200) / seconds
    if not peak:
        raise Unavailable(f"nothing was answered: {sorted(set(sustained.status))}")
    patience = {**here.headers, "X-Request-Timeout-Ms": f"{DEADLINE * 1e3:.0f}"}
    flooded = _run(here, [here.request(part, **patience) for part in parts], CALLERS, seconds, 2 * peak)
    told = list(zip(flooded.sent, flooded.done, flooded.status, strict=True))
    answered = [done - sent for sent, done, status in told if status == 200]
    refused = [done - sent for sent, done, status in told if status not in (0, 200)]
    return {
        "rows": rows,
        "peak_rps": peak,
        "sent": len(told) / seconds / peak,
        "goodput": sum(taken <= DEADLINE for taken in answered) / seconds / peak,
        "deadline_ms": DEADLINE * 1e3,
        "answered_p99_ms": quantile(answered, 0.99) * 1e3,
        "refused": len(refused) / len(told),
        "refused_p50_ms": quantile(refused, 0.5) * 1e3,
        "refused_p99_ms": quantile(refused, 0.99) * 1e3,
        "statuses": {str(status): flooded.status.count(status) for status in sorted(set(flooded.status))},
    }


def quantile(values: list[float], share: float) -> float:
    """The value that so large a share does not exceed; 0 of nothing."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else 0.0


def _run(here: Running, requests: list[bytes], connections: int, seconds: int, rate: float | None = None) -> Outcome:
    client = Client(here.port, requests, connections)
    try:
        return client.run(seconds, rate)
    finally:
        client.close()
