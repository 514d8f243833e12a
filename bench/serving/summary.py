"""From what the visits found to the figures that are shown: medians, and ratios within the same minute, but for p99."""

from __future__ import annotations

import statistics
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from serving.plan import MAIN
from serving.servers import SERVERS
from serving.visit import Visit

Figures = dict[str, Any]
COMPARED = f"1x{MAIN}"
TITLES = {server.name: server.title for server in SERVERS}
SHOWN = ("rps", "cpu_us", "p50_ms", "p99_ms", "bad")


def summarise(visits: Sequence[Visit]) -> list[Figures]:
    """The medians of each server, model and number of workers, in the order of the visits."""
    grouped: dict[tuple[str, str, int], list[Visit]] = defaultdict(list)
    for found in visits:
        grouped[found["server"], found["model"], found["workers"]].append(found)
    figures = [_middle(*key, group) for key, group in grouped.items()]
    bare = [found["reference"]["p99_ms"] for found in visits if "reference" in found]
    for one in figures:
        if "loads" in one:  # by all the run: within one minute a single stall makes a p99 of several
            one["p99_to_bare"] = one["loads"][COMPARED]["p99_ms"] / statistics.median(bare)
        ours = find(figures, "ours", one["model"], one["workers"])
        if ours and "to_bare" in ours and "to_bare" in one:
            one["ours_to_it"] = ours["to_bare"] / one["to_bare"]
    return figures


def find(figures: Iterable[Figures], server: str, model: str = "forest", workers: int = 1) -> Figures | None:
    """The figures of one server, if it was visited."""
    key = server, model, workers
    return next((one for one in figures if (one["server"], one["model"], one["workers"]) == key), None)


def fastest_peer(figures: Iterable[Figures]) -> Figures | None:
    """The one with the highest throughput, measured against the bare server of the same minute."""
    peers = [one for one in figures if one["server"] not in ("ours", "bare") and _main(one) and "to_bare" in one]
    return max(peers, key=lambda one: one["to_bare"], default=None)


def _main(one: Figures) -> bool:
    return (one["model"], one["workers"]) == ("forest", 1)


def _middle(server: str, model: str, workers: int, visits: list[Visit]) -> Figures:
    good = [found for found in visits if "error" not in found]
    errors = [found["error"] for found in visits if "error" in found]
    figures: Figures = {"server": server, "title": TITLES[server], "model": model, "workers": workers}
    figures |= {"rounds": len(good), "errors": errors}
    if not good:
        return figures

    def middle(value: Callable[[Visit], float]) -> float:
        return statistics.median(map(value, good))

    for name in ("start_s", "idle_mb", "busy_mb", "alone_us", "processes"):
        figures[name] = statistics.median(found[name] for found in good)
    figures["loads"] = {
        kind: {name: statistics.median(found["loads"][kind][name] for found in good) for name in SHOWN}
        for kind in good[0]["loads"]
    }
    figures["bad"] = sum(load["bad"] for found in good for load in found["loads"].values())
    figures["to_bare"] = middle(lambda found: _load(found)["rps"] / found["reference"]["rps"])
    figures["cpu_to_bare"] = middle(lambda found: _load(found)["cpu_us"] / found["reference"]["cpu_us"])
    figures["alone_more_us"] = middle(lambda found: found["alone_us"] - found["reference"]["alone_us"])
    figures["spread"] = [extreme(_load(found)["rps"] for found in good) for extreme in (min, max)]
    return figures


def _load(found: Visit) -> dict[str, float]:
    load: dict[str, float] = found["loads"][COMPARED]
    return load
