"""The service on a port of its own, with a release of its own: what the fixtures start."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import httpx
import uvicorn
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI

import sample
from service import audit, auth
from service.app import create_app
from service.settings import Settings

T = TypeVar("T")


@dataclass(frozen=True)
class Service:
    """A running service.

    Attributes:
        url: where it answers.
        key: an API key that it knows.
        release: what it was started with.
        app: the application, for a look inside.
        client: sends the key with each request.
    """

    url: str
    key: str
    release: sample.Release
    app: FastAPI
    client: httpx.Client

    @property
    def port(self) -> int:
        return httpx.URL(self.url).port or 0

    def predict(self, *rows: dict[str, Any]) -> httpx.Response:
        return self.client.post("/v1/predict", json={"rows": rows})


def until(condition: Callable[[], T], seconds: float = 30) -> T:
    """Look again and again until there is something to see; fail after so many seconds."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
    return found


@contextmanager
def listening(app: Any) -> Iterator[str]:
    """Run an application in a thread. Its socket listens already, so the first request just waits its turn."""
    listener = socket.create_server(("127.0.0.1", 0))
    server = uvicorn.Server(uvicorn.Config(app, log_config=None, access_log=False, ws="none"))
    thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]}, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join(timeout=10)


@contextmanager
def started(
    folder: Path, task: sample.Task = "binary", key: Ed25519PrivateKey | None = None, **changes: Any
) -> Iterator[Service]:
    """Start a service with a release of its own in ``folder``, signed with ``key``; ``changes`` are settings."""
    release = sample.release(folder / "current", task, key)
    api_key = auth.create_key(folder / "api-keys.json", "tester")
    paths = {"bundle": release.folder, "approvers": release.approvers, "api_keys": folder / "api-keys.json"}
    paths |= {"audit": folder / "audit", "audit_key": folder / "audit.pem", "audit_input_key": folder / "audit-input"}
    if not paths["audit_key"].exists():
        audit.create_keys(paths["audit_key"], paths["audit_input_key"])
    app = create_app(Settings(**{"environment": "prod", "log_level": "error", **paths, **changes}))
    with listening(app) as url, httpx.Client(base_url=url, headers={"X-API-Key": api_key}, trust_env=False) as client:
        yield Service(url, api_key, release, app, client)
