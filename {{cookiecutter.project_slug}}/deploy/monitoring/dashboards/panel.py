"""Panels of a Grafana dashboard, as plain data, and how they are laid out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

Unit = Literal["percentunit", "s", "short", "reqps", "bytes", "none"]
Query = tuple[str, str]
"""PromQL, and what its lines are called: text that may hold labels, such as ``{{reason}}``."""

SOURCE = {"type": "prometheus", "uid": "${source}"}
WIDTH = 24
SMALL, LARGE = 4, 8


@dataclass(frozen=True)
class Panel:
    """A question and its answer.

    Attributes:
        title: the question.
        told: how to read the answer, and what is usual.
        queries: give the answer.
        unit: of the values, as Grafana names it.
        bad: from this value on it is shown in red; None where no value is bad by itself. Below it if ``low_is_bad``.
        low_is_bad: small values are the bad ones.
        number: the newest value alone, not its course.
    """

    title: str
    told: str
    queries: Sequence[Query]
    unit: Unit = "short"
    bad: float | None = None
    low_is_bad: bool = False
    number: bool = False

    def laid(self, number: int, x: int, y: int, width: int) -> dict[str, Any]:
        """The panel as Grafana takes it."""
        height = SMALL if self.number else LARGE
        return {
            "id": number,
            "type": "stat" if self.number else "timeseries",
            "title": self.title,
            "description": self.told,
            "datasource": SOURCE,
            "gridPos": {"x": x, "y": y, "w": width, "h": height},
            "targets": [self._target(place, *query) for place, query in enumerate(self.queries)],
            "fieldConfig": {"defaults": self._shown(), "overrides": []},
            "options": {"reduceOptions": {"calcs": ["lastNotNull"]}} if self.number else {},
        }

    def _target(self, place: int, expr: str, legend: str) -> dict[str, Any]:
        return {
            "refId": chr(ord("A") + place),
            "datasource": SOURCE,
            "expr": expr,
            "legendFormat": legend,
            "instant": self.number,
            "range": not self.number,
        }

    def _shown(self) -> dict[str, Any]:
        good, bad = ("red", "green") if self.low_is_bad else ("green", "red")
        steps: list[dict[str, Any]] = [{"color": good if self.bad is not None else "blue", "value": None}]
        if self.bad is not None:
            steps.append({"color": bad, "value": self.bad})
        shown: dict[str, Any] = {
            "unit": self.unit,
            "noValue": "none",
            "thresholds": {"mode": "absolute", "steps": steps},
        }
        if not self.number:
            line = {"thresholdsStyle": {"mode": "line" if self.bad is not None else "off"}}
            shown |= {"color": {"mode": "palette-classic"}, "custom": line}
        return shown


@dataclass(frozen=True)
class Row:
    """Panels side by side that belong together."""

    title: str
    panels: Sequence[Panel] = field(default_factory=tuple)


def lay_out(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """All panels, row by row, numbered in the order in which they are read."""
    laid: list[dict[str, Any]] = []
    y = 0
    for row in rows:
        grid = {"x": 0, "y": y, "w": WIDTH, "h": 1}
        laid.append({"id": len(laid) + 1, "type": "row", "title": row.title, "collapsed": False, "gridPos": grid})
        width = WIDTH // len(row.panels)
        laid += [panel.laid(len(laid) + 1 + n, n * width, y + 1, width) for n, panel in enumerate(row.panels)]
        y += 1 + max(SMALL if panel.number else LARGE for panel in row.panels)
    return laid
