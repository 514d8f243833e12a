"""The form a person reads in a terminal: worst first, each with its place, why it matters and what to type."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from io import StringIO
from itertools import groupby

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from readiness.checklist import ITEMS
from readiness.control import Verdict
from readiness.judge import Result
from readiness.reports import Report
from readiness.verdict import ready

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
    for control, group in groupby((one for one in report.results if one.verdict is not Verdict.PASS), by_control):
        show(console, control, list(group))
    if report.items:
        console.print(checklist(report))
    for note in report.notes:
        console.print(f"note: {escape(note)}")
    console.print(summary(report))
    yield "\n".join(line.rstrip() for line in out.getvalue().splitlines()) + "\n"


def by_control(result: Result) -> tuple[str, Verdict]:
    return result.control.id, result.verdict


def show(console: Console, key: tuple[str, Verdict], results: list[Result]) -> None:
    control, verdict = results[0].control, key[1]
    console.print(f"{MARKS[verdict]} [bold]{control.id}[/] ({control.severity}): {escape(control.title)}")
    for result in results[:MOST_PLACES]:
        one = result.finding
        place = f"{one.file}:{one.line}" if one.line else one.file
        console.print(f"    {escape(f'{place}  {one.resource}: {one.message}'.strip())}", soft_wrap=True)
    if len(results) > MOST_PLACES:
        console.print(f"    and {len(results) - MOST_PLACES} more: --format json lists all")
    console.print(f"    why: {escape(control.why)}", soft_wrap=True)
    console.print(f"    do:  {escape(results[0].finding.remedy)}\n", soft_wrap=True)


def checklist(report: Report) -> Table:
    table = Table(box=None, pad_edge=False)
    for head in ("item", "", "verdict"):
        table.add_column(head, no_wrap=head == "item")
    for id, one in report.items.items():
        table.add_row(id, ITEMS[id].title, MARKS[one.verdict])
    return table


def summary(report: Report) -> str:
    found = Counter(one.verdict for one in report.results)
    counts = ", ".join(f"{found[verdict]} {verdict.value}" for verdict in Verdict if found[verdict]) or "nothing judged"
    if not report.items:
        return f"{counts}"
    passed = sum(one.verdict is Verdict.PASS for one in report.items.values())
    verdict = "READY" if ready(report.items) else "NOT READY"
    said = f"\n{verdict} for {report.environment}: {passed} of {len(report.items)} items pass ({counts})"
    if report.ml_test_score is None:
        return said
    sums = ", ".join(f"{name} {total:g}" for name, total in report.ml_test_score.sums.items())
    return f"{said}\nML Test Score: {report.ml_test_score.score:g} of 7, the smallest of {sums}"
