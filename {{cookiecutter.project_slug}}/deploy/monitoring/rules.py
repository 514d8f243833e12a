"""The rules of one service, as a PrometheusRule holds them."""

from __future__ import annotations

from typing import Any

from deploy.monitoring import recording
from deploy.monitoring.alerts import alerts
from deploy.monitoring.slo import Slo
from deploy.monitoring.target import Target


def rules(
    service: str, team: str, runbook_base: str, *, namespace: str = "services", slo: Slo | None = None
) -> dict[str, Any]:
    """Recording and alerting rules.

    Args:
        service: its name: the job under which it is scraped.
        team: who gets its alerts.
        runbook_base: address of the folder with the runbook pages.
        namespace: where it runs.
        slo: what it promises.

    Returns:
        The spec of a PrometheusRule: ``{"groups": […]}``. Prometheus reads the same as a file of rules.
    """
    target, promised = Target(service, namespace), slo or Slo()
    groups = recording.groups(target, promised)
    for subject, found in alerts(target, promised).items():
        bound = [alert.rule(service, team, runbook_base) for alert in found]
        groups.append({"name": f"{service}-{subject}", "rules": bound})
    return {"groups": groups}
