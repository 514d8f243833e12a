"""The ML Test Score: 28 tests in four sections, and how many of them a service passes.

Breck, Cai, Nielsen, Salib, Sculley: The ML Test Score, IEEE Big Data 2017. A test that a machine repeats gives a
point, one that a person did and signed half a point; the score is the smallest of the four sums, as the weakest part
decides. What counts as automated is told by parsing (``ml_tests``); manual tests count by signed evidence of the kind
``ml-test`` alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from readiness.facts import Facts
from readiness.facts.evidence import Record
from readiness.ml_tests import TESTS, Test

AUTOMATED, MANUAL = 1.0, 0.5
EVIDENCE = "ml-test"
OLDEST = timedelta(days=365)  # a test that nobody has repeated for a year says little of today's model


@dataclass(frozen=True, slots=True)
class Scored:
    """What one test gives.

    Attributes:
        how: ``automated``, ``manual`` or ``none``.
        where: the file that shows it; for ``none`` why nothing counts.
    """

    test: Test
    how: str
    where: str

    @property
    def points(self) -> float:
        return {"automated": AUTOMATED, "manual": MANUAL}.get(self.how, 0.0)


@dataclass(frozen=True, slots=True)
class MlTestScore:
    """All 28 tests, section by section, in the paper's order."""

    sections: dict[str, tuple[Scored, ...]]

    @property
    def sums(self) -> dict[str, float]:
        return {name: sum(one.points for one in scored) for name, scored in self.sections.items()}

    @property
    def score(self) -> float:
        return min(self.sums.values())

    def as_json(self) -> dict[str, Any]:
        sums = self.sums
        return {
            "score": self.score,
            "sections": {
                name: {"score": sums[name], "tests": [shown(one) for one in scored]}
                for name, scored in self.sections.items()
            },
        }


def shown(one: Scored) -> dict[str, Any]:
    return {
        "test": one.test.id,
        "title": one.test.title,
        "points": one.points,
        "how": one.how,
        "where": one.where,
    }


def ml_test_score(facts: Facts) -> MlTestScore:
    """Scores a service; the same facts give the same score."""
    sections: dict[str, list[Scored]] = {}
    for test in TESTS:
        sections.setdefault(test.section, []).append(scored(test, facts))
    return MlTestScore({name: tuple(found) for name, found in sections.items()})


def scored(test: Test, facts: Facts) -> Scored:
    where = automated(test, facts)
    if where:
        return Scored(test, "automated", where)
    records = [one for one in facts.evidence.of(EVIDENCE) if one.values.get("test") == test.id]
    for record in records:
        if not refused(record, facts):
            return Scored(test, "manual", record.file)
    why = f"{records[0].file}: {refused(records[0], facts)}" if records else f"not found: {test.looks_for}"
    return Scored(test, "none", why)


def automated(test: Test, facts: Facts) -> str:
    """Where a machine repeats it; empty when that cannot be told, as unknown is never yes."""
    try:
        return test.find(facts) if test.find else ""
    except Exception:  # a file that cannot be read, or a shape that nobody foresaw; controls say which
        return ""


def refused(record: Record, facts: Facts) -> str:
    """Why a record does not count; empty when it does."""
    if record.distrust:
        return record.distrust
    if not record.signer:
        return "nobody signed it"
    if record.result != "pass":
        return "it says that the test failed"
    if record.age(facts.now) > OLDEST:
        return f"it is older than {OLDEST.days} days"
    return ""
