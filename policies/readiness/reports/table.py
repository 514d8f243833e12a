"""The form a person reads in a terminal: worst first, each with its place, why it matters and what to type."""

from __future__ import annotations

from collections.abc import Iterator
from io import StringIO
from itertools import groupby

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from readiness.checklist import ITEMS
from readiness.control import Verdict
from readiness.facts.waivers import Waiver
from readiness.judge import Result
from readiness.reports import Report, headline, ml_line
from readiness.reports.text import place, visible

MARKS = {
    Verdict.PASS: "[green]pass[/]",
    Verdict.FAIL: "[red]FAIL[/]",
    Verdict.WAIVED: "[yellow]waived[/]",
    Verdict.NOT_EVALUATED: "[yellow]not evaluated[/]",
}
MOST_PLACES = 5  # of one control; --format json lists all


def render(report: Report, width: int = 120, colour: bool = False) -> Iterator[str]:
    out = StringIO()
    console = Console(file=out, width=width, force_terminal=colour, no_color=not colour, highlight=False)
    for _, group in groupby((one for one in report.results if one.verdict is not Verdict.PASS), by_control):
        show(console, list(group))
    if report.items:
        console.print(checklist(report))
    for note in report.notes:
        console.print(f"note: {escape(visible(note))}", soft_wrap=True)
    console.print(summary(report))
    yield "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def by_control(result: Result) -> tuple[str, Verdict, Waiver | None]:
    return result.control.id, result.verdict, result.waiver


def show(console: Console, results: list[Result]) -> None:
    control, verdict = results[0].control, results[0].verdict
    console.print(f"{MARKS[verdict]} [bold]{control.id}[/] ({control.weight}): {escape(control.title)}")
    for result in results[:MOST_PLACES]:
        one = result.finding
        told = f"{place(one)}  {visible(one.resource)}: {visible(one.message)}".strip()
        console.print(f"    {escape(told)}", soft_wrap=True)
    if len(results) > MOST_PLACES:
        console.print(f"    and {len(results) - MOST_PLACES} more: --format json lists all")
    console.print(f"    why: {escape(control.why)}", soft_wrap=True)
    if waiver := results[0].waiver:
        who = f"waived until {waiver.until} by {visible(waiver.owner)}: {visible(waiver.reason)}"
        console.print(f"    {escape(who)}", soft_wrap=True)
    console.print(f"    do:  {escape(visible(results[0].finding.remedy))}\n", soft_wrap=True)


def checklist(report: Report) -> Table:
    table = Table(box=None, pad_edge=False)
    for head in ("item", "", "verdict"):
        table.add_column(head, no_wrap=head == "item")
    for id, one in report.items.items():
        table.add_row(id, ITEMS[id].title, MARKS[one.verdict])
    return table


def summary(report: Report) -> str:
    lines = (headline(report), ml_line(report))
    return ("\n" if report.items else "") + "\n".join(line for line in lines if line)
