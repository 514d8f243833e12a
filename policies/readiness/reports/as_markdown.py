"""Markdown for the comment on a pull request: the verdict, the items worst first, then what to do about each gap.

All that comes from what was judged stands in code spans: there no name can become a link, a mention or markup.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import groupby

from readiness.checklist import ITEMS
from readiness.control import Verdict
from readiness.facts.waivers import Waiver
from readiness.judge import BY_VERDICT, Result
from readiness.reports import Report, headline, ml_line
from readiness.reports.text import place, visible
from readiness.verdict import ItemVerdict

MARKS = {
    Verdict.PASS: "✅ pass",
    Verdict.FAIL: "❌ **fail**",
    Verdict.WAIVED: "⚠️ waived",
    Verdict.NOT_EVALUATED: "❔ not evaluated",
}
MOST_PLACES = 5  # of one control
LONGEST = 60_000  # characters: hosts refuse a comment of more than 65,536


def render(report: Report) -> Iterator[str]:
    yield f"## {headline(report)}\n"
    if line := ml_line(report):
        yield f"\n{line}\n"
    if report.items:
        yield from items(report)
    if report.waivers:
        yield from waivers(report.waivers)
    if report.notes:
        yield "\n" + "".join(f"- note: {code(note)}\n" for note in report.notes)
    yield from gaps(report)


def items(report: Report) -> Iterator[str]:
    yield "\n| item | | verdict | gaps |\n|---|---|---|---|\n"
    for one in sorted(report.items.values(), key=lambda one: BY_VERDICT[one.verdict]):
        yield f"| {one.id} | {ITEMS[one.id].title} | {MARKS[one.verdict]} | {gaps_of(one)} |\n"


def gaps_of(one: ItemVerdict) -> str:
    """The controls of an item that do not pass."""
    bad = (own.control.id for own in one.controls if own.verdict not in (None, Verdict.PASS))
    return ", ".join(f"`{id}`" for id in bad)


def waivers(all: tuple[Waiver, ...]) -> Iterator[str]:
    yield "\n### Waivers\n\n"
    for one in all:
        of = f" of {code(one.resource)}" if one.resource else ""
        yield f"- {code(one.control)}{of}, until {one.until}, by {code(one.owner)}: {code(one.reason)}\n"


def gaps(report: Report) -> Iterator[str]:
    """What does not pass, control by control, as far as a comment holds it."""
    bad = [one for one in report.results if one.verdict is not Verdict.PASS]
    if bad:
        yield "\n### What to do\n"
    left = LONGEST
    controls = [list(group) for _, group in groupby(bad, lambda one: (one.control.id, one.verdict))]
    for number, results in enumerate(controls):
        text = gap(results)
        left -= len(text)
        if left < 0:
            yield f"\n{len(controls) - number} more controls do not pass: `--format json` lists all.\n"
            return
        yield text


def gap(results: list[Result]) -> str:
    control = results[0].control
    lines = [f"\n**{control.id}** ({control.weight}), {MARKS[results[0].verdict]}: {control.title}\n"]
    for result in results[:MOST_PLACES]:
        one = result.finding
        where = f"{code(place(one))} " if place(one) else ""
        lines.append(f"- {where}{code(one.resource)}: {code(one.message)}")
    if len(results) > MOST_PLACES:
        lines.append(f"- and {len(results) - MOST_PLACES} more: `--format json` lists all")
    lines += [f"- why: {control.why}", f"- do: {code(results[0].finding.remedy)}"]
    return "\n".join(lines) + "\n"


def code(text: str) -> str:
    """A code span of any text: its fence is longer than any run of backticks inside."""
    text = visible(text)
    fence = "`" * (max(map(len, re.findall("`+", text)), default=0) + 1)
    space = " " if text.startswith("`") or text.endswith("`") or not text.strip() else ""
    return f"{fence}{space}{text or ' '}{space}{fence}"
