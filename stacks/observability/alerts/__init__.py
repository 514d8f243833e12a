"""The platform's own alerts, one module for each subject. What to do when one fires is in ``runbooks/``.

The alert that always fires, ``Watchdog``, is the chart's: it feeds the dead man's switch.
"""

from __future__ import annotations

from typing import Any

from stacks.observability.alerts import backups, nodes, storage, supply, watching
from stacks.observability.alerts.alert import Alert

__all__ = ["Alert", "platform_rules"]

SUBJECTS: dict[str, tuple[Alert, ...]] = {
    "nodes": nodes.ALERTS,
    "storage": storage.ALERTS,
    "supply": supply.ALERTS,
    "backups": backups.ALERTS,
    "watching": watching.ALERTS,
}


def platform_rules(team: str, runbook_base: str) -> dict[str, Any]:
    """Alerting rules of the platform.

    Args:
        team: who gets them.
        runbook_base: address of the folder with the runbook pages.

    Returns:
        The spec of a PrometheusRule: ``{"groups": […]}``. Prometheus reads the same as a file of rules.
    """
    return {
        "groups": [
            {"name": f"platform-{subject}", "rules": [alert.rule(team, runbook_base) for alert in alerts]}
            for subject, alerts in SUBJECTS.items()
        ]
    }
