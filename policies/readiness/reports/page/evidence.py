"""Evidence with its age, and plots of what load tests and records of drift measured."""

from __future__ import annotations

import re
from collections.abc import Iterator

from readiness.facts.record import Record
from readiness.reports import Report
from readiness.reports.page.markup import Markup, heading, table, tag
from readiness.reports.page.plot import Series, plot

DRIFT = re.compile(r"drift|(^|_)psi(_|$)", re.I)


def evidence(report: Report) -> Iterator[Markup]:
    yield heading(2, "Evidence")
    if not report.evidence:
        yield tag("p", "No drill, load test, restore or scan is on record: readiness evidence add --help")
        return
    heads = ("kind", "environment", "result", "ended", "with", "trust", "measured")
    yield table("Records, newest first", heads, (cells(one, report) for one in report.evidence))
    trusted = [one for one in reversed(report.evidence) if not one.distrust]
    yield from load(trusted)
    yield from drift(trusted)


def cells(one: Record, report: Report) -> list[str]:
    days = one.age(report.now).days
    signed = f"signed by {one.signer}" if one.signer else "unsigned"
    measured = ", ".join(f"{name} = {value}" for name, value in one.values.items())
    return [
        one.kind,
        one.environment,
        one.result,
        f"{one.time:%Y-%m-%d}, {days} day{'' if days == 1 else 's'} ago",
        f"{one.tool}, commit {one.commit[:8]}",
        f"does not count: {one.distrust}" if one.distrust else signed,
        measured,
    ]


def load(records: list[Record]) -> Iterator[Markup]:
    """Latency against its objective, and throughput, test by test."""
    tests = [one for one in records if one.kind == "load-test"]
    latency = [series(tests, "p99_seconds", "p99"), series(tests, "objective_p99_seconds", "objective")]
    rate = [series(tests, "requests_per_second", "requests")]
    yield from drawn("Latency in load tests, oldest first", latency, "seconds")
    yield from drawn("Throughput in load tests, oldest first", rate, "requests a second")


def drift(records: list[Record]) -> Iterator[Markup]:
    """Each figure of drift that a record holds, record by record."""
    names = sorted({name for one in records for name in one.values if DRIFT.search(name)})
    yield from drawn("Drift on record, oldest first", [series(records, name, name) for name in names], "recorded units")


def series(records: list[Record], value: str, name: str) -> Series:
    found = ((one, number(one.values.get(value))) for one in records)
    return Series(name, tuple((f"{one.time:%Y-%m-%d}", told) for one, told in found if told is not None))


def number(value: object) -> float | None:
    """A figure that can be drawn."""
    fine = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < 1e300
    return float(value) if fine and isinstance(value, int | float) else None


def drawn(title: str, every: list[Series], unit: str) -> Iterator[Markup]:
    """A plot of those that have a point; nothing if none has."""
    if shown := [one for one in every if one.points]:
        yield heading(3, title)
        yield plot(title, shown, unit)
