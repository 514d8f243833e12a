"""The dashboard for whoever made the model: which version answers, how much, how fast, on what input."""

from __future__ import annotations

from deploy.monitoring import names
from deploy.monitoring.dashboards.panel import Panel, Row
from deploy.monitoring.dashboards.service import quantile
from deploy.monitoring.target import Target, increase, rate, total


def rows(target: Target) -> list[Row]:
    """Which model, how it does, what it is asked."""
    return [_which(target), _work(target), _input(target)]


def _which(target: Target) -> Row:
    answering = total(rate(target.of(names.PREDICTIONS), "5m"), "model", "version")
    age = f"time() - max by (model, version) ({target.of(names.LOADED)})"
    reloads = total(increase(target.of(names.RELOADS), "1h"), "outcome")
    return Row(
        "Which model",
        [
            Panel("Rows answered", "A second, by version.", [(answering, "{{model}} {{version}}")], "reqps"),
            Panel("Loaded", "Time since a version was loaded.", [(age, "{{model}} {{version}}")], "s"),
            Panel(
                "Newer bundles",
                "Found in an hour: loaded, or refused and why is in the log.",
                [(reloads, "{{outcome}}")],
            ),
        ],
    )


def _work(target: Target) -> Row:
    runs = [(quantile(target, share, names.RUN_SECONDS), f"p{share * 100:g}") for share in (0.5, 0.99)]
    rows_, batches = (total(rate(target.of(f"{names.BATCH_ROWS}_{part}"), "5m")) for part in ("sum", "count"))
    hits = total(rate(target.of(names.CACHE, 'outcome="hit"'), "5m"))
    looks = total(rate(target.of(names.CACHE), "5m"))
    return Row(
        "How it does",
        [
            Panel("Time of a call", "One call for one batch.", runs, "s"),
            Panel("Rows in a batch", "On average; grows with the load.", [(f"{rows_} / ({batches} > 0)", "rows")]),
            Panel(
                "From the cache",
                "Share of looks that found an answer.",
                [(f"{hits} / ({looks} > 0)", "hits")],
                "percentunit",
            ),
        ],
    )


def _input(target: Target) -> Row:
    answered = total(rate(target.of(names.PREDICTIONS), "5m"))
    flags = total(rate(target.of(names.FLAGS), "5m"), "problem")
    share = f"{flags} / on (job, namespace) group_left () ({answered} > 0)"
    invalid = total(rate(target.of(names.REQUESTS, 'status="422"'), "5m"), "route")
    instead = total(rate(target.of(names.DEGRADED), "5m"), "how")
    return Row(
        "What it is asked",
        [
            Panel("Odd values", "Missing or unknown ones let through, per row.", [(share, "{{problem}}")]),
            Panel("Refused input", "Requests a second that break the signature.", [(invalid, "{{route}}")], "reqps"),
            Panel(
                "Stand-ins", "Answers that the model did not give itself, a second.", [(instead, "{{how}}")], "reqps"
            ),
        ],
    )
