"""M5: the service writes structured logs, and each line can be found by its request."""

from __future__ import annotations

import re
from collections.abc import Iterator

from readiness.control import Problem, control
from readiness.controls.subjects import A_SERVICE, service
from readiness.facts import Facts
from readiness.facts.frameworks import Route, routes
from readiness.facts.module import Module, dotted
from readiness.facts.repository import Repository

FACTORS = "https://12factor.net/logs"
LIBRARIES = frozenset(
    {
        "pythonjsonlogger",
        "ecs_logging",
        "json_logging",
        "json_log_formatter",
        "logfmter",
        "logging_json",
    }
)
REQUEST = re.compile(r"(?i)^(x[-_])?(request|correlation|trace)[-_]?id$|^traceparent$")


def writes_structured(module: Module) -> bool:
    if (
        module.packages & LIBRARIES
        or "google.cloud.logging" in module.imports
        or {"JSONRenderer", "JsonFormatter"} & set(module.names)
    ):
        return True
    if "loguru" in module.packages and "serialize" in module.names:
        return True
    formatter = any("Formatter" in dotted(base) for kind in module.classes.values() for base in kind.bases)
    dumps = any(name.endswith((".dumps", ".encode")) for name, _ in module.calls)
    return "logging" in module.packages and formatter and dumps


@control(
    id="M5.logs-structured",
    title="The service writes structured logs",
    why="free text cannot be searched by field, and a stack trace of ten lines becomes ten records",
    remedy="pip install python-json-logger; handler.setFormatter(JsonFormatter())",
    severity="medium",
    kind="repository",
    sources=(FACTORS, "OWASP Logging Cheat Sheet"),
    subjects=service,
    needs=A_SERVICE,
)
def logs_structured(repo: Repository, facts: Facts) -> Iterator[Problem]:
    modules = facts.code.serving
    if any(writes_structured(module) for module in modules):
        return
    for file in repo.role("yaml"):
        if "pythonjsonlogger" in file.text:
            return
    plain = [(one.imports[name], one.file) for one in modules for name in one.imports if re.match(r"logging\b", name)]
    if plain:
        yield Problem("it logs plain text", *plain[0])
    else:
        yield Problem("it configures no log")


@control(
    id="M5.logs-by-request",
    title="Each request has an id that stands in the logs",
    why="without it nobody can tell which lines belong to the answer that a caller complains about",
    remedy='request_id = headers.get("x-request-id") or uuid4().hex, in every log line and in the answer',
    severity="medium",
    kind="repository",
    sources=(FACTORS,),
    subjects=service,
    needs=A_SERVICE,
)
def logs_by_request(repo: Repository, facts: Facts) -> Iterator[Problem]:
    for module in facts.code.serving:
        if module.packages & {"opentelemetry", "asgi_correlation_id", "ddtrace"}:
            return
        if any(REQUEST.match(name) for name in module.names) or any(REQUEST.match(text) for text, _ in module.strings):
            return
    yield Problem("no request id is taken in, made or logged")


def handlers(facts: Facts) -> Iterator[Route]:
    return (route for module in facts.code.serving for route in routes(module) if route.handler)


@control(
    id="M5.no-print",
    title="No route prints",
    why="what is printed has no time, level or request, and may hold what the caller sent",
    remedy='log.info("predicted", extra={"request_id": …})',
    severity="low",
    kind="repository",
    sources=(FACTORS,),
    subjects=service,
    mandatory=False,
    needs=A_SERVICE,
)
def no_print(repo: Repository, facts: Facts) -> Iterator[Problem]:
    for module in sorted({route.module.file: route.module for route in handlers(facts)}.items()):
        for name, call in module[1].calls:
            if name == "print":
                yield Problem("it prints instead of logging", call.lineno, module[0])


CONTROLS = (logs_structured, logs_by_request, no_print)
