"""Things so rare that a single one counts."""

from __future__ import annotations

from deploy.monitoring import names
from deploy.monitoring.target import Target, increase


def happened(target: Target, series: str, window: str) -> str:
    """How often something happened at each instance in a window, if it did.

    A series that is not there before its first event begins with that event, which ``increase`` therefore cannot see.
    So a series that an instance did not have at the window's begin counts from zero, if the instance was scraped then.
    """
    asked = f"on (instance) {target.of(names.IN_FLIGHT)} offset {window}"
    return f"({increase(series, window)} > 0 or ({series} unless {series} offset {window}) and {asked})"
