"""S1: every route of the service knows its caller, unless it only tells of health or shows documentation."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from readiness.control import Problem, control
from readiness.controls.subjects import A_SERVICE, product_modules, service, serving_modules, source
from readiness.facts import Facts
from readiness.facts.frameworks import MODEL_SERVERS, Route, framework, routes
from readiness.facts.module import Module, constant, dotted, identifiers, keyword, text_of
from readiness.facts.repository import Repository

OPEN = re.compile(
    r"(?i)^(/|\?|.*/(health\w*|livez?|liveness|readyz?|readiness|ping|status|metrics|version|docs.*|redoc|openapi.*|"
    r"favicon.*|static.*|assets.*|login|token|oauth.*|card|v2|v2/health/.*))/?$"
)
GUARD = re.compile(
    r"(?i)(^|_)(auth|authenticat\w*|authori[sz]\w*|oauth2?\w*|jwt\w*|login_required|api_?keys?|apikey\w*|bearer\w*|"
    r"current_user|get_user|verify_(token|key|user|credentials)\w*|check_(token|key|user|credentials)\w*|"
    r"require_(user|role|scope|key|token|login|permission)s?|identify|access_token|HTTPBearer|HTTPBasic|"
    r"APIKeyHeader|OAuth2PasswordBearer|Unauthorized)(_\w+)?$"
)
HEADERS = re.compile(r"(?i)^(authorization|x-api-key|x-auth-token|bearer ?)$")
COMMON = frozenset({"get", "post", "run", "call", "load", "read", "predict", "json", "close", "main", "put", "set"})
DEPTH = 4
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
    guards = Guards(facts)
    return (Asked(route, guards) for route in closed_routes(facts))


def closed_routes(facts: Facts) -> Iterator[Route]:
    for module in facts.code.serving:
        found = list(routes(module))
        for route in found:
            reading = route.path == "?" and route.methods == {"GET"}
            if not reading and (not OPEN.match(route.path) or (route.path == "?" and "POST" in route.methods)):
                yield route
        kind = framework(module)
        if not found and kind in MODEL_SERVERS:
            yield Route("/predict", frozenset({"POST"}), None, module, 1, kind, answers="")


class Guards:
    """Looks for authentication on the way of a request, over all modules of the service."""

    def __init__(self, facts: Facts) -> None:
        self.functions: dict[str, list[ast.AST]] = defaultdict(list)
        for module in facts.code.serving:
            for function in module.functions:
                self.functions[function.name].append(function)
            for name, kind in module.classes.items():
                self.functions[name].append(kind)
        self.whole = any(self.over_all(module) for module in facts.code.serving)
        self.routers = {name for module in facts.code.serving for name in self.guarded_routers(module)}

    def over_all(self, module: Module) -> bool:
        """Whether something in this module guards every request: middleware, a dependency of the application."""
        for name, call in module.calls:
            last = name.rpartition(".")[2]
            if last in ("add_middleware", "add_asgi_middleware", "Middleware") and self.in_any(call.args, DEPTH):
                return True
            if last == "FastAPI" and self.in_any([keyword(call, "dependencies")], DEPTH):
                return True
        for function in module.functions:
            hooks = {dotted(one.func if isinstance(one, ast.Call) else one) for one in function.decorator_list}
            before = any(hook.endswith((".before_request", ".before_app_request", ".middleware")) for hook in hooks)
            if before and self.guards(function, DEPTH):
                return True
        return False

    def guarded_routers(self, module: Module) -> Iterator[str]:
        """Routers that get a guard where they are made or joined: ``file:variable``, or the file's name."""
        for node in module.nodes:
            if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Call):
                continue
            if self.in_any([keyword(node.value, "dependencies")], DEPTH):
                yield from (f"{module.file}:{dotted(target)}" for target in node.targets)
        for name, call in module.calls:
            joined = name.endswith(".include_router") and call.args
            if joined and self.in_any([keyword(call, "dependencies")], DEPTH):
                router = dotted(call.args[0])
                yield router.rpartition(".")[0].rpartition(".")[2] or f"{module.file}:{router}"

    def on(self, route: Route) -> bool:
        if self.whole or f"{route.file}:{route.owner}" in self.routers:
            return True
        if route.file.rpartition("/")[2].removesuffix(".py") in self.routers:
            return True
        handlers = [route.handler] if route.handler else self.functions.get(route.answers, [])
        return any(self.guards(handler, DEPTH) for handler in handlers)

    def guards(self, node: ast.AST, depth: int) -> bool:
        """Whether a function, a class or what they call names something that authenticates."""
        inner = list(ast.walk(node))
        if any(GUARD.search(name) for name in acts(node, inner)):
            return True
        if any(isinstance(one, ast.Constant) and HEADERS.match(str(one.value)) for one in inner):
            return True
        if depth == 0:
            return False
        called = {dotted(one.func).rpartition(".")[2] for one in inner if isinstance(one, ast.Call)} - COMMON
        called |= {name for one in inner if isinstance(one, ast.Call) for name in depends(one)}
        return any(self.guards(one, depth - 1) for name in called for one in self.functions.get(name, ())[:4])

    def in_any(self, nodes: list[ast.expr] | list[ast.expr | None], depth: int) -> bool:
        for node in nodes:
            names = {name for one in ast.walk(node) for name in identifiers(one)} if node else set()
            if any(GUARD.search(name) for name in names):
                return True
            if any(self.guards(one, depth - 1) for name in names for one in self.functions.get(name, ())[:4]):
                return True
        return False


def acts(node: ast.AST, inner: list[ast.AST]) -> Iterator[str]:
    """What a function does, by name: what it calls, what decorates it, what its parameters ask for."""
    for one in inner:
        if isinstance(one, ast.Call):
            yield dotted(one.func).rpartition(".")[2]
        elif isinstance(one, ast.arguments):
            asked = [*one.defaults, *one.kw_defaults, *(arg.annotation for arg in (*one.args, *one.kwonlyargs))]
            yield from (name for part in asked if part for inside in ast.walk(part) for name in identifiers(inside))
    for decorator in getattr(node, "decorator_list", ()):
        yield from (name for inside in ast.walk(decorator) for name in identifiers(inside))


def depends(call: ast.Call) -> Iterator[str]:
    """The functions that FastAPI calls for a parameter."""
    if dotted(call.func).rpartition(".")[2] in ("Depends", "Security") and call.args:
        yield dotted(call.args[0]).rpartition(".")[2]


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
    for module in serving_modules(facts):
        for name, call in module.calls:
            last = name.rpartition(".")[2]
            if last in ("run", "FastAPI", "Flask", "Starlette") and constant(keyword(call, "debug")) is True:
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
            if off or text_of(keyword(call, "ssl_cert_reqs")).lower() == "none":
                yield Problem(f"{name} does not check the certificate", call.lineno, module.file)


CONTROLS = (routes_authenticated, no_debug_mode, tls_verified)
