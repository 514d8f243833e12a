"""PromQL as text: what a query names, and queries in a form that promtool checks."""

from __future__ import annotations

import re
from typing import Any

WORDS = {"and", "or", "unless", "bool", "offset"}
NOT_METRICS = (
    r"\"[^\"]*\"",  # texts
    r"\{[^}]*\}",  # labels asked for
    r"\[[^\]]*\]",  # windows
    r"\b(?:by|on|without|ignoring|group_left|group_right)\s*\([^)]*\)",
    r"\b\w+\s*\(",  # functions
    r"\boffset\s+\w+",
    r"\b[\d.]+\w*",  # numbers and durations
)


def metrics_in(query: str) -> set[str]:
    """The metrics and records that a query names."""
    for pattern in NOT_METRICS:
        query = re.sub(pattern, " ( " if pattern.endswith(r"\(") else " ", query)
    return set(re.findall(r"[A-Za-z_:][\w:]*", query)) - WORDS


def as_rules(queries: list[str]) -> dict[str, Any]:
    """Queries in a form that promtool checks."""
    asked = [{"record": f"query:{number}", "expr": query} for number, query in enumerate(queries)]
    return {"groups": [{"name": "queries", "rules": asked}]}
