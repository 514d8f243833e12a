"""JSON, for machines: keys in a fixed order, the same bytes for the same report."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from readiness.facts.waivers import Waiver
from readiness.judge import Result
from readiness.reports import Report
from readiness.verdict import ItemVerdict


def render(report: Report) -> Iterator[str]:
    parts: dict[str, Any] = {}
    if report.items:
        parts["items"] = {id: item(one) for id, one in report.items.items()}
        parts["score"] = report.score
        parts["ml_test_score"] = report.ml_test_score.as_json() if report.ml_test_score else None
        parts["commit"] = report.commit or None
    parts["environment"] = report.environment
    parts["waived"] = [waiver(one) for one in report.waivers]
    parts["notes"] = list(report.notes)
    yield json.dumps(parts, indent=2, ensure_ascii=False)[:-2] + ',\n  "results": ['
    # One line for each result: readable with grep, and no second copy of a large report in memory.
    for place, one in enumerate(report.results):
        yield (",\n    " if place else "\n    ") + json.dumps(result(one), ensure_ascii=False)
    yield ("\n  ]" if report.results else "]") + "\n}\n"


def item(one: ItemVerdict) -> dict[str, Any]:
    return {
        "verdict": one.verdict.value,
        "controls": [
            {
                "control": own.control.id,
                "verdict": own.verdict.value if own.verdict else "not-applicable",
                "kind": own.control.kind,
                "mandatory": own.control.mandatory,
            }
            for own in one.controls
        ],
    }


def result(one: Result) -> dict[str, Any]:
    finding = one.finding
    shown = {
        "control": one.control.id,
        "item": one.control.item,
        "verdict": one.verdict.value,
        "severity": one.control.severity,
        "resource": finding.resource,
        "file": finding.file or None,
        "line": finding.line or None,
        "message": finding.message,
        "remedy": finding.remedy,
    }
    if not one.waiver:
        return shown
    return shown | {"waived_verdict": finding.verdict.value, "waiver": waiver(one.waiver)}


def waiver(one: Waiver) -> dict[str, Any]:
    return {
        "control": one.control,
        "resource": one.resource or None,
        "owner": one.owner,
        "until": one.until,
        "reason": one.reason,
        "file": one.file,
        "line": one.line,
    }
