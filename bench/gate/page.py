"""The gate's figures as a page, as JSON and as a picture of the curve."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from math import log
from pathlib import Path
from typing import Any

TARGETS = (
    ("check, nothing compiled: under 10 s", lambda f: f["cold"]["seconds"], 10, "s"),
    ("check, as it is daily: under 2 s", lambda f: f["warm"]["seconds"], 2, "s"),
    ("manifests, 1,000 documents: under 2 s", lambda f: f["sizes"]["1000"]["seconds"], 2, "s"),
    ("manifests, 10,000 documents: under 300 MB", lambda f: f["sizes"]["10000"]["megabytes"], 300, "MB"),
    ("manifests: time grows with at most the power 1.1 of the documents", lambda f: f["exponent"], 1.1, ""),
    ("start (--help): under 0.3 s", lambda f: f["start"]["seconds"], 0.3, "s"),
)
WIDTH, HEIGHT, LEFT, BOTTOM, TOP, INSET = 640, 320, 60, 40, 24, 30


def write(figures: dict[str, Any], folder: Path) -> str:
    """Writes ``gate.md``, ``gate.json`` and ``gate.svg``; returns the page."""
    (folder / "gate.json").write_text(json.dumps(figures, indent=1) + "\n", encoding="utf-8")
    (folder / "gate.svg").write_text(curve(figures), encoding="utf-8")
    page = "\n".join([*heading(figures), *targets(figures), *growth(figures), *beside(figures)]) + "\n"
    (folder / "gate.md").write_text(page, encoding="utf-8")
    return page


def heading(figures: dict[str, Any]) -> list[str]:
    return [
        "# The gate: figures",
        "",
        f"Measured {datetime.now(UTC):%Y-%m-%d} on {figures['machine']}, commit {figures['commit']}; medians of "
        f"{figures['rounds']} round(s), each command a process of its own. Memory is the peak of the process.",
    ]


def targets(figures: dict[str, Any]) -> list[str]:
    lines = ["", "## Targets", "", "| target | figure | |", "|---|---|---|"]
    for aim, figure, bound, unit in TARGETS:
        try:
            value = figure(figures)
        except KeyError:
            lines.append(f"| {aim} | not measured | |")
            continue
        lines.append(f"| {aim} | {value:g} {unit} | {'met' if value <= bound else '**missed**'} |")
    return lines


def growth(figures: dict[str, Any]) -> list[str]:
    head = ["", "## manifests by the number of documents", "", "![Seconds by documents](gate.svg)", ""]
    rows = [row(f"{int(size):,}", one) for size, one in figures["sizes"].items()]
    grows = f"CPU time grows with the power {figures['exponent']:g} of the number of documents (1 is linear)."
    return [*head, "| documents | seconds | CPU seconds | MB |", "|---|---|---|---|", *rows, "", grows]


def beside(figures: dict[str, Any]) -> list[str]:
    ours = figures["sizes"][str(figures["beside"])]
    head = ["", f"## Beside other tools, {figures['beside']:,} documents", ""]
    rows = [row(name, one) for name, one in (("readiness manifests", ours), *figures["peers"].items())]
    left_out = [f"| {name} | not measured: {why} | | |" for name, why in figures["missing"].items()]
    return [*head, "| tool | seconds | CPU seconds | MB |", "|---|---|---|---|", *rows, *left_out]


def row(name: str, one: dict[str, float]) -> str:
    return f"| {name} | {one['seconds']:.2f} | {one['cpu']:.2f} | {one['megabytes']:.0f} |"


def curve(figures: dict[str, Any]) -> str:
    """Seconds over documents, what was measured alone; each step to the right or up by the same factor.

    A dashed line shows what linear growth from the first point would be.
    """
    points = [(int(size), one["seconds"]) for size, one in figures["sizes"].items()]
    least, most = points[0][0], points[-1][0]
    quickest, linear = points[0][1], points[0][1] * most / least
    longest = max(linear, *(seconds for _, seconds in points))

    def at(size: float, seconds: float) -> tuple[float, float]:
        across = LEFT + INSET + (WIDTH - LEFT - TOP - INSET) * log(size / least) / log(most / least)
        up = INSET + (HEIGHT - BOTTOM - TOP - 2 * INSET) * log(seconds / quickest) / log(longest / quickest)
        return round(across, 1), round(HEIGHT - BOTTOM - up, 1)

    dots = [(size, seconds, *at(size, seconds)) for size, seconds in points]
    line = " ".join(f"{x},{y}" for _, _, x, y in dots)
    straight = " ".join(f"{x},{y}" for x, y in (at(least, quickest), at(most, linear)))
    marks = "".join(
        f'<circle cx="{x}" cy="{y}" r="4" fill="#d1495b"/>'
        f'<text x="{x}" y="{y + 20}" text-anchor="middle">{seconds:.2f} s</text>'
        f'<text x="{x}" y="{HEIGHT - BOTTOM + 16}" text-anchor="middle">{size:,}</text>'
        for size, seconds, x, y in dots
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="11">'
        f'<title>Seconds of readiness manifests by the number of documents</title><rect width="100%" height="100%" '
        f'fill="white"/><path d="M{LEFT},{TOP} V{HEIGHT - BOTTOM} H{WIDTH - TOP}" fill="none" stroke="#9aa5b1"/>'
        f'<polyline points="{straight}" fill="none" stroke="#9aa5b1" stroke-dasharray="4 4"/>'
        f'<polyline points="{line}" fill="none" stroke="#d1495b" stroke-width="2"/>{marks}'
        f'<text x="{WIDTH - TOP}" y="{HEIGHT - 6}" text-anchor="end">documents (dashed: linear growth)</text></svg>\n'
    )
