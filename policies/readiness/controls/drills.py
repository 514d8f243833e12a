"""Drills: evidence that what is planned for a bad day was tried on a good one."""

from __future__ import annotations

from collections.abc import Iterator

from readiness.control import Problem, control
from readiness.facts import Facts
from readiness.facts.evidence import Record

MOST_DAYS = 90


def newest_rollback(facts: Facts) -> Iterator[Record]:
    """The newest drill in this environment."""
    drills = [one for one in facts.evidence.of("rollback-drill") if one.environment == facts.environment]
    return iter(drills[:1])


@control(
    id="D5.rollback-drill",
    title=f"A rollback was drilled within {MOST_DAYS} days and restored service in the stated time",
    why="a rollback that was never tried fails on the day it is needed",
    remedy="roll back once, then: readiness evidence add rollback-drill --environment ENV --result pass …",
    severity="medium",
    kind="evidence",
    sources=("https://sre.google/sre-book/release-engineering/",),
    subjects=newest_rollback,
    needs="evidence of a rollback drill",
)
def rollback_drill(drill: Record, facts: Facts) -> Iterator[Problem]:
    if drill.distrust:
        yield Problem(f"the newest drill does not count: {drill.distrust}")
    if drill.result != "pass":
        yield Problem("the newest drill did not restore service")
    if drill.age(facts.now).days > MOST_DAYS:
        yield Problem(f"the newest drill is {drill.age(facts.now).days} days old")


CONTROLS = (rollback_drill,)
