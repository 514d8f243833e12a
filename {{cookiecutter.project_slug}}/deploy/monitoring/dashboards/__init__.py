"""The service's dashboards, as Grafana takes them."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Any

from deploy.monitoring import names
from deploy.monitoring.dashboards import model, service
from deploy.monitoring.dashboards.panel import SOURCE, Row, lay_out
from deploy.monitoring.slo import Slo
from deploy.monitoring.target import Target

__all__ = ["dashboards"]


def dashboards(name: str, *, namespace: str = "services", slo: Slo | None = None) -> dict[str, dict[str, Any]]:
    """Dashboards by file name.

    Args:
        name: of the service: the job under which it is scraped.
        namespace: where it runs.
        slo: what it promises.
    """
    target = Target(name, namespace)
    return {
        "service.json": _dashboard(target, "service", service.rows(target, slo or Slo())),
        "model.json": _dashboard(target, "model", model.rows(target)),
    }


def _dashboard(target: Target, subject: str, rows: Sequence[Row]) -> dict[str, Any]:
    label = "Prometheus"
    source = {"name": "source", "label": label, "type": "datasource", "query": "prometheus", "hide": 0, "current": {}}
    key = hashlib.sha256(f"{target.namespace}/{target.service}/{subject}".encode()).hexdigest()
    return {
        "uid": key[:20],  # Grafana allows 40 characters, fewer than a name may have
        "title": f"{target.service}: {subject}",
        "tags": ["service", target.service],
        "editable": False,
        "schemaVersion": 39,
        "time": {"from": "now-3h", "to": "now"},
        "refresh": "30s",
        "timezone": "utc",
        "templating": {"list": [source]},
        "annotations": {"list": [_loads(target)]},
        "panels": lay_out(rows),
    }


def _loads(target: Target) -> dict[str, Any]:
    """A mark at each moment a model was loaded: what changed last is the first question."""
    return {
        "name": "Model loaded",
        "datasource": SOURCE,
        "enable": True,
        "expr": f"{target.of(names.LOADED)} * 1000",
        "useValueForTime": True,
        "titleFormat": "{{model}} {{version}} on {{instance}}",
        "iconColor": "purple",
    }
