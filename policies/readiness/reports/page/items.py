"""The 25 items by section, each with its controls and what to do about those that do not pass."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import groupby

from readiness.checklist import ITEMS
from readiness.control import Verdict
from readiness.judge import Result
from readiness.reports import Report
from readiness.reports.page.markup import Markup, code, heading, table, tag, unfolding
from readiness.reports.text import place
from readiness.verdict import ControlVerdict, ItemVerdict

MOST_PLACES = 25  # of one control; --format json lists all
SIGNS = {Verdict.PASS: "✓", Verdict.FAIL: "✕", Verdict.WAIVED: "~", Verdict.NOT_EVALUATED: "?"}
HEADS = ("control", "verdict", "weight", "subjects")
WORDS = {verdict: verdict.value.replace("-", " ") for verdict in Verdict}


def items(report: Report) -> Iterator[Markup]:
    yield heading(2, "Items")
    for section, group in groupby(report.items.values(), lambda one: ITEMS[one.id].section):
        own = list(group)
        passed = sum(one.verdict is Verdict.PASS for one in own)
        yield heading(3, f"{section}: {passed} of {len(own)} pass")
        for one in own:
            yield item(one)


def item(one: ItemVerdict) -> Markup:
    about = ITEMS[one.id]
    head = tag("span", badge(one.verdict), " ", tag("b", one.id), f" {about.title}")
    controls = [own for own in one.controls if own.verdict is not None]
    rows = (
        [code(own.control.id), badge(own.verdict or Verdict.PASS), own.control.weight, said(own)] for own in controls
    )
    return unfolding(
        head,
        tag("p", f"Met when {about.met}."),
        *(gap(own) for own in controls if own.verdict is not Verdict.PASS),
        unfolding(f"Controls judged: {len(controls)}", table(f"Controls of {one.id}", HEADS, rows)) if controls else "",
        unfolded=one.verdict is not Verdict.PASS,
    )


def badge(verdict: Verdict) -> Markup:
    """A verdict in words, with a sign and a colour beside."""
    sign = tag("span", SIGNS[verdict], aria_hidden="true")
    return tag("span", sign, f" {WORDS[verdict]}", class_=f"badge {verdict.value}")


def said(own: ControlVerdict) -> str:
    found = Counter(one.verdict for one in own.results)
    return ", ".join(f"{found[verdict]} {WORDS[verdict]}" for verdict in Verdict if found[verdict])


def gap(own: ControlVerdict) -> Markup:
    bad = [one for one in own.results if one.verdict is not Verdict.PASS]
    places = [tag("li", *finding(one)) for one in bad[:MOST_PLACES]]
    if len(bad) > MOST_PLACES:
        places.append(tag("li", f"and {len(bad) - MOST_PLACES} more: --format json lists all"))
    remedies = dict.fromkeys(one.finding.remedy for one in bad[:MOST_PLACES] if one.finding.remedy)
    return tag(
        "div",
        heading(4, f"{own.control.id}: {own.control.title}"),
        tag("p", f"Why: {own.control.why}."),
        tag("ul", *places),
        *(tag("p", "Do: ", code(one)) for one in remedies),
        class_="gap",
    )


def finding(one: Result) -> Iterator[str]:
    where = place(one.finding)
    yield badge(one.verdict)
    yield " "
    if where:
        yield code(where)
        yield " "
    yield code(one.finding.resource)
    yield ": "
    yield tag("bdi", one.finding.message)
    if one.waiver:
        yield f" (waived until {one.waiver.until} by {one.waiver.owner})"
