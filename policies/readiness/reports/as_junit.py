"""JUnit's XML, for the test reports of a CI: a suite for each item, a case for each control.

A failure is what fails and is mandatory. What was not judged, is waived or advisory is skipped, with its reason.
"""

from __future__ import annotations

from collections.abc import Iterator
from xml.sax.saxutils import escape, quoteattr

from readiness.checklist import ITEMS
from readiness.control import Verdict
from readiness.reports import Report, headline
from readiness.reports.text import place, visible
from readiness.verdict import ControlVerdict, ItemVerdict
from readiness.verdict import items as verdicts

MOST_RESULTS = 100  # of one control: a report of some ten thousand resources stays readable


def render(report: Report) -> Iterator[str]:
    suites = report.items or found(report)
    cases = [case for suite in suites.values() for case in suite.controls]
    yield '<?xml version="1.0" encoding="UTF-8"?>\n'
    yield f"<testsuites name={attribute(f'readiness: {headline(report)}')}{counts(cases)}>\n"
    for suite in suites.values():
        yield f"  <testsuite name={attribute(f'{suite.id} {ITEMS[suite.id].title}')}{counts(suite.controls)}>\n"
        for case in suite.controls:
            yield testcase(case)
        yield "  </testsuite>\n"
    yield "</testsuites>\n"


def found(report: Report) -> dict[str, ItemVerdict]:
    """The items that resources alone had something to say of, by the controls that did."""
    controls = {one.control.id: one.control for one in report.results}
    every = verdicts((controls[id] for id in sorted(controls)), report.results)
    return {id: one for id, one in every.items() if one.controls}


def counts(cases: list[ControlVerdict] | tuple[ControlVerdict, ...]) -> str:
    failures = sum(outcome(case) == "failure" for case in cases)
    skipped = sum(outcome(case) == "skipped" for case in cases)
    return f' tests="{len(cases)}" failures="{failures}" errors="0" skipped="{skipped}"'


def outcome(case: ControlVerdict) -> str:
    if case.verdict is Verdict.PASS:
        return "passed"
    return "failure" if case.verdict is Verdict.FAIL and case.control.mandatory else "skipped"


def testcase(case: ControlVerdict) -> str:
    control = case.control
    head = f"    <testcase classname={attribute(control.item)} name={attribute(f'{control.id}: {control.title}')}"
    element = outcome(case)
    if element == "passed":
        return f"{head}/>\n"
    kind = "not-applicable" if case.verdict is None else case.verdict.value
    kind = kind if control.mandatory or case.verdict is None else f"{kind}, advisory"
    message = f"message={attribute(reason(case))} type={attribute(kind)}"
    return f"{head}>\n      <{element} {message}>{escape(details(case))}</{element}>\n    </testcase>\n"


def reason(case: ControlVerdict) -> str:
    """Why it does not pass, in one line."""
    if case.verdict is None:
        return "there is nothing here that it is about"
    worst = [one for one in case.results if one.verdict is case.verdict]
    more = f" (and {len(worst) - 1} more)" if len(worst) > 1 else ""
    waiver = worst[0].waiver
    until = f"waived until {waiver.until} by {waiver.owner}, {waiver.reason}: " if waiver else ""
    return f"{until}{worst[0].finding.message}{more}"


def details(case: ControlVerdict) -> str:
    bad = [one for one in case.results if one.verdict is not Verdict.PASS]
    lines = [
        visible(f"{one.verdict.value}: {place(one.finding)} {one.finding.resource}: {one.finding.message}")
        for one in bad[:MOST_RESULTS]
    ]
    if len(bad) > MOST_RESULTS:
        lines.append(f"and {len(bad) - MOST_RESULTS} more: --format json lists all")
    remedy = f"do: {visible(bad[0].finding.remedy)}" if bad else ""
    return "\n".join((*lines, f"why: {visible(case.control.why)}", remedy)).rstrip()


def attribute(text: str) -> str:
    return quoteattr(visible(text))
