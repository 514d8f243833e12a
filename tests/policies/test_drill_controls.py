"""Drills: how long a record counts, which record is judged, and what it may have measured."""

from datetime import timedelta

import pytest

from fixtures import NOW
from readiness.control import Verdict
from readiness.controls import named
from readiness.facts import Facts
from readiness.facts.evidence import Evidence
from readiness.facts.record import KINDS, Record

DAYS = {
    "D5.rollback-drill": 90,
    "R1.recovery-drill": 365,
    "R2.restore-drill": 90,
    "R4.load-test-result": 90,
    "R5.incident-exercise": 180,
    "S4.vulnerability-scan": 7,
}
VALUES = {"seconds": 40, "objective_seconds": 40, "p99_seconds": 1, "objective_p99_seconds": 1, "critical": 0}


def record(id, days=0, result="pass", environment="prod", distrust="", **values):
    kind = id.partition(".")[2].removesuffix("-result")
    at = NOW - timedelta(days=days)
    return Record(kind, "0" * 40, environment, "tool", result, at, {**VALUES, **values}, "a.json", distrust)


def findings(id, *records):
    return list(named(id).findings(Facts(evidence=Evidence(records), environment="prod", now=NOW)))


def said(id, *records):
    return [finding.verdict for finding in findings(id, *records)]


@pytest.mark.parametrize(("id", "days"), DAYS.items())
def test_a_record_counts_for_so_many_days(id, days):
    assert said(id, record(id, days)) == [Verdict.PASS]
    assert said(id, record(id, days + 1)) == [Verdict.FAIL]


@pytest.mark.parametrize("id", DAYS)
def test_only_the_newest_record_of_the_environment_is_judged(id):
    assert said(id, record(id), record(id, result="fail")) == [Verdict.PASS]
    assert said(id, record(id, environment="dev"), record(id, result="fail")) == [Verdict.FAIL]
    assert said(id, record(id, environment="dev")) == []
    assert said(id, record("other.kind")) == []


@pytest.mark.parametrize(
    ("id", "values", "allowed"),
    [
        *((id, {"seconds": 41}, False) for id in ("D5.rollback-drill", "R1.recovery-drill", "R2.restore-drill")),
        ("R4.load-test-result", {"p99_seconds": 1.5}, False),
        ("R4.load-test-result", {"seconds": 41}, True),
        ("R5.incident-exercise", {"seconds": 41, "critical": 1}, True),
        ("S4.vulnerability-scan", {"critical": 1}, False),
    ],
)
def test_what_was_measured_is_within_what_is_allowed(id, values, allowed):
    assert said(id, record(id, **values)) == [Verdict.PASS if allowed else Verdict.FAIL]


@pytest.mark.parametrize("id", DAYS)
def test_the_remedy_names_each_value_that_a_record_needs(id):
    failed = record(id, result="fail")
    (finding,) = findings(id, failed)
    values = "".join(f" --value {name}=…" for name in KINDS[failed.kind])
    assert finding.remedy.endswith(f"add {failed.kind} --environment ENV --tool TOOL --result pass{values}")


def test_a_record_that_was_edited_does_not_count():
    assert said("D5.rollback-drill", record("D5.rollback-drill", distrust="edited")) == [Verdict.FAIL]
