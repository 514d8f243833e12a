"""M1: the service exports metrics of its own work and of its model, and counts what it defines."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from readiness.control import Problem, control
from readiness.controls.subjects import A_SERVICE, service
from readiness.facts import Facts
from readiness.facts.frameworks import MODEL_SERVERS, framework, routes
from readiness.facts.module import Module, dotted, text_of, walk
from readiness.facts.repository import Repository
from readiness.facts.unknown import UnknownValue

PROMETHEUS = "https://prometheus.io/docs/practices/instrumentation/"
KINDS = frozenset({"Counter", "Gauge", "Histogram", "Summary", "Info", "Enum"})
LIBRARIES = frozenset({"prometheus_client", "opentelemetry", "statsd", "datadog", "aioprometheus"})
METERS = frozenset({"create_counter", "create_histogram", "create_up_down_counter", "create_observable_gauge"})
EXPOSERS = frozenset(
    {
        "make_asgi_app",
        "make_wsgi_app",
        "generate_latest",
        "expose",
    }
)
# These bring their own route or port, or send the metrics away.
SELF_EXPOSING = frozenset(
    {
        "start_http_server",
        "handle_metrics",
        "PrometheusMetrics",
        "PeriodicExportingMetricReader",
        "push_to_gateway",
        "init_app",
        "Instrumentator",
    }
)
SHOWN = re.compile(r"^/.*metrics/*$")
MONITORS = ("ServiceMonitor", "PodMonitor")
SCRAPE = re.compile(r"prometheus\.io/scrape|scrape_configs:")
OF_MODELS = re.compile(r"(?i)predict|inference|model|class|label|score|confidence|drift|feedback|decision|feature")


def defined(module: Module) -> list[tuple[str, ast.Call]]:
    """The metrics that a module defines: name and call."""
    if not module.packages & LIBRARIES:
        return []
    makers = {function.name for function in module.functions if makes_metrics(function)}
    calls = [call for name, call in module.calls if name.rpartition(".")[2] in KINDS | METERS | makers and call.args]
    return [(metric, call) for call in calls if (metric := text_of(call.args[0]))]


def makes_metrics(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    """Whether a helper returns a metric that it makes."""
    calls = (node for node in walk(function) if isinstance(node, ast.Call))
    return any(dotted(call.func).rpartition(".")[2] in KINDS for call in calls)


def metric_names(facts: Facts) -> set[str]:
    return {name for module in facts.code.serving for name, _ in module.once(defined)}


def shows(module: Module) -> bool:
    """Whether it answers on a path for metrics: a route, a mount, or an entry of a table of applications."""
    mounted = (call.args[0] for name, call in module.calls if name.rpartition(".")[2].lower() == "mount" and call.args)
    tables = (key for node in module.nodes if isinstance(node, ast.Dict) for key in node.keys)
    paths = [route.path for route in routes(module)] + [text_of(one) for one in (*mounted, *tables)]
    return any(SHOWN.search(path) for path in paths)


@control(
    id="M1.metrics-exported",
    title="The service exports metrics",
    why="what is not measured is found out by callers first",
    remedy='app.mount("/metrics", prometheus_client.make_asgi_app())',
    severity="high",
    kind="repository",
    sources=(PROMETHEUS,),
    subjects=service,
    needs=A_SERVICE,
)
def metrics_exported(repo: Repository, facts: Facts) -> Iterator[Problem]:
    modules = facts.code.serving
    if any(framework(module) in MODEL_SERVERS for module in modules):
        return  # they bring /metrics
    instrumented = any("prometheus_fastapi_instrumentator" in module.packages for module in modules)
    exposed = any(SELF_EXPOSING & set(module.names) for module in modules) or (
        any(EXPOSERS & set(module.names) for module in modules) and any(shows(module) for module in modules)
    )
    if not exposed:
        names = sorted(metric_names(facts))
        counted = f"{', '.join(names[:3])} are counted, but nothing shows them" if names else "nothing is counted"
        yield Problem(f"{counted}: no /metrics, no exporter")
    elif not instrumented and not metric_names(facts):
        yield Problem("/metrics is there, but the service counts nothing of its own")


@control(
    id="M1.model-measured",
    title="The service counts what its model says, not only requests",
    why="a model that answers nonsense answers quickly and with status 200",
    remedy='Counter("model_predictions_total", "Predictions by label.", ["model", "version", "label"])',
    severity="medium",
    kind="repository",
    sources=("Breck et al. 2017, Monitor 7", PROMETHEUS),
    subjects=service,
    needs=A_SERVICE,
)
def model_measured(repo: Repository, facts: Facts) -> Iterator[Problem]:
    names = metric_names(facts)
    if not any(OF_MODELS.search(name) for name in names):
        yield Problem(f"none of its {len(names)} metrics tells of predictions")


def metrics(facts: Facts) -> Iterator[Module]:
    return (module for module in facts.code.serving if module.once(defined))


@control(
    id="M1.metrics-updated",
    title="Every metric that the service defines is counted somewhere",
    why="a metric that nothing counts stays at zero, and its alert stays silent for ever",
    remedy="call .inc(), .observe() or .set() where it happens, or delete the metric",
    severity="medium",
    kind="repository",
    sources=(PROMETHEUS,),
    subjects=metrics,
)
def metrics_updated(module: Module, facts: Facts) -> Iterator[Problem]:
    calls = {id(call): name for name, call in module.once(defined)}
    for node in module.nodes:
        if isinstance(node, ast.Assign | ast.AnnAssign) and id(node.value) in calls:
            target = node.targets[0] if isinstance(node, ast.Assign) else node.target
            variable = dotted(target).rpartition(".")[2]
            used = sum(other.uses[variable] for other in facts.code.serving) - 1  # where it is defined
            if used <= 0:
                yield Problem(f"nothing counts {calls[id(node.value)]} ({variable})", node.lineno)


@control(
    id="M1.metrics-scraped",
    title="Something scrapes the metrics",
    why="what nobody collects is gone with the next restart",
    remedy="kind: ServiceMonitor, endpoints: [{port: http, path: /metrics}]",
    severity="medium",
    kind="repository",
    sources=(PROMETHEUS,),
    subjects=service,
    needs=A_SERVICE,
)
def metrics_scraped(repo: Repository, facts: Facts) -> Iterator[Problem]:
    if not scraped(repo, facts):
        raise UnknownValue("what scrapes the metrics")
    yield from ()  # whether it finds them is judged with the resources


def scraped(repo: Repository, facts: Facts) -> bool:
    """Whether an object, an annotation or code that makes one asks for the metrics."""
    annotated = (file for file in repo.role("yaml", "helm-template") if SCRAPE.search(file.text))
    made = (text for module in facts.code.product for text, _ in module.strings if text in MONITORS)
    return any(facts.resources.of(*MONITORS, "ScrapeConfig", "PodMonitoring")) or any(annotated) or any(made)


CONTROLS = (metrics_exported, model_measured, metrics_updated, metrics_scraped)
