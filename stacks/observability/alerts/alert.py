"""One alert of the platform: when it fires, how urgent it is, and what it tells."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Literal

Severity = Literal["page", "ticket", "info"]


@dataclass(frozen=True)
class Alert:
    """An alert, not yet bound to a team.

    Attributes:
        name: in camel case; its runbook page has the same name in kebab case.
        severity: ``page`` wakes somebody, ``ticket`` waits for working hours, ``info`` explains another.
        expr: PromQL that gives something while it is so.
        hold: how long it must be so, such as ``5m``; a single odd scrape alerts nobody.
        summary: what is wrong, in one line that a telephone shows.
        description: what it means for the services; may use Prometheus' templates.
    """

    name: str
    severity: Severity
    expr: str
    hold: str
    summary: str
    description: str

    @property
    def page(self) -> str:
        """File name of its runbook page."""
        return re.sub(r"(?<!^)(?=[A-Z])", "-", self.name).lower() + ".md"

    def rule(self, team: str, runbook_base: str) -> dict[str, Any]:
        """The alert as Prometheus takes it."""
        return {
            "alert": self.name,
            "expr": self.expr,
            "for": self.hold,
            "labels": {"severity": self.severity, "team": team},
            "annotations": {
                "summary": self.summary,
                "description": self.description,
                "runbook_url": f"{runbook_base.rstrip('/')}/{self.page}",
            },
        }
