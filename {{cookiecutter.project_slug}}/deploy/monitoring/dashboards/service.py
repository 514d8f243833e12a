"""The dashboard for whoever is called: is it bad, who notices, why, and what does it run on."""

from __future__ import annotations

from deploy.monitoring import names
from deploy.monitoring.dashboards.panel import Panel, Row
from deploy.monitoring.recording import FAILED, PREDICTING, SLOW, ratio
from deploy.monitoring.slo import PERIOD, Slo
from deploy.monitoring.target import Target, rate, total


def rows(target: Target, slo: Slo) -> list[Row]:
    """From what matters first to what explains it."""
    return [_now(target, slo), _callers(target, slo), _reasons(target), _dependencies(target), _resources(target)]


def quantile(target: Target, share: float, metric: str, *matchers: str) -> str:
    """The value below which a share of what a histogram counted lies, in the last five minutes."""
    buckets = total(rate(target.of(f"{metric}_bucket", *matchers), "5m"), "le")
    return f"histogram_quantile({share}, {buckets})"


def _now(target: Target, slo: Slo) -> Row:
    alerts = f'count(ALERTS{{alertstate="firing", service="{target.service}", severity=~"page|ticket"}}) or vector(0)'
    left = [
        (f"1 - {target.of(ratio(indicator, PERIOD))} / {1 - promised:.6g}", legend)
        for indicator, promised, legend in ((FAILED, slo.available, "available"), (SLOW, slo.fast, "fast"))
    ]
    failing, slowest = target.of(ratio(FAILED, "5m")), quantile(target, 0.99, names.DURATION, PREDICTING)
    ready = f"{total(target.of(names.READY))} / {total(target.of('up'))}"
    return Row(
        "Now",
        [
            Panel("Alerts", "Pages and tickets that are firing.", [(alerts, "alerts")], bad=1, number=True),
            Panel(
                "Error budget left",
                "Of 30 days. At 0 the promise is broken: no release but repairs.",
                left,
                "percentunit",
                bad=0.1,
                low_is_bad=True,
                number=True,
            ),
            Panel(
                "Failed predictions",
                "Share answered with 5xx in five minutes.",
                [(failing, "failed")],
                "percentunit",
                bad=1 - slo.available,
                number=True,
            ),
            Panel(
                "Slowest 1 %",
                "99 of 100 predictions take less.",
                [(slowest, "p99")],
                "s",
                bad=slo.seconds,
                number=True,
            ),
            Panel(
                "Instances with a model",
                "Of those that Prometheus knows.",
                [(ready, "ready")],
                "percentunit",
                bad=1,
                low_is_bad=True,
                number=True,
            ),
        ],
    )


def _callers(target: Target, slo: Slo) -> Row:
    answers = total(rate(target.of(names.REQUESTS, PREDICTING), "5m"), "status")
    failed = [(target.of(ratio(FAILED, window)), window) for window in ("5m", "1h")]
    waits = [(quantile(target, share, names.DURATION, PREDICTING), f"p{share * 100:g}") for share in (0.5, 0.95, 0.99)]
    return Row(
        "What callers notice",
        [
            Panel("Answers", "A second, by status.", [(answers, "{{status}}")], "reqps"),
            Panel("Failed", "Share of predictions; the line is the promise.", failed, "percentunit", 1 - slo.available),
            Panel("Time to answer", "The line is the promise.", waits, "s", slo.seconds),
        ],
    )


def _reasons(target: Target) -> Row:
    refused = total(rate(target.of(names.REFUSED), "5m"), "reason")
    runs = [(quantile(target, share, names.RUN_SECONDS), f"p{share * 100:g}") for share in (0.5, 0.99)]
    waiting = f"sum by (instance) ({target.of(names.IN_FLIGHT)})"
    instead = total(rate(target.of(names.DEGRADED), "5m"), "how")
    return Row(
        "Why",
        [
            Panel("Refused", "A second, by the control that refused.", [(refused, "{{reason}}")], "reqps"),
            Panel("Time of the model", "One call for one batch.", runs, "s"),
            Panel("In flight", "Requests being answered.", [(waiting, "{{instance}}")]),
            Panel(
                "Stand-ins", "Answers that the model did not give itself, a second.", [(instead, "{{how}}")], "reqps"
            ),
        ],
    )


def _dependencies(target: Target) -> Row:
    breakers = f"max by (remote) ({target.of(names.BREAKER_OPEN)})"
    calls = total(rate(target.of(names.REMOTE_CALLS), "5m"), "remote", "outcome")
    limiter = f"max by (job) ({target.of(names.LIMITER_DEGRADED)})"
    records = total(rate(target.of(names.AUDIT_RECORDS), "5m"))
    lost = total(rate(target.of(names.AUDIT_FAILURES), "5m"), "kind") + " or vector(0)"
    return Row(
        "What it relies on",
        [
            Panel(
                "Others away",
                "1 while a circuit breaker is open, or the shared limit is away.",
                [(breakers, "{{remote}}"), (limiter, "shared limit")],
                bad=0.5,
            ),
            Panel("Calls of others", "A second, by outcome.", [(calls, "{{remote}} {{outcome}}")], "reqps"),
            Panel(
                "Record of decisions",
                "A second; any failure is bad.",
                [(records, "recorded"), (lost, "failed {{kind}}")],
                "reqps",
            ),
        ],
    )


def _resources(target: Target) -> Row:
    memory = target.pods("container_memory_working_set_bytes", 'container="service"')
    limit = target.pods("kube_pod_container_resource_limits", 'resource="memory"', 'container="service"')
    ready = target.pods("kube_pod_status_ready", 'condition="true"')
    most = target.autoscaler("kube_horizontalpodautoscaler_spec_max_replicas")
    files = f"{target.of(names.OPEN_FILES)} / {target.of(names.MOST_FILES)}"
    processor = rate(target.of(names.CPU_SECONDS), "5m")
    return Row(
        "What it runs on",
        [
            Panel("Processors", "1 is all that an event loop can use.", [(processor, "{{instance}}")], bad=0.9),
            Panel(
                "Memory",
                "A pod at its limit is killed.",
                [(f"max by (pod) ({memory})", "{{pod}}"), (f"min({limit})", "limit")],
                "bytes",
            ),
            Panel("Pods", "Ready, and the most there may be.", [(f"sum({ready})", "ready"), (f"max({most})", "most")]),
            Panel(
                "Open files", "Share of those allowed; connections are files.", [(files, "{{instance}}")], "percentunit"
            ),
        ],
    )
