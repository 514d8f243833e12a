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
"""Connections: as many requests may be under way at the same time."""


def overload(here: Running, rows: int, seconds: int) -> dict[str, Any]:
    """Find the highest rate that is sustained, then send twice of it.

    Args:
        here: the server.
        rows: in each request.
        seconds: of either load.
    """
    table = here.stage.table["rows"] * 2
    requests = [here.request((table * 2)[at : at + rows], **_patience(here)) for at in range(0, 64, 8)]
    sustained = _run(here, requests, MAIN, seconds)
    peak = _good(sustained) / seconds
    if not peak:
        raise Unavailable(f"nothing was answered in time: {sorted(set(sustained.status))}")
    flooded = _run(here, requests, CALLERS, seconds, 2 * peak)
    answered = [done - due for due, done, status in _each(flooded) if status == 200]
    sent = zip(flooded.sent, flooded.done, flooded.status, strict=True)
    refused = [done - began for began, done, status in sent if status not in (0, 200)]
    return {
        "rows": rows,
        "peak_rps": peak,
        "offered": (len(flooded.status) + flooded.left) / seconds / peak,
        "sent": len(flooded.status) / seconds / peak,
        "goodput": _good(flooded) / seconds / peak,
        "deadline_ms": DEADLINE * 1e3,
        "answered_p99_ms": quantile(answered, 0.99) * 1e3,
        "refused": len(refused) / len(flooded.status),
        "refused_p50_ms": quantile(refused, 0.5) * 1e3,
        "refused_p99_ms": quantile(refused, 0.99) * 1e3,
        "broken": sum(status == 0 for status in flooded.status),
        "statuses": {str(status): flooded.status.count(status) for status in sorted(set(flooded.status))},
    }


def quantile(values: list[float], share: float) -> float:
    """The value that so large a share does not exceed; 0 of nothing."""
    return sorted(values)[min(len(values) - 1, int(len(values) * share))] if values else 0.0


def _patience(here: Running) -> dict[str, str]:
    return {**here.headers, "X-Request-Timeout-Ms": f"{DEADLINE * 1e3:.0f}"}


def _run(here: Running, requests: list[bytes], connections: int, seconds: int, rate: float | None = None) -> Outcome:
    client = Client(here.port, requests, connections)
    try:
        return client.run(seconds, rate)
    finally:
        client.close()


def _each(outcome: Outcome) -> Any:
    return zip(outcome.due, outcome.done, outcome.status, strict=True)


def _good(outcome: Outcome) -> int:
    """Answers that came within the deadline, counted from when the request was due."""
    return sum(status == 200 and done - due <= DEADLINE for due, done, status in _each(outcome))
