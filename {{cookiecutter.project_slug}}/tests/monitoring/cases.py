"""For each alert: when it fires, and when it keeps silent."""

from __future__ import annotations

from monitoring import budget_cases, resource_cases, service_cases

CASES = {**budget_cases.CASES, **service_cases.CASES, **resource_cases.CASES}
