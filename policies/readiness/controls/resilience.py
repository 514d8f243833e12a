"""R3: overload and a broken dependency lead to quick, honest answers instead of collapse."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from readiness.control import Problem, control
from readiness.controls.subjects import A_SERVICE, service, serving_modules
from readiness.facts import Facts
from readiness.facts.module import Module, keyword
from readiness.facts.repository import Repository

RELEASE_IT = "M. Nygard, Release It!, 2nd edition: Stability Patterns"
VERBS = frozenset({"get", "post", "put", "patch", "delete", "head", "request"})
# What waits for ever unless it is told not to, and by which argument: name -> arguments.
ENDLESS: dict[str, tuple[str, ...]] = {
    "urllib.request.urlopen": ("timeout",),
    "redis.Redis": ("socket_timeout",),
    "redis.StrictRedis": ("socket_timeout",),
    "redis.from_url": ("socket_timeout",),
    "redis.Redis.from_url": ("socket_timeout",),
    "redis.asyncio.Redis": ("socket_timeout",),
    "redis.asyncio.Redis.from_url": ("socket_timeout",),
    "redis.asyncio.from_url": ("socket_timeout",),
    "psycopg2.connect": ("connect_timeout", "options", "dsn"),
    "smtplib.SMTP": ("timeout",),
    "socket.create_connection": ("timeout",),
}
POSITION = {"urllib.request.urlopen": 2, "socket.create_connection": 1}
# These have a time limit of their own, unless this argument takes it away.
LIMITED = {"httpx.AsyncClient": "timeout", "httpx.Client": "timeout", "aiohttp.ClientTimeout": "total"} | {
    f"httpx.{verb}": "timeout" for verb in VERBS
}
REMOTE = frozenset(
    {
        "requests",
        "httpx",
        "aiohttp",
        "redis",
        "psycopg2",
        "psycopg",
        "asyncpg",
        "boto3",
        "grpc",
        "pymongo",
        "sqlalchemy",
    }
)
BREAKERS = frozenset({"pybreaker", "circuitbreaker", "aiobreaker", "purgatory", "hyx", "resilience4py"})
REFUSALS = frozenset({429, 503, 507})
LIMITERS = frozenset(
    {"slowapi", "flask_limiter", "fastapi_limiter", "limits", "pyrate_limiter", "aiolimiter", "ratelimit"}
)


def waits_for_ever(name: str, call: ast.Call) -> bool:
    if name.startswith("requests.") and name.rpartition(".")[2] in VERBS:
        return not given(call, ("timeout",))
    if name in ENDLESS:
        enough = name in POSITION and len(call.args) > POSITION[name]
        return not enough and not given(call, ENDLESS[name])
    value = keyword(call, LIMITED[name]) if name in LIMITED else None
    return isinstance(value, ast.Constant) and value.value is None and not given(call, ("sock_read",))


def given(call: ast.Call, names: tuple[str, ...]) -> bool:
    """Whether one of these arguments is given and is not None, or may be among ``**arguments``."""
    for one in call.keywords:
        if one.arg is None or (
            one.arg in names and not (isinstance(one.value, ast.Constant) and one.value.value is None)
        ):
            return True
    return False


@control(
    id="R3.calls-limited-in-time",
    title="Every call to another service is limited in time",
    why="a dependency that hangs takes every thread of the service with it, one request after another",
    remedy="requests.get(url, timeout=2)  (redis: socket_timeout=0.2)",
    severity="high",
    kind="repository",
    sources=(RELEASE_IT,),
    subjects=service,
    needs=A_SERVICE,
)
def calls_limited_in_time(repo: Repository, facts: Facts) -> Iterator[Problem]:
    for module in serving_modules(facts):
        outer = "wait_for" in module.names or {"asyncio.timeout", "anyio.fail_after"} & {
            name for name, _ in module.calls
        }
        for name, call in module.calls:
            if waits_for_ever(name, call) and not outer and not limited_outside(module, facts):
                yield Problem(f"{name} waits for ever if the other side does not answer", call.lineno, module.file)


def limited_outside(module: Module, facts: Facts) -> bool:
    """Whether whoever uses a module limits its calls in time: through a breaker of its own, with time-outs."""
    users = [path for path, targets in facts.code.links.items() if module.file in targets]
    near = {module.file, *users} | {path for user in users for path in facts.code.links[user]}
    return any(breaks(facts.code.modules[path]) for path in near if not facts.code.modules[path].test)


def breaks(module: Module) -> bool:
    """Whether a module holds a circuit breaker that limits time, too."""
    return any(name.endswith("Breaker") for name in module.classes) and bool(
        {"timeout", "wait_for"} & set(module.names)
    )


@control(
    id="R3.circuit-breaker",
    title="Calls to other services go through a circuit breaker",
    why="while a dependency is away, each request waits its full time-out, and the queue behind it grows",
    remedy="@pybreaker.CircuitBreaker(fail_max=5, reset_timeout=10)  around the call",
    severity="medium",
    kind="repository",
    sources=(RELEASE_IT,),
    subjects=service,
    needs=A_SERVICE,
)
def circuit_breaker(repo: Repository, facts: Facts) -> Iterator[Problem]:
    modules = facts.code.serving
    if any(module.packages & BREAKERS or any("Breaker" in name for name in module.names) for module in modules):
        return
    for module in modules:
        for package in sorted(module.packages & REMOTE):
            line = next(line for name, line in module.imports.items() if name.partition(".")[0] == package)
            yield Problem(f"it calls others by {package}, and nothing stops when they are away", line, module.file)


@control(
    id="R3.overload-refused",
    title="The service refuses what it cannot bear",
    why="a queue without a bound answers everybody too late; a refusal lets callers go elsewhere",
    remedy='Limiter(default_limits=["100/second"]), or HTTPException(503, headers={"Retry-After": "1"}) when busy',
    severity="medium",
    kind="repository",
    sources=("https://sre.google/sre-book/handling-overload/",),
    subjects=service,
    needs=A_SERVICE,
)
def overload_refused(repo: Repository, facts: Facts) -> Iterator[Problem]:
    for module in facts.code.serving:
        if module.packages & LIMITERS or {"limit_concurrency", "max_concurrency"} & set(module.names):
            return
        if any(keyword(call, "traffic") for name, call in module.calls if name.endswith("service")):
            return
        if any(isinstance(node, ast.Constant) and node.value in REFUSALS for node in module.nodes):
            return
        if {"SERVICE_UNAVAILABLE", "TOO_MANY_REQUESTS", "HTTP_503_SERVICE_UNAVAILABLE"} & set(module.names):
            return
    yield Problem("nothing refuses a request, however many are waiting: no limit, no 429, no 503")


CONTROLS = (calls_limited_in_time, circuit_breaker, overload_refused)
