"""S1: every route of the service knows its caller, unless it only tells of health or shows documentation."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass

from readiness.control import Problem, control
from readiness.controls.subjects import A_SERVICE, product_modules, service, serving_modules, source
from readiness.facts import Facts
from readiness.facts.frameworks import APPLICATIONS, MODEL_SERVERS, Route, framework, routes
from readiness.facts.guards import Guards
from readiness.facts.module import constant, dotted, keyword
from readiness.facts.repository import Repository

OPEN = re.compile(
    r"(?i)^(/|.*/(health\w*|livez?|liveness|readyz?|readiness|ping|status|metrics|version|docs.*|redoc|openapi.*|"
    r"favicon.*|static.*|assets.*|login|token|oauth.*|card|v2|v2/health/.*))/?$"
)
READING = frozenset({"GET", "HEAD", "OPTIONS"})
UNCHECKED = re.compile(r"(?i)none'?$")  # "none", None, ssl.CERT_NONE
MESH = ("RequestAuthentication", "AuthorizationPolicy", "SecurityPolicy", "AuthConfig")


@dataclass(frozen=True)
class Asked:
    """A route that needs a caller, and the guards of the service it belongs to."""

    route: Route
    guards: Guards

    @property
    def label(self) -> str:
        return self.route.label

    @property
    def file(self) -> str:
        return self.route.file

    @property
    def line(self) -> int:
        return self.route.line


def asked(facts: Facts) -> Iterator[Asked]:
    """The routes that need a caller: all but health, metrics, documentation and log-in."""
    guards = Guards(facts.code)
    return (Asked(route, guards) for route in closed_routes(facts))


def closed_routes(facts: Facts) -> Iterator[Route]:
    for module in facts.code.serving:
        found = list(routes(module))
        for route in found:
            if route.methods - READING if route.path == "?" else not OPEN.match(route.path):
                yield route
        kind = framework(module)
        if not found and kind in MODEL_SERVERS:
            yield Route("/predict", frozenset({"POST"}), None, module, 1, kind)


def in_front(facts: Facts) -> bool:
    """Whether a mesh or a gateway that is deployed with the service authenticates for it."""
    return any(facts.resources.of(*MESH)) or any(
        "auth-url" in name for one in facts.resources.of("Ingress") for name in one.annotations
    )


@control(
    id="S1.routes-authenticated",
    title="Every route that predicts or changes something knows its caller",
    why="an open model can be copied by asking, used up by anybody, and its decisions belong to nobody",
    remedy='@app.post("/predict", dependencies=[Depends(api_key)])  (or a RequestAuthentication of the mesh in front)',
    severity="critical",
    kind="repository",
    sources=("OWASP API2:2023", "https://fastapi.tiangolo.com/tutorial/security/"),
    subjects=asked,
    needs=A_SERVICE,
)
def routes_authenticated(one: Asked, facts: Facts) -> Iterator[Problem]:
    route = one.route
    if not one.guards.on(route) and not in_front(facts):
        yield Problem(f"{'/'.join(sorted(route.methods))} {route.path} answers whoever asks")


@control(
    id="S1.no-debug-mode",
    title="No part of the service runs in debug mode",
    why="a debugger in the browser runs whatever code a visitor types",
    remedy="app.run()  (without debug=True; better: gunicorn app:app)",
    severity="critical",
    kind="repository",
    sources=("https://flask.palletsprojects.com/en/stable/debugging/", "OWASP A05:2021"),
    subjects=service,
    needs=A_SERVICE,
)
def no_debug_mode(repo: Repository, facts: Facts) -> Iterator[Problem]:
    own = {
        name
        for module in facts.code.serving
        for name, kind in module.classes.items()
        if any(dotted(base).rpartition(".")[2] in APPLICATIONS for base in kind.bases)
    }
    for module in serving_modules(facts):
        for name, call in module.calls:
            last = name.rpartition(".")[2]
            if last in {"run", *APPLICATIONS, *own} and constant(keyword(call, "debug")) is True:
                yield Problem(f"{name}(debug=True)", call.lineno, module.file)


@control(
    id="S3.tls-verified",
    title="No call to another service leaves out the check of its certificate",
    why="without it whoever is on the way can answer for the other side and read all that is sent",
    remedy='verify="/path/to/ca.pem"  (for an authority of your own)',
    severity="high",
    kind="repository",
    sources=("OWASP A02:2021", "CWE-295"),
    subjects=source,
)
def tls_verified(repo: Repository, facts: Facts) -> Iterator[Problem]:
    for module in product_modules(facts):
        for name, call in module.calls:
            off = constant(keyword(call, "verify")) is False or name.endswith("_create_unverified_context")
            demanded = keyword(call, "ssl_cert_reqs")
            if off or (demanded and UNCHECKED.search(ast.unparse(demanded))):
                yield Problem(f"{name} does not check the certificate", call.lineno, module.file)


CONTROLS = (routes_authenticated, no_debug_mode, tls_verified)
