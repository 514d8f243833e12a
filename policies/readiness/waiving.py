"""Which waivers count, and what they do to results: a waived gap blocks nothing and never counts as a pass."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import date, timedelta
from difflib import get_close_matches

from readiness.checklist import ITEMS
from readiness.control import AnyControl, Verdict
from readiness.controls import catalogue
from readiness.facts import Facts
from readiness.facts.unread import Unread
from readiness.facts.waivers import FILE, Waiver, waivers
from readiness.judge import BLOCKING, Result, worst_first

# A quarter, the age up to which most drills count: no gap goes longer without somebody looking at it again.
LONGEST = timedelta(days=90)


def entries(facts: Facts) -> tuple[Waiver | Unread, ...]:
    """All that the repository's file says, whether it counts or not."""
    return waivers(facts.repository)


def faults(one: Waiver, others: Iterable[Waiver], today: date) -> Iterator[str]:
    """Why a waiver does not count; nothing when it does."""
    yield from one.malformed
    if one.control:
        yield from faults_of_scope(one)
    if one.until:
        yield from faults_of_time(one, today)
    twins = [other.line for other in others if other.covers == one.covers and other is not one]
    if one.control and twins:
        yield f"it stands in line {twins[0]}, too, and which of the two counts cannot be told"


def faults_of_scope(one: Waiver) -> Iterator[str]:
    known = {control.id: control for control in catalogue()}
    if "*" in one.control or one.control in ITEMS:
        yield f"{one.control} is broader than one control: name the one that fails, and waive each by itself"
    elif one.control not in known:
        near = get_close_matches(one.control, known, 1)
        meant = f"did you mean {near[0]}?" if near else "readiness catalogue lists all"
        yield f"no control is called {one.control}: {meant}"
    elif not known[one.control].waivable:
        yield f"{one.control} cannot be waived, as other verdicts rest on it"
    if "*" in one.resource:
        yield f"{one.resource} is no resource: name one as the report does, such as Deployment/services/web"


def faults_of_time(one: Waiver, today: date) -> Iterator[str]:
    if one.day is None:
        yield f"until is {one.until}, and no date such as {today + LONGEST}"
    elif one.day < today:
        yield f"it expired on {one.until}: mend the gap, or have the waiver renewed"
    elif one.day > today + LONGEST:
        yield f"until {one.until} is more than {LONGEST.days} days ahead: {today + LONGEST} is the last day it may name"


def sound(facts: Facts) -> tuple[Waiver, ...]:
    """The waivers that count."""
    written = [one for one in facts.once(entries) if isinstance(one, Waiver)]
    return tuple(one for one in written if not any(faults(one, written, facts.now.date())))


def apply(results: Iterable[Result], held: Sequence[Waiver]) -> list[Result]:
    """The results, in which those that a waiver covers are waived, worst first.

    A result that could not be evaluated can be waived as well: somebody then answers for not knowing. It would block
    for ever otherwise wherever a drill is yet to come, and people would write evidence to get past.
    """
    by_scope = {one.covers: one for one in held}
    return sorted((waived(one, by_scope) for one in results), key=worst_first)


def waived(result: Result, by_scope: dict[tuple[str, str], Waiver]) -> Result:
    id = result.control.id
    waiver = by_scope.get((id, result.finding.resource)) or by_scope.get((id, ""))
    if waiver is None or result.verdict not in BLOCKING:
        return result
    return replace(result, verdict=Verdict.WAIVED, waiver=waiver)


def unneeded(results: Iterable[Result], held: Iterable[Waiver], judged: Iterable[AnyControl]) -> list[str]:
    """A note on each waiver that these results had no use for, of the controls that were judged."""
    results = list(results)
    used = {one.waiver for one in results if one.waiver}
    ids = {one.id for one in judged}
    return [why_unneeded(one, results) for one in held if one.control in ids and one not in used]


def why_unneeded(one: Waiver, results: Iterable[Result]) -> str:
    about = [result for result in results if result.control.id == one.control]
    found = [result for result in about if one.resource in ("", result.finding.resource)]
    of = f" of {one.resource}" if one.resource else ""
    why = f"{one.control}{of} passes" if found else f"{one.control} found nothing{of} to say"
    return f"{FILE}:{one.line}: this waiver is not needed, as {why}; delete it"
