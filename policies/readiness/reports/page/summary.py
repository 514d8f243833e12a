"""What stands around the items: the verdict, notes, waivers, the ML Test Score and how all of it went over time."""

from __future__ import annotations

from collections.abc import Iterator

from readiness.control import Verdict
from readiness.history import Earlier
from readiness.ml_test_score import MlTestScore
from readiness.reports import Report, headline
from readiness.reports.page.markup import Markup, code, heading, table, tag, unfolding
from readiness.reports.page.plot import Series, plot


def summary(report: Report) -> Iterator[Markup]:
    passed = sum(one.verdict is Verdict.PASS for one in report.items.values())
    yield tag("p", "Production readiness", class_="kicker")
    yield heading(1, headline(report))
    figures = {
        "Items that pass": f"{passed} of {len(report.items)}",
        "Score": f"{report.score:g} of 100",
        "Waivers": str(len(report.waivers)),
    }
    if report.ml_test_score:
        figures["ML Test Score"] = f"{report.ml_test_score.score:g} of 7"
    yield tag("dl", *(tag("div", tag("dt", name), tag("dd", value)) for name, value in figures.items()), class_="tiles")
    if report.commit:
        yield tag("p", "Commit ", code(report.commit))


def notes(report: Report) -> Iterator[Markup]:
    if report.notes:
        yield heading(2, "Notes")
        yield tag("ul", *(tag("li", note) for note in report.notes))


def waivers(report: Report) -> Iterator[Markup]:
    if report.waivers:
        rows = (
            [code(one.control), code(one.resource) if one.resource else "all", one.reason, one.owner, one.until]
            for one in report.waivers
        )
        yield heading(2, "Waivers")
        yield table("Gaps that somebody answers for", ("control", "resource", "reason", "owner", "until"), rows)


def ml_tests(report: Report) -> Iterator[Markup]:
    paper = report.ml_test_score
    if paper is None:
        return
    yield heading(2, f"ML Test Score: {paper.score:g} of 7")
    yield tag("p", "The smallest of four sums. A test that a machine repeats gives a point, one that was signed, half.")
    rows = ([name.capitalize(), f"{total:g} of {len(paper.sections[name])}"] for name, total in paper.sums.items())
    yield table("Points by section", ("section", "points"), rows)
    yield from (tests(name, paper) for name in paper.sections)


def tests(section: str, paper: MlTestScore) -> Markup:
    rows = (
        [one.test.id, one.test.title, f"{one.points:g} ({one.how})", tag("bdi", one.where)]
        for one in paper.sections[section]
    )
    return unfolding(
        f"Tests of {section}", table(f"Tests of {section}", ("test", "demand", "points", "where, or why none"), rows)
    )


def trend(report: Report) -> Iterator[Markup]:
    """How the score went, from earlier reports to this one."""
    if not report.history:
        return
    every = (*report.history, this(report))
    series = [Series("Score", tuple((one.label, one.score) for one in every))]
    yield heading(2, "Trend")
    yield plot("Items of a hundred that pass, from earlier reports to this one", series, "points of 100", 100)
    rows = (
        [one.label, f"{one.score:g}", str(one.passed), str(one.waived), f"{one.ml_test_score:g}"]
        if one.ml_test_score is not None
        else [one.label, f"{one.score:g}", str(one.passed), str(one.waived), "not computed"]
        for one in every
    )
    yield table("Reports, oldest first", ("report", "score", "passed", "waived", "ML Test Score"), rows)


def this(report: Report) -> Earlier:
    said = [one.verdict for one in report.items.values()]
    paper = report.ml_test_score
    return Earlier(
        f"this one, {report.commit[:8]}" if report.commit else "this one",
        report.score,
        said.count(Verdict.PASS),
        said.count(Verdict.WAIVED),
        paper.score if paper else None,
    )
