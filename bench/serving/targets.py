"""What was aimed at, and whether it was reached. A target that was not measured is said to be so, never met."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from serving.summary import Figures, fastest_peer, find


@dataclass(frozen=True)
class Target:
    """One aim.

    Attributes:
        aim: in words.
        found: the figure, in words.
        met: whether it was reached; None if it was not measured.
    """

    aim: str
    found: str
    met: bool | None


def judge(figures: Sequence[Figures], more: dict[str, Any]) -> list[Target]:
    """All targets. ``more`` holds what was measured on the service alone, by name."""
    return [*_beside_bare(figures), *_beside_peers(figures), *_start(figures), *_overload(more), *_changes(more)]


def _beside_bare(figures: Sequence[Figures]) -> list[Target]:
    ours = find(figures, "ours") or {}
    kinds = (
        ("throughput at 64 connections: at least 0.5 of bare uvicorn", "to_bare", "{:.2f}", lambda x: x >= 0.5),
        ("CPU time a request: at most twice bare uvicorn's", "cpu_to_bare", "{:.2f} times", lambda x: x <= 2),
        ("p99 at 64 connections: at most twice bare uvicorn's", "p99_to_bare", "{:.2f} times", lambda x: x <= 2),
        ("p50 at one connection: within 150 µs of bare uvicorn", "alone_more_us", "{:+.0f} µs", lambda x: x <= 150),
    )
    return [_target(aim, ours.get(name), words, met) for aim, name, words, met in kinds]


def _beside_peers(figures: Sequence[Figures]) -> list[Target]:
    peer = fastest_peer(figures)
    ratio = peer.get("ours_to_it") if peer else None
    words = f"{{:.1f}} times {peer['title'] if peer else ''}"
    return [_target("throughput: at least 4 times the fastest peer", ratio, words, lambda x: x >= 4)]


def _start(figures: Sequence[Figures]) -> list[Target]:
    ours = find(figures, "ours") or {}
    return [
        _target("start to ready: under 1.5 s", ours.get("start_s"), "{:.2f} s", lambda x: x < 1.5),
        _target("idle memory: under 150 MB", ours.get("idle_mb"), "{:.0f} MB", lambda x: x < 150),
    ]


def _overload(more: dict[str, Any]) -> list[Target]:
    targets = []
    for rows in (1, 100):
        name = f"at twice the sustainable load, {rows} row{'s' * (rows > 1)}"
        runs = [run for run in more.get("overload", ()) if run["rows"] == rows]
        deadline = runs[0]["deadline_ms"] if runs else 100
        goodput, p99, refused = (
            statistics.median(run[key] for run in runs) if runs else None
            for key in ("goodput", "answered_p99_ms", "refused_p99_ms")
        )
        targets += [
            _target(f"{name}: goodput at least 0.9 of the peak", goodput, "{:.2f}", lambda x: x >= 0.9),
            _target(
                f"{name}: p99 within the {deadline:.0f} ms asked for", p99, "{:.0f} ms", lambda x, d=deadline: x <= d
            ),
            _target(f"{name}: the rest refused in under 5 ms (p99)", refused, "{:.1f} ms", lambda x: x < 5),
        ]
    return targets


def _changes(more: dict[str, Any]) -> list[Target]:
    tokens = more.get("tokens")
    share = statistics.median(run["jwt_rps"] / run["key_rps"] for run in tokens) if tokens else None
    reloads, soak = more.get("reloads"), more.get("soak")
    step = reloads["reload_worst_ms"] / reloads["calm_p99_ms"] if reloads else None
    lost = reloads["lost"] if reloads else None
    grown = soak["late_mb"] - soak["early_mb"] if soak else None
    minutes = f"{soak['seconds'] / 60:g}" if soak else "10"
    growth = f"{{:+.1f}} MB; {soak['growth_mb_a_day']:+.0f} MB a day if it went on" if soak else ""
    return [
        _target("tokens (JWT): within 15% of the API key's throughput", share, "{:.2f} of it", lambda x: x >= 0.85),
        _target("reload under load: no step above twice p99", step, "{:.2f} times", lambda x: x <= 2),
        _target("reload under load: no request lost", lost, "{} lost", lambda x: x == 0),
        _target(f"{minutes} minutes of full load: memory flat (within 2 MB)", grown, growth, lambda x: x <= 2),
    ]


def _target(aim: str, value: float | None, words: str, met: Any) -> Target:
    return Target(aim, "not measured", None) if value is None else Target(aim, words.format(value), bool(met(value)))
