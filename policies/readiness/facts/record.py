"""A record of evidence as a file: its fields, its digest, and how it is chained to the record before and signed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

SCHEMA = 1
RESULTS = ("pass", "fail")
TEXTS = ("kind", "commit", "environment", "tool", "result", "time", "previous", "digest")
# What each kind has to have measured, beside how it ended.
KINDS: dict[str, tuple[str, ...]] = {
    "rollback-drill": ("seconds", "objective_seconds"),
    "recovery-drill": ("seconds", "objective_seconds"),
    "restore-drill": ("seconds", "objective_seconds"),
    "load-test": ("requests_per_second", "p99_seconds", "objective_p99_seconds"),
    "incident-exercise": (),
    "vulnerability-scan": ("critical", "high"),
    "ml-test": ("test",),
}


class RecordError(Exception):
    """A file is no record of evidence; says why."""


@dataclass(frozen=True, slots=True)
class Record:
    """One piece of evidence.

    Attributes:
        kind: what was done, one of ``KINDS``.
        commit: the commit that it was done with.
        environment: where.
        tool: with what.
        result: ``pass`` or ``fail``.
        time: when it ended.
        values: what was measured, by name.
        file: where the record stands.
        distrust: why it does not count, whatever it says; empty when it does.
        signer: who signed it, once the signature was verified; empty when nobody did.
    """

    kind: str
    commit: str
    environment: str
    tool: str
    result: str
    time: datetime
    values: Mapping[str, Any]
    file: str
    distrust: str = ""
    signer: str = ""

    @property
    def label(self) -> str:
        return f"Evidence/{self.environment}/{self.kind}"

    @property
    def line(self) -> int:
        return 0

    def age(self, now: datetime) -> timedelta:
        return now - self.time


def check(told: Any) -> dict[str, Any]:
    """The content of a record, if it is one.

    Raises:
        RecordError: a field is missing or wrong; names each.
    """
    if not isinstance(told, dict):
        raise RecordError("it is no JSON object")
    wrong = [f"{name} is missing" for name in TEXTS if not isinstance(told.get(name), str)]
    if told.get("schema") != SCHEMA:
        wrong.append(f"schema is {told.get('schema')}, and not {SCHEMA}")
    if told.get("result") not in RESULTS:
        wrong.append("result is neither pass nor fail")
    values = told.get("values")
    if not isinstance(values, dict):
        wrong.append("values is no mapping")
    elif told.get("kind") not in KINDS:
        wrong.append(f"kind is none of {', '.join(KINDS)}")
    else:
        wrong.extend(f"values.{name} is missing" for name in KINDS[told["kind"]] if name not in values)
    if not wrong and moment(told["time"]) is None:
        wrong.append("time is no moment such as 2026-01-31T12:00:00+00:00")
    if wrong:
        raise RecordError("; ".join(wrong))
    return told


def moment(text: str) -> datetime | None:
    """A moment with its offset from UTC; None if it is none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None


def digest(told: Mapping[str, Any]) -> str:
    """SHA-256 over all that a record says, in one spelling; the digest itself and the signature aside."""
    said = {key: value for key, value in told.items() if key not in ("digest", "signature")}
    text = json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()
