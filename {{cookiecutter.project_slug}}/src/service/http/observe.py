"""What happens around every request: an id, a measurement, a log line, and no error that leaves without a document."""

from __future__ import annotations

import logging
import re
import time
import uuid

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.errors import ServiceError
from service.http.asgi import PROBLEM, ClientGone, problem, send_bytes
from service.metrics import Metrics

log = logging.getLogger("service.access")
SAFE_ID = re.compile(rb"[A-Za-z0-9._:-]{1,64}")
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
QUIET = frozenset({"/healthz", "/readyz", "/metrics", "/v2/health/live", "/v2/health/ready", "/ping", "/health"})


class Observe:
    """Pure ASGI middleware around the whole application."""

    def __init__(self, app: ASGIApp, metrics: Metrics) -> None:
        self.app = app
        self.metrics = metrics

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope.setdefault("state", {})["request_id"] = request_id
        began = time.perf_counter()
        status = 0

        async def observed(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                headers["x-request-id"] = request_id
                headers["x-content-type-options"] = "nosniff"
            await send(message)

        try:
            await self.app(scope, receive, observed)
        except ClientGone:
            status = 499
        except Exception as error:
            if status:
                raise  # the answer has begun: only closing the connection is honest
            if not isinstance(error, ServiceError):
                log.exception("request failed", extra={"request_id": request_id})
                error = ServiceError("the service failed to answer; the log has more under this request id")
            body, headers = problem(error, scope)
            await send_bytes(observed, error.status, body, PROBLEM, headers)
        finally:
            self._record(scope, status or 500, time.perf_counter() - began, request_id)

    def _record(self, scope: Scope, status: int, seconds: float, request_id: str) -> None:
        route = getattr(scope.get("route"), "path", None) or "unmatched"
        method = scope["method"] if scope["method"] in METHODS else "other"
        self.metrics.requests.labels(method, route, str(status)).inc()
        self.metrics.duration.labels(route).observe(seconds)
        level = logging.DEBUG if route in QUIET else logging.INFO
        log.log(
            level,
            "request",
            extra={
                "request_id": request_id,
                "method": method,
                "route": route,
                "status": status,
                "milliseconds": round(seconds * 1000, 3),
                "principal": scope["state"].get("principal", ""),
            },
        )


def _request_id(scope: Scope) -> str:
    """The caller's own id when it is harmless to repeat, else a new one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id" and SAFE_ID.fullmatch(value):
            return str(value.decode("ascii"))
    return uuid.uuid4().hex
