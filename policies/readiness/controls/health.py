"""D3: the service tells by itself whether it lives and whether it can answer."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from readiness.control import Problem, control
from readiness.controls.subjects import A_SERVICE, service
from readiness.facts import Facts
from readiness.facts.frameworks import MODEL_SERVERS, Route, framework, routes
from readiness.facts.module import dotted
from readiness.facts.repository import Repository

PROBES = "https://kubernetes.io/docs/concepts/configuration/liveness-readiness-startup-probes/"
LIVE = re.compile(r"(?i)/(healthz?|health[_-]?check|livez?|liveness|alive|ping|health/live)/?$")
READY = re.compile(r"(?i)/(readyz?|readiness|health/ready)/?$")


def all_routes(facts: Facts) -> Iterator[Route]:
    return (route for module in facts.code.serving for route in routes(module))


@control(
    id="D3.health-routes",
    title="The service has a route for liveness and another for readiness",
    why="with one route for both, a service that waits for its model is restarted, or gets traffic it cannot answer",
    remedy='@app.get("/healthz") for "the process runs", @app.get("/readyz") for "the model is loaded"',
    severity="high",
    kind="repository",
    sources=(PROBES,),
    subjects=service,
    needs=A_SERVICE,
)
def health_routes(repo: Repository, facts: Facts) -> Iterator[Problem]:
    if any(framework(module) in MODEL_SERVERS for module in facts.code.serving):
        return  # they bring both
    paths = [route.path for route in all_routes(facts)]
    if not any(LIVE.search(path) for path in paths):
        yield Problem("no route says that the process lives (/healthz)")
    if not any(READY.search(path) for path in paths):
        yield Problem("no route says that the model is loaded and can answer (/readyz)")


def readiness_routes(facts: Facts) -> Iterator[Route]:
    return (route for route in all_routes(facts) if READY.search(route.path))


@control(
    id="D3.readiness-looks",
    title="The readiness route looks at something before it says yes",
    why="an answer that is always yes sends requests to copies that have no model",
    remedy="if model is None: raise HTTPException(503)",
    severity="high",
    kind="repository",
    sources=(PROBES,),
    subjects=readiness_routes,
)
def readiness_looks(route: Route, facts: Facts) -> Iterator[Problem]:
    if route.handler is None or not all(is_idle(node) for node in route.handler.body):
        return
    yield Problem(f"{route.path} answers yes, whatever the state of the service")


def is_idle(node: ast.stmt) -> bool:
    """Whether a statement looks at nothing: a docstring, ``pass``, or an answer that is always the same."""
    return isinstance(node, ast.Pass) or (isinstance(node, ast.Expr | ast.Return) and is_fixed(node.value))


def is_fixed(node: ast.expr | None) -> bool:
    """Whether an expression is made of literals only, perhaps wrapped by the framework's own response."""
    if isinstance(node, ast.Call):
        wrapped = [*node.args, *(one.value for one in node.keywords)]
        return dotted(node.func).rpartition(".")[2] in (
            "jsonify",
            "Response",
            "JSONResponse",
            "PlainTextResponse",
            "dict",
        ) and all(is_fixed(one) for one in wrapped)
    return node is None or all(
        isinstance(one, ast.Constant | ast.Dict | ast.Tuple | ast.List | ast.expr_context) for one in ast.walk(node)
    )


CONTROLS = (health_routes, readiness_looks)
