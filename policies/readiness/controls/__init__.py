"""All controls. Each module here holds those of one subject; a new module is added to ``MODULES``."""

from __future__ import annotations

from functools import cache
from importlib import import_module

from readiness.control import AnyControl, Kind
from readiness.errors import BadRequest

MODULES: dict[str, Kind] = {
    "readable": "resources",
    "probes": "resources",
    "pod_host": "resources",
    "pod_kernel": "resources",
    "pod_restricted": "resources",
    "isolation": "resources",
    "exposure": "resources",
    "rbac": "resources",
    "accounts": "resources",
    "image_references": "resources",
    "container_limits": "resources",
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
