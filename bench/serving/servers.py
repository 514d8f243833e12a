"""Who takes part, as data: what each is started with, what it is sent, and where its answer stands."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PEERS = Path(__file__).parent / "peers"
Rows = Sequence[Sequence[float]]
Answers = list[list[float]]


@dataclass(frozen=True)
class Server:
    """One server.

    Words in braces stand for what is known when it is started: ``port`` and two more (``port2``, ``port3``), ``model``
    (folder of the model), ``name`` (of the model), ``workers``, ``key``, ``otlp`` and ``tokens`` (URLs), ``release``
    (folder of the releases), ``run`` (a folder for this start alone).

    Attributes:
        name: of its folder in ``peers``, and on the command line.
        title: in the table.
        command: starts it.
        path: where it takes rows.
        body: rows in the form it takes.
        answer: the probabilities in the form it gives.
        variables: its environment.
        prepare: is run once before, for each model.
        several: whether it is measured with two workers too.
        every: whether it is measured with every model.
        package: whose version is told.
    """

    name: str
    title: str
    command: tuple[str, ...]
    path: str = "/predict"
    body: Callable[[Sequence[str], Rows], Any] = lambda names, rows: {"rows": rows}
    answer: Callable[[Any], Answers] = lambda document: document["probabilities"]
    variables: Mapping[str, str] = field(default_factory=dict)
    prepare: tuple[str, ...] = ()
    several: bool = False
    every: bool = False
    package: str = ""


def _named(names: Sequence[str], rows: Rows) -> Any:
    return {"rows": [dict(zip(names, row, strict=True)) for row in rows]}


def _tensor(names: Sequence[str], rows: Rows) -> Any:
    flat = [value for row in rows for value in row]
    return {"inputs": [{"name": "numeric", "shape": [len(rows), len(names)], "datatype": "FP32", "data": flat}]}


def _from_tensor(document: Any) -> Answers:
    (output,) = document["outputs"]
    width = output["shape"][1]
    return [output["data"][at : at + width] for at in range(0, len(output["data"]), width)]


UVICORN = ("uvicorn", "app:app", "--host", "127.0.0.1", "--port", "{port}")

OURS = Server(
    "ours",
    "this template, all controls on",
    ("python", "-m", "service", "serve"),
    path="/v1/predict",
    body=_named,
    answer=lambda document: [list(one["probabilities"].values()) for one in document["predictions"]],
    variables={
        "SERVICE_PORT": "{port}",
        "SERVICE_WORKERS": "{workers}",
        "SERVICE_BUNDLE": "{run}/current",
        "SERVICE_APPROVERS": "{release}/approvers.toml",
        "SERVICE_API_KEYS": "{release}/api-keys.json",
        "SERVICE_TOKEN_ISSUER": "https://issuer.example.org",
        "SERVICE_TOKEN_AUDIENCE": "bench",
        "SERVICE_TOKEN_KEYS": "{tokens}",
        "SERVICE_RATE": "1000000/second burst 1000000",
        "SERVICE_QUOTA": "1000000000/day",
        "SERVICE_AUDIT": "{run}/audit",
        "SERVICE_AUDIT_KEY": "{release}/audit-key.pem",
        "SERVICE_AUDIT_INPUT_KEY": "{release}/audit-input-key",
        "SERVICE_OTLP": "{otlp}",
        "SERVICE_TRACE_SHARE": "0.01",
        "SERVICE_RELOAD_SECONDS": "0.5",
        "SERVICE_DRAIN_SECONDS": "0",
    },
    several=True,
    every=True,
)
BARE = Server(
    "bare",
    "bare uvicorn (the limit)",
    (*UVICORN, "--workers", "{workers}", "--no-access-log", "--log-level", "warning", "--lifespan", "off"),
    body=_named,
    several=True,
)
OTHERS = (
    Server("fastapi_sklearn", "FastAPI + scikit-learn", UVICORN, every=True, package="fastapi"),
    Server(
        "fastapi_onnx",
        "FastAPI + ONNX Runtime, usual middleware",
        (*UVICORN, "--no-access-log"),
        variables={"BENCH_OTLP": "{otlp}", "BENCH_TRACE_SHARE": "0.01", "BENCH_KEY": "{key}"},
        every=True,
        package="fastapi",
    ),
    Server(
        "mlflow",
        "MLflow",
        ("mlflow", "models", "serve", "-m", "{saved}", "--env-manager", "local", "-h", "127.0.0.1", "-p", "{port}"),
        path="/invocations",
        body=lambda names, rows: {"inputs": rows},
        answer=lambda document: document["predictions"]["probabilities"],
        variables={"MLFLOW_DISABLE_TELEMETRY": "true"},
        prepare=("python", "save.py", "{model}", "{saved}"),
        package="mlflow",
    ),
    Server(
        "bentoml",
        "BentoML",
        ("bentoml", "serve", "service:Bench", "--host", "127.0.0.1", "--port", "{port}"),
        answer=lambda document: document,
        variables={"BENTOML_DO_NOT_TRACK": "True", "BENTOML_HOME": "{run}"},
        package="bentoml",
    ),
    Server("litserve", "LitServe", ("python", "server.py"), package="litserve"),
    Server(
        "mlserver",
        "MLServer",
        ("mlserver", "start", "."),
        path="/v2/models/bench/infer",
        body=_tensor,
        answer=_from_tensor,
        variables={
            "MLSERVER_HOST": "127.0.0.1",
            "MLSERVER_HTTP_PORT": "{port}",
            "MLSERVER_GRPC_PORT": "{port2}",
            "MLSERVER_METRICS_PORT": "{port3}",
            "MLSERVER_METRICS_DIR": "{run}",
        },
        package="mlserver",
    ),
    Server(
        "ray_serve",
        "Ray Serve behind HAProxy",
        ("python", "app.py"),
        variables={
            "RAY_SERVE_ENABLE_HA_PROXY": "1",
            "RAY_SERVE_THROUGHPUT_OPTIMIZED": "1",
            "RAY_SERVE_HAPROXY_STATS_PORT": "{port2}",
            "RAY_SERVE_HAPROXY_METRICS_PORT": "{port3}",
            "RAY_USAGE_STATS_ENABLED": "0",
            "RAY_AUTH_MODE": "disabled",
        },
        package="ray",
    ),
)
SERVERS = (OURS, BARE, *OTHERS)
