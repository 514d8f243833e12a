"""The picture of the figures: `python plot.py serving.json serving.png`, in a generated project's environment."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt

OURS, LIMIT, OTHERS, INK = "#d1495b", "#30638e", "#9aa5b1", "#22303c"
LABELS = {
    "ours": "this template,\nall controls on",
    "fastapi_onnx": "FastAPI + ONNX Runtime,\nusual middleware",
    "ray_serve": "Ray Serve",
}
SHORT = {"ours": "this template", "bare": "bare uvicorn", "fastapi_onnx": "FastAPI + ONNX + usual"}


def main(source: Path, target: Path) -> None:
    """Draw."""
    document = json.loads(source.read_text(encoding="utf-8"))
    found = [one for one in document["figures"] if (one["model"], one["workers"]) == ("forest", 1) and "loads" in one]
    found.sort(key=lambda one: one["to_bare"])
    plt.rcParams.update({"font.family": "DejaVu Sans", "font.size": 10, "axes.edgecolor": "#c5ccd3", "text.color": INK})
    figure = plt.figure(figsize=(12, 9), layout="constrained")
    grid = figure.add_gridspec(2, 2, height_ratios=(1.15, 1))
    throughput(figure.add_subplot(grid[0, :]), found)
    latency(figure.add_subplot(grid[1, 0]), found)
    size(figure.add_subplot(grid[1, 1]), found)
    machine = document["machine"]
    told = (
        f"{machine['date']} · {machine['cores']} cores, {machine['processor']} · medians of",
        f"{document['plan']['rounds']} round(s), servers in turn · random forest of 100 trees, one worker ·",
        f"commit {machine['commit']}",
    )
    figure.supxlabel(" ".join(told), fontsize=8, color="#6b7785")
    figure.savefig(target, dpi=130)


def throughput(axes: Any, found: list[dict[str, Any]]) -> None:
    """How many requests a second, and what share of the limit."""
    values = [one["loads"]["1x64"]["rps"] for one in found]
    bars = axes.barh([label(one) for one in found], values, color=[colour(one) for one in found], height=0.72)
    for bar, one, value in zip(bars, found, values, strict=True):
        words = f" {value:,.0f}   {one['loads']['1x64']['cpu_us']:,.0f} µs of CPU each"
        if one["server"] not in ("ours", "bare") and "ours_to_it" in one:
            words += f"   (the template: {one['ours_to_it']:.0f}×)"
        axes.text(value, bar.get_y() + bar.get_height() / 2, words, va="center", fontsize=9)
    axes.set_xlim(0, max(values) * 1.22)
    title(axes, "Requests a second, one row of 30 numbers each, 64 connections")
    axes.tick_params(left=False, bottom=False, labelbottom=False)


def latency(axes: Any, found: list[dict[str, Any]]) -> None:
    """The slowest hundredth, by connections."""
    ends = []
    for one in found:
        loads = one["loads"].items()
        points = sorted((int(kind[2:]), load["p99_ms"]) for kind, load in loads if kind.startswith("1x"))
        thick = 2.6 if one["server"] in ("ours", "bare") else 1.3
        axes.plot(*zip(*points, strict=True), color=colour(one), lw=thick, marker="o", ms=thick + 1)
        ends.append((*points[-1], one))
    axes.set(xscale="log", yscale="log", xlabel="connections", xticks=(1, 16, 64, 256), xlim=(0.9, 1800))
    axes.get_xaxis().set_major_formatter("{x:.0f}")
    axes.get_yaxis().set_major_formatter("{x:g}")
    axes.minorticks_off()
    spread(axes, ends)
    title(axes, "Latency: 99 of 100 answers within … ms")
    axes.grid(axis="y", color="#e6eaee", zorder=0)


def size(axes: Any, found: list[dict[str, Any]]) -> None:
    """How soon it answers after its start, and the memory it takes when idle."""
    for one in found:
        big = 90 if one["server"] in ("ours", "bare") else 50
        axes.scatter(one["start_s"], one["idle_mb"], s=big, color=colour(one), zorder=3)
    axes.set(xscale="log", yscale="log", xlabel="seconds from start to first answer", ylabel="idle memory, MB")
    for axis in (axes.get_xaxis(), axes.get_yaxis()):
        axis.set_major_formatter("{x:g}")
    axes.margins(x=0.3, y=0.12)
    spread(axes, [(one["start_s"], one["idle_mb"], one) for one in found])
    title(axes, "Start and memory")
    axes.grid(color="#e6eaee", zorder=0)


def spread(axes: Any, points: list[tuple[float, float, dict[str, Any]]]) -> None:
    """Label points at their right, moved apart where the labels would overlap."""
    heights = [y for _, y, _ in points]
    apart = (max(heights) / min(heights)) ** 0.05
    at = 0.0
    for x, y, one in sorted(points, key=lambda point: point[1]):
        at = max(y, at * apart)
        ours = one["server"] == "ours"
        words = SHORT.get(one["server"], label(one))
        weight = "bold" if ours else "normal"
        axes.annotate(words, (x, y), (x * 1.2, at), fontsize=8.5, va="center", color=INK, weight=weight)


def label(one: dict[str, Any]) -> str:
    return LABELS.get(one["server"], str(one["title"]))


def colour(one: dict[str, Any]) -> str:
    return {"ours": OURS, "bare": LIMIT}.get(one["server"], OTHERS)


def title(axes: Any, words: str) -> None:
    axes.set_title(words, loc="left", fontsize=11, fontweight="bold")
    axes.spines[["top", "right"]].set_visible(False)


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
