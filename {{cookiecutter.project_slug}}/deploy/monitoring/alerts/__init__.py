"""All alerts of the service, one module for each subject."""

from __future__ import annotations

from deploy.monitoring.alerts import budget, controls, errors, load, model, pods, reach
from deploy.monitoring.alerts.alert import Alert
from deploy.monitoring.slo import Slo
from deploy.monitoring.target import Target

__all__ = ["Alert", "alerts"]


def alerts(target: Target, slo: Slo) -> dict[str, list[Alert]]:
    """The alerts by subject."""
    return {
        "budget": budget.alerts(target, slo),
        "reach": reach.alerts(target),
        "model": model.alerts(target),
        "errors": errors.alerts(target),
        "load": load.alerts(target),
        "pods": pods.alerts(target),
        "controls": controls.alerts(target),
    }
