"""Evidence that what is planned for a bad day was tried on a good one, with what is in use now."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from readiness.control import AnyControl, Control, Problem, control
from readiness.facts import Facts
from readiness.facts.evidence import Record
from readiness.facts.record import KINDS
from readiness.facts.unread import Unread

RELEASE = "https://sre.google/sre-book/release-engineering/"
TESTING = "https://sre.google/sre-book/testing-reliability/"
INCIDENTS = "https://sre.google/sre-book/managing-incidents/"
IN_TIME = (("seconds", "objective_seconds"),)
FAST = (("p99_seconds", "objective_p99_seconds"),)


def newest(kind: str) -> Callable[[Facts], Iterator[Record]]:
    """The newest record of a kind in the environment that is judged."""

    def subjects(facts: Facts) -> Iterator[Record]:
        return iter([one for one in facts.evidence.of(kind) if one.environment == facts.environment][:1])

    return subjects


def drill(
    id: str,
    kind: str,
    days: int,
    *,
    did: str,
    why: str,
    source: str,
    bounds: tuple[tuple[str, str], ...] = (),
    none: tuple[str, ...] = (),
    mandatory: bool = True,
) -> Control[Record]:
    """A control on the newest record of a kind: trusted, passed, recent, and within what it says is allowed.

    Args:
        bounds: a value that was measured, and the one that says how much it may be.
        none: values that have to be 0.
    """

    def judge(one: Record, facts: Facts) -> Iterator[Problem]:
        if one.distrust:
            yield Problem(f"the newest {kind} does not count: {one.distrust}")
        if one.result != "pass":
            yield Problem(f"the newest {kind} did not pass")
        if one.age(facts.now).days > days:
            yield Problem(f"the newest {kind} is {one.age(facts.now).days} days old, and counts for {days}")
        for measured, allowed in bounds:
            if not float(one.values[measured]) <= float(one.values[allowed]):
                yield Problem(f"{measured} was {one.values[measured]}, and {allowed} is {one.values[allowed]}")
        for name in none:
            if float(one.values[name]):
                yield Problem(f"{name} was {one.values[name]}, and has to be 0")

    values = "".join(f" --value {name}=…" for name in KINDS[kind])
    return Control(
        id=id,
        title=f"{did} within {days} days",
        why=why,
        remedy=f"try it, then: readiness evidence add {kind} --environment ENV --tool TOOL --result pass{values}",
        severity="high",
        kind="evidence",
        sources=(source,),
        subjects=newest(kind),
        judge=judge,
        mandatory=mandatory,
        needs=f"evidence: {kind}",
    )


rollback_drill = drill(
    "D5.rollback-drill",
    "rollback-drill",
    90,
    did="A rollback was drilled and restored service in the stated time",
    why="a rollback that was never tried fails on the day it is needed",
    source=RELEASE,
    bounds=IN_TIME,
)
recovery_drill = drill(
    "R1.recovery-drill",
    "recovery-drill",
    365,  # it takes a whole environment
    did="The loss of the environment was drilled and made good in the stated time",
    why="a plan for a disaster that nobody tried lacks the one step that nobody thought of",
    source=TESTING,
    bounds=IN_TIME,
)
restore_drill = drill(
    "R2.restore-drill",
    "restore-drill",
    90,
    did="A backup was restored in the stated time",
    why="a backup is worth what its last restore was",
    source=TESTING,
    bounds=IN_TIME,
)
load_test = drill(
    "R4.load-test-result",
    "load-test",
    90,
    did="A load test kept the stated latency",
    why="how many callers a copy bears is a guess until somebody measured it, and changes with the model",
    source=TESTING,
    bounds=FAST,
)
incident_exercise = drill(
    "R5.incident-exercise",
    "incident-exercise",
    180,
    did="An incident was exercised",
    why="roles and routes that nobody played through fall apart when it matters",
    source=INCIDENTS,
)
vulnerability_scan = drill(
    "S4.vulnerability-scan",
    "vulnerability-scan",
    7,
    did="The deployed image was scanned and had no critical vulnerability",
    why="a new vulnerability becomes known in an image that has not changed",
    source="https://csrc.nist.gov/pubs/sp/800/190/final",
    none=("critical",),
    mandatory=False,
)


def unread_or_all(facts: Facts) -> Iterable[Unread | Record]:
    return (*facts.evidence.unread, *facts.evidence.all)


@control(
    id="S5.evidence-sound",
    title="All evidence is as it was written",
    why="evidence that can be edited or borrowed proves nothing",
    remedy="git checkout -- evidence, or try again what it was about; readiness evidence verify names each record",
    severity="critical",
    kind="evidence",
    sources=("https://csrc.nist.gov/pubs/sp/800/92/final",),
    subjects=unread_or_all,
    waivable=False,
)
def evidence_sound(one: Unread | Record, facts: Facts) -> Iterator[Problem]:
    if isinstance(one, Unread):
        yield Problem(one.why, remedy=one.remedy)
    elif one.distrust:
        yield Problem(one.distrust)


CONTROLS: tuple[AnyControl, ...] = (
    rollback_drill,
    recovery_drill,
    restore_drill,
    load_test,
    incident_exercise,
    vulnerability_scan,
    evidence_sound,
)
