"""Code of a service: calls without an end, breakers, refusals, and the routes by which it tells how it is."""

import pytest
from judged import said_of

from readiness.control import Verdict

APP = "from fastapi import FastAPI\n\napp = FastAPI()\n"
LIMIT, BREAKER, REFUSES = "R3.calls-limited-in-time", "R3.circuit-breaker", "R3.overload-refused"
VERBS = ("get", "post", "put", "patch", "delete", "head", "request")
REDIS = ("Redis", "StrictRedis", "from_url", "Redis.from_url", "asyncio.Redis", "asyncio.Redis.from_url")
CLIENT = "import requests\n\nrequests.get('https://example.com')\n"
OWN = "class OwnBreaker:\n    def call(self, timeout): ...\n"


def wrong(id, folder, code, **files):
    """What is wrong with a service that holds this code."""
    said = said_of(id, folder, {"app.py": APP + code, **files})
    assert said
    assert all(verdict is not Verdict.NOT_EVALUATED for verdict, _ in said)
    return [message for verdict, message in said if verdict is Verdict.FAIL]


@pytest.mark.parametrize(
    ("call", "endless"),
    [
        *((f"requests.{verb}(a)", True) for verb in VERBS),
        *((f"requests.{verb}(a, timeout=2)", False) for verb in VERBS),
        ("requests.get(a, timeout=None)", True),
        ("requests.get(a, **options)", False),
        ("requests.get(a, params=None)", True),
        ("requests.api.get(a)", True),
        ("requests.Session()", False),
        ("client.get(a)", False),
        ("urllib.request.urlopen(a)", True),
        ("urllib.request.urlopen(a, None)", True),
        ("urllib.request.urlopen(a, None, 2)", False),
        ("urllib.request.urlopen(a, timeout=2)", False),
        ("socket.create_connection(a)", True),
        ("socket.create_connection(a, 2)", False),
        ("socket.create_connection(a, timeout=2)", False),
        *((f"redis.{name}(a)", True) for name in (*REDIS, "asyncio.from_url")),
        *((f"redis.{name}(a, socket_timeout=2)", False) for name in (*REDIS, "asyncio.from_url")),
        ("psycopg2.connect(a)", True),
        *((f"psycopg2.connect({name}=a)", False) for name in ("connect_timeout", "options", "dsn")),
        ("smtplib.SMTP(a)", True),
        ("smtplib.SMTP(a, timeout=2)", False),
        *((f"httpx.{name}(a)", False) for name in ("AsyncClient", "Client", *VERBS)),
        *((f"httpx.{name}(a, timeout=None)", True) for name in ("AsyncClient", "Client", *VERBS)),
        ("httpx.get(a, timeout=2)", False),
        ("httpx.Timeout(timeout=None)", False),
        ("aiohttp.ClientTimeout(total=None)", True),
        ("aiohttp.ClientTimeout(total=None, sock_read=2)", False),
        ("aiohttp.ClientTimeout(total=2)", False),
        ("aiohttp.ClientTimeout(connect=None)", False),
    ],
)
def test_calls_that_wait_for_ever(call, endless, tmp_path):
    name = call.partition("(")[0]
    said = [f"{name} waits for ever if the other side does not answer"] if endless else []
    assert wrong(LIMIT, tmp_path, call) == said


@pytest.mark.parametrize("limit", ["asyncio.wait_for(a, 2)", "asyncio.timeout(2)", "anyio.fail_after(2)"])
def test_calls_that_are_limited_from_outside(limit, tmp_path):
    assert wrong(LIMIT, tmp_path, f"requests.get(a)\n{limit}\n") == []


@pytest.mark.parametrize(
    ("code", "files", "limited"),
    [
        ("import client\n", {}, False),
        (f"import client\n{OWN}", {}, True),
        ("import client\n", {"client.py": CLIENT + OWN}, True),
        (f"import client\n{OWN.replace('timeout', 'wait_for')}", {}, True),
        (f"import client\n{OWN.replace('timeout', 'seconds')}", {}, False),
        (f"import client\n{OWN.replace('Breaker', 'Client')}", {}, False),
        ("import client, own\n", {"own.py": OWN}, True),
        ("import client\n", {"own.py": OWN}, False),
        ("import client\n", {"tests/test_client.py": f"import client\n{OWN}"}, False),
    ],
)
def test_a_breaker_around_calls_limits_them(code, files, limited, tmp_path):
    assert (wrong(LIMIT, tmp_path, code, **{"client.py": CLIENT, **files}) == []) is limited


@pytest.mark.parametrize(
    "package",
    [
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
    ],
)
def test_packages_that_call_others(package, tmp_path):
    said = [f"it calls others by {package}, and nothing stops when they are away"]
    assert wrong(BREAKER, tmp_path, f"import os\nfrom {package}.deep import a\n") == said


@pytest.mark.parametrize(
    "code",
    [f"import {name}\n" for name in ["pybreaker", "circuitbreaker", "aiobreaker", "purgatory", "hyx", "resilience4py"]],
)
def test_packages_that_break_a_circuit(code, tmp_path):
    assert wrong(BREAKER, tmp_path, f"import requests\n{code}") == []


def test_a_breaker_may_be_in_another_module(tmp_path):
    assert wrong(BREAKER, tmp_path, "import client\n", **{"client.py": f"import requests\n{OWN}"}) == []
    assert wrong(BREAKER, tmp_path, "import client\n", **{"client.py": "import requests\n"})


@pytest.mark.parametrize(
    ("code", "refuses"),
    [
        *((f"import {name}\n", True) for name in ("slowapi", "flask_limiter", "fastapi_limiter", "limits")),
        *((f"import {name}\n", True) for name in ("pyrate_limiter", "aiolimiter", "ratelimit")),
        *((f"run(app, {name}=100)\n", True) for name in ("limit_concurrency", "max_concurrency")),
        ("bentoml.service(traffic={'max_concurrency': 4})\n", True),
        ("service(traffic={'timeout': 4})\n", True),
        ("route(traffic={'timeout': 4})\n", False),
        ("service(name='web')\n", False),
        *((f"stop({code})\n", True) for code in (429, 503, 507)),
        *((f"stop({code})\n", False) for code in (200, 500, 502, '"503"')),
        *((f"stop(status.{name})\n", True) for name in ("SERVICE_UNAVAILABLE", "TOO_MANY_REQUESTS")),
        ("stop(status.HTTP_503_SERVICE_UNAVAILABLE)\n", True),
    ],
)
def test_refusals(code, refuses, tmp_path):
    assert (wrong(REFUSES, tmp_path, code) == []) is refuses


def route(path, body):
    return f"\n\n@app.get('{path}')\ndef answer():\n    {body}\n"


@pytest.mark.parametrize(
    ("body", "blind"),
    [
        ("return {'status': 'ok'}", True),
        ("return 'ok', 200", True),
        ("return [True]", True),
        ("return", True),
        ("pass", True),
        ("'Ready.'", True),
        *((f"return {name}({{'ready': True}})", True) for name in ("jsonify", "Response", "JSONResponse", "dict")),
        ("return PlainTextResponse(content='ok')", True),
        ("return flask.jsonify(ready=True)", True),
        ("return jsonify(ready=model.ready)", False),
        ("return JSONResponse(answer())", False),
        ("return check('ok')", False),
        ("return {'ready': model is not None}", False),
        ("check()\n    return 'ok'", False),
        ("raise HTTPException(503)", False),
    ],
)
def test_routes_that_look_at_nothing(body, blind, tmp_path):
    code = route("/readyz", body) + route("/healthz", "return 'ok'").replace("answer", "live")
    said = ["/readyz answers yes, whatever the state of the service"] if blind else []
    assert wrong("D3.readiness-looks", tmp_path, code) == said


def test_a_service_without_routes_says_neither(tmp_path):
    said = ["no route says that the process lives (/healthz)"]
    said += ["no route says that the model is loaded and can answer (/readyz)"]
    assert wrong("D3.health-routes", tmp_path, "") == said
