"""The service on a port of its own, with a release of its own: what the fixtures start."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from fastapi import FastAPI

import sample
from service import auth
from service.app import create_app
from service.settings import Settings


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
def started(folder: Path, task: sample.Task = "binary", **changes: Any) -> Iterator[Service]:
    """Start a service with a release of its own in ``folder``; ``changes`` are settings."""
    release = sample.release(folder / "current", task)
    key = auth.create_key(folder / "api-keys.json", "tester")
    paths = {"bundle": release.folder, "approvers": release.approvers, "api_keys": folder / "api-keys.json"}
    app = create_app(Settings(**{"environment": "prod", **paths, **changes}))
    with listening(app) as url, httpx.Client(base_url=url, headers={"X-API-Key": key}, trust_env=False) as client:
        yield Service(url, key, release, app, client)
