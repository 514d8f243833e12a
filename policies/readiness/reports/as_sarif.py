"""SARIF 2.1.0, for code scanning. What passes is left out: readers of SARIF show every result as something to look at.

A control that could not be judged is of the kind "open", whose level has to be "none"; a waived one is suppressed.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from readiness import __version__
from readiness.checklist import ITEMS
from readiness.control import AnyControl, Severity, Verdict
from readiness.judge import Result
from readiness.reports import Report, headline
from readiness.reports.text import visible

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS: dict[Severity, str] = {"critical": "error", "high": "error", "medium": "warning", "low": "note"}


def render(report: Report) -> Iterator[str]:
    shown = [one for one in report.results if one.verdict is not Verdict.PASS]
    controls = {one.control.id: one.control for one in shown}
    places = {id: place for place, id in enumerate(sorted(controls))}
    run = {
        "tool": {"driver": driver([controls[id] for id in places])},
        "automationDetails": {"id": f"readiness/{report.environment}/"},
        "columnKind": "unicodeCodePoints",
        "invocations": [{"executionSuccessful": True, "toolExecutionNotifications": notes(report)}],
        "properties": {"ready": report.ready, "verdict": headline(report), "commit": report.commit},
    }
    head = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    # One line for each result, as in JSON: no second copy of a large report in memory.
    yield json.dumps(head, indent=2, ensure_ascii=False).removesuffix("\n    }\n  ]\n}") + ',\n      "results": ['
    for number, one in enumerate(shown):
        yield (",\n        " if number else "\n        ") + json.dumps(
            result(one, places[one.control.id]), ensure_ascii=False
        )
    yield ("\n      ]" if shown else "]") + "\n    }\n  ]\n}\n"


def driver(controls: list[AnyControl]) -> dict[str, Any]:
    return {"name": "readiness", "semanticVersion": __version__, "rules": [rule(one) for one in controls]}


def notes(report: Report) -> list[dict[str, Any]]:
    return [{"level": "note", "message": {"text": linkless(note)}} for note in report.notes]


def rule(one: AnyControl) -> dict[str, Any]:
    told = f"{one.why}.\n\nDo: {one.remedy}\n\nSources: {'; '.join(one.sources)}"
    pages = [source for source in one.sources if source.startswith("https://")]
    return {
        "id": one.id,
        "shortDescription": {"text": one.title},
        "fullDescription": {"text": f"{one.title}: {one.why}."},
        "help": {"text": told},
        **({"helpUri": pages[0]} if pages else {}),
        "defaultConfiguration": {"level": LEVELS[one.severity]},
        "properties": {"tags": [one.item, ITEMS[one.item].section], "severity": one.severity, "kind": one.kind},
    }


def result(one: Result, rule: int) -> dict[str, Any]:
    finding, control = one.finding, one.control
    failed = finding.verdict is Verdict.FAIL
    identity = "\0".join((control.id, finding.resource, finding.file))
    told = {
        "ruleId": control.id,
        "ruleIndex": rule,
        "kind": "fail" if failed else "open",
        "level": LEVELS[control.severity] if failed else "none",
        "message": {"text": linkless(f"{finding.resource}: {finding.message}")},
        "locations": [location(one)],
        # What stays the same while lines move, as for --baseline.
        "partialFingerprints": {"subject/v1": hashlib.sha256(identity.encode("utf-8", "backslashreplace")).hexdigest()},
        "properties": {"mandatory": control.mandatory, "verdict": one.verdict.value, "remedy": visible(finding.remedy)},
    }
    if not one.waiver:
        return told
    why = f"{one.waiver.reason} (until {one.waiver.until}, by {one.waiver.owner})"
    return told | {"suppressions": [{"kind": "external", "status": "accepted", "justification": linkless(why)}]}


def linkless(text: str) -> str:
    """Text in which no ``[name](address)`` is left, which SARIF would make a link of."""
    return visible(text).replace("](", "] (")


def location(one: Result) -> dict[str, Any]:
    """Where it is. What is in no one file is at the root, as readers of SARIF want a file or folder."""
    finding = one.finding
    region = {"region": {"startLine": finding.line}} if finding.line else {}
    return {
        "physicalLocation": {"artifactLocation": artifact(finding.file or "."), **region},
        "logicalLocations": [{"fullyQualifiedName": visible(finding.resource), "kind": "resource"}],
    }


def artifact(file: str) -> dict[str, str]:
    path = PurePath(file)
    if path.is_absolute():
        return {"uri": path.as_uri()}
    return {"uri": quote(os.fsencode(file)), "uriBaseId": "%SRCROOT%"}
