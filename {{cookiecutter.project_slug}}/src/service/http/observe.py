"""What happens around every request: an id, a measurement, a log line, a trace, and no error without a document."""

from __future__ import annotations

import logging
import time
from collections.abc import Awaitable, Mapping
from typing import Any

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from service.call import TIMEOUT, Call
from service.errors import ServiceError, fault
from service.http.asgi import PROBLEM, SAFE_ID, ClientGone, call_of, problem, send_bytes
from service.lifecycle import Lifecycle
from service.logs import AccessLog
from service.metrics import Metrics
from service.tracing import Tracer

log = logging.getLogger("service.access")
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
ASKED = frozenset({b"x-request-id", b"traceparent", b"x-api-key", b"authorization", TIMEOUT})
"""Headers that controls read: looked for once."""
QUIET = frozenset({"/healthz", "/readyz", "/metrics", "/v2/health/live", "/v2/health/ready", "/ping", "/health"})
SECURE = ((b"x-content-type-options", b"nosniff"),)
STRICT_TRANSPORT = (b"strict-transport-security", b"max-age=31536000")


class Observe:
    """The outermost ASGI layer: meets each request first, and its answer last.

    Args:
        app: answers what no lane does.
        lanes: raw ASGI applications that answer POST at a path of their own.
        metrics: counts.
        access: logs.
        tracer: traces those requests that are sampled.
        lifecycle: how many requests are in flight.
        tls: whether clients came by TLS, and are to come so only.
    """

    quiet = QUIET

    def __init__(
        self,
        app: ASGIApp,
        lanes: Mapping[str, ASGIApp],
        metrics: Metrics,
        access: AccessLog,
        tracer: Tracer,
        lifecycle: Lifecycle,
        *,
        tls: bool,
    ) -> None:
        self.app = app
        self.lanes = lanes
        self.metrics = metrics
        self.access = access
        self.tracer = tracer
        self.lifecycle = lifecycle
        self.headers = (*SECURE, STRICT_TRANSPORT) if tls else SECURE
        self._counted: dict[tuple[str, str, int], tuple[Any, Any]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        call = self._begin(scope)
        self.lifecycle.in_flight += 1
        answered = False

        def observed(message: Message) -> Awaitable[None]:
            nonlocal answered
            if message["type"] == "http.response.start":
                call.status = message["status"]
                message["headers"] = self._headed(call, message["headers"])
            else:
                answered = not message.get("more_body", False)
            return send(message)

        try:
            await self._answer(call, scope, receive, observed)
        except ClientGone:
            call.status = 499
        except Exception as error:
            if not isinstance(error, ServiceError):
                log.exception("request failed", extra={"request_id": call.request_id})
            if not call.status:
                await self._refuse(scope, observed, error)
            elif not answered:
                raise  # the answer has begun: only closing the connection is honest
        finally:
            self.lifecycle.in_flight -= 1
            self._end(call, scope)

    def _begin(self, scope: Scope) -> Call:
        state = scope.setdefault("state", {})
        call: Call = state.get("call") or Call()
        state["call"] = call
        call.method = scope["method"] if scope["method"] in METHODS else "other"
        parent = None
        call.asked = tuple([header for header in scope["headers"] if header[0] in ASKED])
        for name, value in call.asked:
            if name == b"x-request-id" and SAFE_ID.fullmatch(value):
                call.request_id = value.decode("ascii")
            elif name == b"traceparent":
                parent = value
        self.tracer.begin(call, parent, scope["path"])
        call.request_id = call.request_id or call.trace_id
        return call

    def _answer(self, call: Call, scope: Scope, receive: Receive, send: Send) -> Awaitable[None]:
        lane = self.lanes.get(scope["path"]) if call.method == "POST" else None
        if lane is None:
            return self.app(scope, receive, send)
        call.route = scope["path"]
        return lane(scope, receive, send)

    async def _refuse(self, scope: Scope, send: Send, error: Exception) -> None:
        told = error if isinstance(error, ServiceError) else fault()
        body, headers = problem(told, scope)
        await send_bytes(send, told.status, body, PROBLEM, headers)

    def _headed(self, call: Call, headers: Any) -> list[tuple[bytes, bytes]]:
        return [*headers, (b"x-request-id", call.request_id.encode()), *self.headers, *call.headers]

    def _end(self, call: Call, scope: Scope) -> None:
        call_of(scope)
        status = call.status or 500
        key = (call.method, call.route, status)
        counted = self._counted.get(key)
        if counted is None:
            counted = self.metrics.requests.labels(key[0], key[1], str(status)), self.metrics.duration.labels(key[1])
            self._counted[key] = counted
        counted[0].inc()
        counted[1].observe(time.perf_counter() - call.began)
        if call.refused:
            self.metrics.refused.labels(call.refused).inc()
        self.access.write(call, call.features)
        if call.sampled:
            self.tracer.finish(call)
