"""Runs controls over facts. The same facts give the same results in the same order."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from readiness.control import AnyControl, Finding, Verdict
from readiness.facts import Facts
from readiness.facts.waivers import Waiver

BLOCKING = (Verdict.FAIL, Verdict.NOT_EVALUATED)
ORDER = {"critical": 0, "high": 1, "medium": 2, "low": 3}
BY_VERDICT = {Verdict.FAIL: 0, Verdict.NOT_EVALUATED: 1, Verdict.WAIVED: 2, Verdict.PASS: 3}


@dataclass(frozen=True, slots=True)
class Result:
    """What one control says of one subject; ``verdict`` is the finding's, unless a waiver changed it."""

    control: AnyControl
    finding: Finding
    verdict: Verdict
    waiver: Waiver | None = None


def judge(controls: Iterable[AnyControl], facts: Facts, whole: bool) -> list[Result]:
    """All results, worst first.

    Args:
        whole: the facts are all there is of a service. A control that found nothing it needs is then "not evaluated";
            of a few files on the command line nobody expects everything.
    """
    results = []
    for control in controls:
        found = False
        for finding in control.findings(facts):
            found = True
            results.append(Result(control, finding, finding.verdict))
        if whole and not found and control.needs and facts.environment in control.environments:
            results.append(nothing_found(control))
    return sorted(results, key=worst_first)


def nothing_found(control: AnyControl) -> Result:
    message = f"nothing to judge: this needs {control.needs}"
    finding = Finding(Verdict.NOT_EVALUATED, "-", "", 0, message, control.remedy)
    return Result(control, finding, finding.verdict)


def worst_first(result: Result) -> tuple[int, int, str, str, str, int, str]:
    one = result.finding
    place = (one.file, one.resource, one.line, one.message)
    return (BY_VERDICT[result.verdict], ORDER[result.control.severity], result.control.id, *place)
