"""Looks for authentication on the way of a request: in handlers and what they call, routers, middleware, hooks."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator, Sequence

from readiness.facts.code import Code
from readiness.facts.frameworks import Route
from readiness.facts.module import Module, dotted, identifiers, keyword, walk

GUARD = re.compile(
    r"(?i)(^|_)(auth|authenticat\w*|authori[sz]\w*|oauth2?\w*|jwt\w*|login_required|api_?keys?|apikey\w*|bearer\w*|"
    r"current_user|get_user|verify_(token|key|user|credentials)\w*|check_(token|key|user|credentials)\w*|"
    r"require_(user|role|scope|key|token|login|permission)s?|identify|access_token|HTTPBearer|HTTPBasic|"
    r"APIKeyHeader|OAuth2PasswordBearer|Unauthorized)(_\w+)?$"
)
HEADERS = re.compile(r"(?i)^(authorization|x-api-key|x-auth-token|bearer ?)$")
COMMON = frozenset({"get", "post", "run", "call", "load", "read", "predict", "json", "close", "main", "put", "set"})
DEPTH = 4


class Guards:
    """The guards of a service, over all its modules."""

    def __init__(self, code: Code) -> None:
        self.functions: dict[str, list[ast.AST]] = defaultdict(list)
        for module in code.serving:
            for function in module.functions:
                self.functions[function.name].append(function)
            for name, kind in module.classes.items():
                self.functions[name].append(kind)
        self.whole = any(self.over_all(module) for module in code.serving)
        self.routers = {name for module in code.serving for name in self.guarded_routers(module)}

    def over_all(self, module: Module) -> bool:
        """Whether something in this module guards every request: middleware, a dependency of the application."""
        for name, call in module.calls:
            last = name.rpartition(".")[2]
            if last in ("add_middleware", "add_asgi_middleware", "Middleware") and self.in_any(call.args):
                return True
            if last == "FastAPI" and self.in_any([keyword(call, "dependencies")]):
                return True
        for function in module.functions:
            hooks = {dotted(one.func if isinstance(one, ast.Call) else one) for one in function.decorator_list}
            before = any(hook.endswith((".before_request", ".before_app_request", ".middleware")) for hook in hooks)
            if before and self.guards(function):
                return True
        return False

    def guarded_routers(self, module: Module) -> Iterator[str]:
        """Routers that get a guard where they are made or joined: ``file:variable``, or the file's name."""
        for node in module.nodes:
            if not isinstance(node, ast.Assign) or not isinstance(node.value, ast.Call):
                continue
            if self.in_any([keyword(node.value, "dependencies")]):
                yield from (f"{module.file}:{dotted(target)}" for target in node.targets)
        for name, call in module.calls:
            joined = name.endswith(".include_router") and call.args
            if joined and self.in_any([keyword(call, "dependencies")]):
                router = dotted(call.args[0])
                yield router.rpartition(".")[0].rpartition(".")[2] or f"{module.file}:{router}"

    def on(self, route: Route) -> bool:
        if self.whole or f"{route.file}:{route.owner}" in self.routers:
            return True
        if route.file.rpartition("/")[2].removesuffix(".py") in self.routers:
            return True
        handlers = [route.handler] if route.handler else self.functions.get(route.answers, [])
        return any(self.guards(handler) for handler in handlers)

    def guards(self, begin: ast.AST) -> bool:
        """Whether a function, a class or what they call, a few steps deep, names something that authenticates."""
        seen, edge = {begin}, [begin]
        for _ in range(DEPTH + 1):
            following: list[ast.AST] = []
            for node in edge:
                inner = list(walk(node))
                if names_guard(node, inner):
                    return True
                for name in called(inner):
                    following += [one for one in self.functions.get(name, ())[:4] if one not in seen]
                    seen.update(following)
            edge = following
        return False

    def in_any(self, nodes: Sequence[ast.expr | None]) -> bool:
        for node in nodes:
            names = {name for one in walk(node) for name in identifiers(one)} if node else set()
            if any(GUARD.search(name) for name in names):
                return True
            if any(self.guards(one) for name in names for one in self.functions.get(name, ())[:4]):
                return True
        return False


def names_guard(node: ast.AST, inner: list[ast.AST]) -> bool:
    headers = any(isinstance(one, ast.Constant) and HEADERS.match(str(one.value)) for one in inner)
    return headers or any(GUARD.search(name) for name in acts(node, inner))


def called(inner: list[ast.AST]) -> set[str]:
    """The names of what is called, and of what FastAPI calls for a parameter."""
    calls = [one for one in inner if isinstance(one, ast.Call)]
    names = {dotted(call.func).rpartition(".")[2] for call in calls} - COMMON
    return names | {name for call in calls for name in depends(call)}


def acts(node: ast.AST, inner: list[ast.AST]) -> Iterator[str]:
    """What a function does, by name: what it calls, what decorates it, what its parameters ask for."""
    for one in inner:
        if isinstance(one, ast.Call):
            yield dotted(one.func).rpartition(".")[2]
        elif isinstance(one, ast.arguments):
            asked = [*one.defaults, *one.kw_defaults, *(arg.annotation for arg in (*one.args, *one.kwonlyargs))]
            yield from (name for part in asked if part for inside in walk(part) for name in identifiers(inside))
    for decorator in getattr(node, "decorator_list", ()):
        yield from (name for inside in walk(decorator) for name in identifiers(inside))


def depends(call: ast.Call) -> Iterator[str]:
    """The functions that FastAPI calls for a parameter."""
    if dotted(call.func).rpartition(".")[2] in ("Depends", "Security") and call.args:
        yield dotted(call.args[0]).rpartition(".")[2]
