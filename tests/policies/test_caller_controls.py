"""Callers of a service and services that it calls: routes that anybody may ask, debuggers, checks of certificates."""

import pytest
from judged import SERVICE, kubernetes, refuses, verdicts

PREDICT = f'{SERVICE}@app.post("/predict")\ndef predict(row):\n    return row\n'


def route(path, method):
    """A service with one route."""
    return {"app.py": f"{SERVICE}@app.{method}({path})\ndef answer():\n    return 1\n"}


@pytest.mark.parametrize(
    "path",
    [
        *("/", "/health", "/healthz", "/live", "/livez", "/liveness", "/ready", "/readyz", "/readiness", "/ping"),
        *("/status", "/metrics", "/version", "/docs", "/docs/a", "/redoc", "/openapi.json", "/favicon.ico"),
        *("/static/a.css", "/assets/a.css", "/login", "/token", "/oauth/callback", "/card", "/v2"),
        *("/v2/health/ready", "/api/health/", "/HEALTH"),
    ],
)
def test_routes_that_anybody_may_ask(path):
    assert not verdicts("S1.routes-authenticated", files=route(f'"{path}"', "get"))


@pytest.mark.parametrize("path", ["/predict", "/model", "/healthy/predict", "health", "/v2/models/iris", "/tokens"])
def test_routes_that_only_somebody_may_ask(path):
    assert refuses("S1.routes-authenticated", files=route(f'"{path}"', "get"))


@pytest.mark.parametrize(("method", "asked"), [("get", False), ("post", True), ("put", True), ("delete", True)])
def test_a_path_that_is_made_at_run_time_only_reads_or_is_asked(method, asked):
    assert bool(verdicts("S1.routes-authenticated", files=route("PATH", method))) is asked


@pytest.mark.parametrize(("methods", "asked"), [(["GET", "HEAD", "OPTIONS"], False), (["GET", "PUT"], True)])
def test_so_does_one_that_is_added_by_a_call(methods, asked):
    files = {"app.py": f"{SERVICE}app.add_route(PATH, answer, methods={methods})"}
    assert bool(verdicts("S1.routes-authenticated", files=files)) is asked


def test_an_application_without_routes_is_no_model_server():
    assert not verdicts("S1.routes-authenticated", files={"app.py": SERVICE})


@pytest.mark.parametrize(
    ("kind", "annotation", "guarded"),
    [
        *((kind, "", True) for kind in ("RequestAuthentication", "AuthorizationPolicy")),
        *((kind, "", True) for kind in ("SecurityPolicy", "AuthConfig")),
        ("Ingress", "nginx.ingress.kubernetes.io/auth-url", True),
        ("Ingress", "nginx.ingress.kubernetes.io/rewrite-target", False),
        ("Service", "nginx.ingress.kubernetes.io/auth-url", False),
    ],
)
def test_what_authenticates_in_front(kind, annotation, guarded):
    in_front = kubernetes(kind, annotations={annotation: "https://example.com"})
    assert refuses("S1.routes-authenticated", in_front, files={"app.py": PREDICT}) is not guarded


@pytest.mark.parametrize(
    ("code", "debugs"),
    [
        ("app.run(debug=True)", True),
        ("app.run(debug=False)", False),
        ("app.start(debug=True)", False),
        ("class Own(fastapi.FastAPI):\n    pass\n\nOwn(debug=True)", True),
        ("class Own(Base):\n    pass\n\nOwn(debug=True)", False),
        ("fastapi.APIRouter(debug=True)", True),
    ],
)
def test_debuggers(code, debugs):
    assert refuses("S1.no-debug-mode", files={"app.py": SERVICE + code}) is debugs


@pytest.mark.parametrize(
    ("call", "checked"),
    [
        ("requests.get(URL, verify=False)", False),
        ("requests.get(URL, verify='ca.pem')", True),
        ("ssl._create_unverified_context()", False),
        ("ssl.create_default_context()", True),
        *((f"redis.Redis(ssl_cert_reqs={reqs})", False) for reqs in ("'none'", "'NONE'", "None", "ssl.CERT_NONE")),
        ("redis.Redis(ssl_cert_reqs='required')", True),
        ("redis.Redis(ssl_ca_certs=None)", True),
    ],
)
def test_certificates(call, checked):
    assert refuses("S3.tls-verified", files={"app.py": call}) is not checked
