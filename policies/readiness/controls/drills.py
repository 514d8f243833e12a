"""Drills: evidence that what is planned for a bad day was tried on a good one."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from readiness.control import Problem, control
from readiness.facts import Facts
from readiness.facts.evidence import Record

MOST_DAYS = 90
MOST_DAYS_OF_A_RECOVERY = 365  # it takes a whole environment


def newest(kind: str) -> Callable[[Facts], Iterator[Record]]:
    """The newest record of a kind in the environment that is judged."""

    def subjects(facts: Facts) -> Iterator[Record]:
        drills = [one for one in facts.evidence.of(kind) if one.environment == facts.environment]
        return iter(drills[:1])

    return subjects


def unfit(drill: Record, facts: Facts, what: str, failed: str, most_days: int = MOST_DAYS) -> Iterator[Problem]:
    """Why a record does not show what it should."""
    if drill.distrust:
        yield Problem(f"the newest {what} does not count: {drill.distrust}")
    if drill.result != "pass":
        yield Problem(f"the newest {what} {failed}")
    if drill.age(facts.now).days > most_days:
        yield Problem(f"the newest {what} is {drill.age(facts.now).days} days old")


@control(
    id="D5.rollback-drill",
    title=f"A rollback was drilled within {MOST_DAYS} days and restored service in the stated time",
    why="a rollback that was never tried fails on the day it is needed",
    remedy="roll back once, then: readiness evidence add rollback-drill --environment ENV --result pass …",
    severity="medium",
    kind="evidence",
    sources=("https://sre.google/sre-book/release-engineering/",),
    subjects=newest("rollback-drill"),
    needs="evidence of a rollback drill",
)
def rollback_drill(drill: Record, facts: Facts) -> Iterator[Problem]:
    yield from unfit(drill, facts, "drill", "did not restore service")


@control(
    id="R1.recovery-drill",
    title=f"The loss of the environment was drilled within {MOST_DAYS_OF_A_RECOVERY} days",
    why="a plan for the loss of everything is wrong in places that only trying it shows",
    remedy="bring up an empty environment by the plan, then: readiness evidence add recovery-drill --environment ENV …",
    severity="medium",
    kind="evidence",
    sources=("NIST SP 800-34",),
    subjects=newest("recovery-drill"),
    needs="evidence of a recovery drill",
)
def recovery_drill(drill: Record, facts: Facts) -> Iterator[Problem]:
    yield from unfit(drill, facts, "drill", "did not bring the service back", MOST_DAYS_OF_A_RECOVERY)


@control(
    id="R2.restore-drill",
    title=f"A restore was drilled within {MOST_DAYS} days",
    why="backups that nobody restored turn out empty, encrypted with a lost key, or older than the schema",
    remedy="restore into an empty place, then: readiness evidence add restore-drill --environment ENV --result pass …",
    severity="medium",
    kind="evidence",
    sources=("NIST SP 800-34",),
    subjects=newest("restore-drill"),
    needs="evidence of a restore drill",
)
def restore_drill(drill: Record, facts: Facts) -> Iterator[Problem]:
    yield from unfit(drill, facts, "drill", "did not restore the data")


@control(
    id="R4.load-test-result",
    title=f"A load test within {MOST_DAYS} days met its thresholds",
    why="what a copy bears changes with each model and each library",
    remedy="run the load test, then: readiness evidence add load-test --environment ENV --result pass …",
    severity="medium",
    kind="evidence",
    sources=("https://sre.google/sre-book/software-engineering-in-sre/",),
    subjects=newest("load-test"),
    needs="evidence of a load test",
)
def load_test_result(test: Record, facts: Facts) -> Iterator[Problem]:
    yield from unfit(test, facts, "load test", "did not meet its thresholds")


CONTROLS = (rollback_drill, recovery_drill, restore_drill, load_test_result)
