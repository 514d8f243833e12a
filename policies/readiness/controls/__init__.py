"""All controls. Each module here holds those of one subject; a new module is added to ``MODULES``."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from readiness.control import AnyControl, Kind
from readiness.errors import BadRequest

MODULES: dict[str, Kind] = {
    "readable": "resources",
    "probes": "resources",
    "services": "resources",
    "scaling": "resources",
    "rollouts": "resources",
    "rollback": "resources",
    "budgets": "resources",
    "alerts": "resources",
    "alert_routes": "resources",
    "alert_series": "resources",
    "capacity": "resources",
    "backups": "resources",
    "mesh": "resources",
    "pod_host": "resources",
    "pod_kernel": "resources",
    "pod_restricted": "resources",
    "isolation": "resources",
    "exposure": "resources",
    "rbac": "resources",
    "accounts": "resources",
    "image_references": "resources",
    "container_limits": "resources",
    "aws_encryption": "resources",
    "aws_transit": "resources",
    "aws_exposure": "resources",
    "aws_rights": "resources",
    "aws_backups": "resources",
    "aws_records": "resources",
    "aws_supply": "resources",
    "literals": "resources",
    "images": "repository",
    "image_contents": "repository",
    "supply_chain": "repository",
    "ci_rights": "repository",
    "secrets_in_files": "repository",
    "authentication": "repository",
    "health": "repository",
    "measured": "repository",
    "model_files": "repository",
    "dashboards": "repository",
    "alert_rules": "repository",
    "drift": "repository",
    "logs": "repository",
    "audit_trail": "repository",
    "waivers": "repository",
    "planned": "repository",
    "resilience": "repository",
    "load_tests": "repository",
    "lineage": "repository",
    "approval": "repository",
    "documentation": "repository",
    "objectives": "repository",
    "rollback_command": "repository",
    "drills": "evidence",
}


@cache
def catalogue(*kinds: Kind) -> tuple[AnyControl, ...]:
    """Every control of these kinds, or of all, in order of id. Only the modules of these kinds are imported."""
    found: list[AnyControl] = []
    for name, kind in MODULES.items():
        if not kinds or kind in kinds:
            found.extend(import_module(f"readiness.controls.{name}").CONTROLS)
    return tuple(sorted(found, key=lambda one: one.id))


def named(id: str) -> AnyControl:
    """The control of this id.

    Raises:
        BadRequest: there is none.
    """
    for one in catalogue():
        if one.id.lower() == id.lower():
            return one
    raise BadRequest(f"no control is called {id}: readiness catalogue lists all")
