"""Serving frameworks, told from the syntax tree: who makes an application, and which routes it answers."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass

from readiness.facts.module import Function, Module, constant, dotted, keyword, text_of

APPLICATIONS = frozenset({"FastAPI", "Flask", "Starlette", "Quart", "Sanic", "Litestar", "APIRouter", "Blueprint"})
# A class or decorator of these makes a model server that brings its own routes.
MODEL_SERVERS = {
    "bentoml": ("service", "Service"),
    "mlserver": ("MLModel",),
    "kserve": ("Model",),
    "litserve": ("LitAPI",),
    "ray": ("serve.deployment", "deployment"),
    "ts": ("BaseHandler",),
}
METHODS = frozenset({"get", "post", "put", "patch", "delete"})


@dataclass(frozen=True)
class Route:
    """A route of a service.

    Attributes:
        path: as written; ``?`` when it is made at run time.
        methods: HTTP methods in capitals.
        handler: the function that answers; None when it is not in this module.
        answers: the name of the function, or of the class whose objects answer.
        owner: the variable of the application or router it hangs on.
    """

    path: str
    methods: frozenset[str]
    handler: Function | None
    module: Module
    at: int
    framework: str
    owner: str = ""
    answers: str = ""

    @property
    def label(self) -> str:
        return f"Route/{self.framework}/{self.path}"

    @property
    def file(self) -> str:
        return self.module.file

    @property
    def line(self) -> int:
        return self.at


def serves(module: Module) -> bool:
    """Whether it makes an application or a model server."""
    return bool(framework(module))


def framework(module: Module) -> str:
    """The framework that a module makes a service with; empty for none."""
    for name, makers in MODEL_SERVERS.items():
        if name in module.packages and any(used(module, f"{name}.{maker}") or used(module, maker) for maker in makers):
            return name
    if module.packages & {"fastapi", "flask", "starlette", "quart", "sanic", "litestar"}:
        bases = {dotted(base).rpartition(".")[2] for kind in module.classes.values() for base in kind.bases}
        made = {name.rpartition(".")[2] for name, _ in module.calls} | bases
        if made & APPLICATIONS:
            return next(iter(sorted(module.packages & {"fastapi", "flask", "starlette", "quart", "sanic", "litestar"})))
    return ""


def used(module: Module, name: str) -> bool:
    """Whether a class builds on, or something is decorated with or made by, this name."""
    for node in module.nodes:
        if isinstance(node, ast.ClassDef):
            if any(dotted(base) == name for base in node.bases):
                return True
            if any(dotted(bare(one)) == name for one in node.decorator_list):
                return True
        elif isinstance(node, ast.Call) and dotted(node.func) == name:
            return True
    return False


def bare(decorator: ast.expr) -> ast.expr:
    return decorator.func if isinstance(decorator, ast.Call) else decorator


def routes(module: Module) -> Iterator[Route]:
    """The routes that a module declares, in order."""
    kind = framework(module)
    for function in module.functions:
        for decorator in function.decorator_list:
            yield from decorated(decorator, function, module, kind)
    for name, call in module.calls:
        yield from added(name, call, module, kind)


def decorated(decorator: ast.expr, function: Function, module: Module, kind: str) -> Iterator[Route]:
    name = dotted(bare(decorator))
    owner, _, method = name.rpartition(".")
    call = decorator if isinstance(decorator, ast.Call) else None
    line = decorator.lineno
    if kind == "bentoml" and method == "api":
        yield Route(f"/{function.name}", frozenset({"POST"}), function, module, line, kind, owner)
    elif call and kind and method in METHODS and first(call):
        path = text_of(first(call)) or "?"
        yield Route(path, frozenset({method.upper()}), function, module, line, kind, owner)
    elif call and method in ("route", "api_route") and text_of(first(call)):
        yield Route(text_of(first(call)), methods_of(call), function, module, line, kind, owner)


def added(name: str, call: ast.Call, module: Module, kind: str) -> Iterator[Route]:
    """A route that is added by a call: ``Route("/x", f)``, ``app.add_api_route("/x", f)``."""
    owner, _, last = name.rpartition(".")
    makes = last.endswith("Route") and last != "APIRoute" and len(call.args) > 1
    if not makes and last not in ("add_api_route", "add_route", "add_url_rule"):
        return
    handler = keyword(call, "view_func") or (call.args[-1] if len(call.args) > 1 else None)
    answers = answering(handler, module)
    path = text_of(first(call)) or "?"
    function = next((one for one in module.functions if one.name == answers), None)
    yield Route(path, methods_of(call), function, module, call.lineno, kind, owner, answers)


def answering(node: ast.expr | None, module: Module) -> str:
    """The name of the function that a route is given, or of the class when it is an object made in this module."""
    if not isinstance(node, ast.Name):
        return ""
    for other in module.nodes:
        if not isinstance(other, ast.Assign) or not isinstance(other.value, ast.Call):
            continue
        if any(dotted(target) == node.id for target in other.targets):
            return dotted(other.value.func).rpartition(".")[2]
    return node.id


def method(owner: ast.ClassDef | None, name: str) -> Function | None:
    body = owner.body if owner else ()
    return next((node for node in body if isinstance(node, Function) and node.name == name), None)


def first(call: ast.Call) -> ast.expr | None:
    return call.args[0] if call.args else keyword(call, "path") or keyword(call, "rule")


def methods_of(call: ast.Call) -> frozenset[str]:
    told = keyword(call, "methods")
    names = [constant(one) for one in told.elts] if isinstance(told, ast.List | ast.Tuple | ast.Set) else ["GET"]
    return frozenset(str(name).upper() for name in names)
