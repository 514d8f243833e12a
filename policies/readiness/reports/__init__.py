"""Reports: one report, many forms. Each form is a module with ``render(report)``, which gives pieces of text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib import import_module
from typing import TYPE_CHECKING

from readiness.control import Verdict
from readiness.facts.record import Record
from readiness.facts.waivers import Waiver
from readiness.judge import BLOCKING, Result
from readiness.verdict import ItemVerdict, ready

if TYPE_CHECKING:
    from readiness.history import Earlier
    from readiness.ml_test_score import MlTestScore

OF_RESULTS = {
    "table": "table",
    "json": "as_json",
    "markdown": "as_markdown",
    "sarif": "as_sarif",
    "junit": "as_junit",
}
FORMATS = {**OF_RESULTS, "html": "page"}  # the page is about all items, so resources alone do not make one


@dataclass(frozen=True)
class Report:
    """All that any form of report shows.

    Attributes:
        environment: what the verdict is for.
        results: of all controls, worst first.
        items: the verdict on each item; empty when only manifests were judged.
        score: items of a hundred that pass.
        ml_test_score: the ML Test Score; None when it was not computed.
        commit: what was judged; empty when that cannot be told.
        notes: what a reader has to know beside the results, such as files that hold nothing to judge.
        partial: only some controls were asked, so nothing is said of the whole.
        evidence: the records of the repository, newest first.
        history: earlier reports, oldest first.
        now: the moment of judging, to which ages are taken.
    """

    environment: str
    results: tuple[Result, ...]
    items: dict[str, ItemVerdict] = field(default_factory=dict)
    score: float = 0.0
    ml_test_score: MlTestScore | None = None
    commit: str = ""
    notes: tuple[str, ...] = ()
    partial: bool = False
    evidence: tuple[Record, ...] = ()
    history: tuple[Earlier, ...] = ()
    now: datetime = field(default_factory=lambda: datetime.now(UTC))

    @property
    def waivers(self) -> tuple[Waiver, ...]:
        """The waivers that results were waived by, in order of their controls."""
        return tuple(sorted({one.waiver for one in self.results if one.waiver}, key=lambda one: one.covers))

    @property
    def ready(self) -> bool:
        """Whether nothing that was judged blocks."""
        return ready(self.items) if self.items else not any(map(blocks, self.results))


def blocks(result: Result) -> bool:
    return result.control.mandatory and result.verdict in BLOCKING


def headline(report: Report) -> str:
    """The verdict in one line."""
    found = Counter(one.verdict for one in report.results)
    counts = ", ".join(f"{found[verdict]} {verdict.value}" for verdict in Verdict if found[verdict]) or "nothing judged"
    if not report.items:
        return counts
    passed = sum(one.verdict is Verdict.PASS for one in report.items.values())
    return f"{standing(report)} for {report.environment}: {passed} of {len(report.items)} items pass ({counts})"


def standing(report: Report) -> str:
    """Ready or not, and with how many gaps that somebody answers for."""
    number = len(report.waivers)
    waivers = f", with {number} waiver{'' if number == 1 else 's'}," if number else ""
    if not report.ready:
        return f"NOT READY{waivers}"
    return ("NOTHING BLOCKS in the part that was judged" if report.partial else "READY") + waivers


def ml_line(report: Report) -> str:
    """The ML Test Score in one line; empty when it was not computed."""
    if report.ml_test_score is None:
        return ""
    sums = ", ".join(f"{name} {total:g}" for name, total in report.ml_test_score.sums.items())
    return f"ML Test Score: {report.ml_test_score.score:g} of 7, the smallest of {sums}"


def render(report: Report, form: str) -> Iterator[str]:
    """The report in one of ``FORMATS``, piece by piece, ending with a line break."""
    pieces: Iterator[str] = import_module(f"readiness.reports.{FORMATS[form]}").render(report)
    return pieces
