"""Spans of answered requests, sent by OpenTelemetry's exporter from a thread of its own. Imported only when traced."""

from __future__ import annotations

import threading
import time
import uuid
from random import getrandbits

import requests
from opentelemetry.exporter.otlp.proto.http import Compression
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan
from opentelemetry.sdk.trace.export import BatchSpanProcessor
from opentelemetry.sdk.util.instrumentation import InstrumentationScope
from opentelemetry.sdk.version import __version__
from opentelemetry.trace import SpanContext, SpanKind, Status, StatusCode, TraceFlags

from service.call import Call

PATH = "/v1/traces"
TIMEOUT = 5.0
"""For one batch with all its retries, in seconds."""
DELAY = 1_000
"""Longest that a span waits to be sent, in milliseconds."""
QUEUE = 4096
"""Most spans that wait; further ones are dropped."""
BATCH = 512
UNMATCHED = "unmatched"
"""The route of a request that none matched, as :class:`Call` has it."""
_SAMPLED = TraceFlags(TraceFlags.SAMPLED)
_METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "CONNECT", "TRACE"})

Attributes = dict[str, str | int | bool]


class Spans:
    """Makes spans and queues them. A collector that is away or hangs costs spans, never requests.

    Spans are made ready and whole, past the SDK's tracer: their ids and times were decided long before. So the
    SDK's own settings for sampling, limits and resource do not apply. Of the ``OTEL_*`` environment the exporter
    still reads ``OTEL_EXPORTER_OTLP_HEADERS``, ``…_CERTIFICATE``, ``…_CLIENT_KEY`` and ``…_CLIENT_CERTIFICATE`` (and
    the same for ``…_TRACES_…``), where collectors' secrets are usually put. Proxy variables are not followed.

    Args:
        service_name: name of this service in traces.
        version: its version.
        environment: where it runs.
        endpoint: the collector's OTLP/HTTP address, with or without ``/v1/traces``.
    """

    def __init__(self, service_name: str, version: str, environment: str, endpoint: str) -> None:
        session = requests.Session()
        session.trust_env = False
        address = endpoint.rstrip("/").removesuffix(PATH) + PATH
        self._exporter = OTLPSpanExporter(address, timeout=TIMEOUT, compression=Compression.Gzip, session=session)
        self._processor = BatchSpanProcessor(
            self._exporter,
            max_queue_size=QUEUE,
            schedule_delay_millis=DELAY,
            max_export_batch_size=BATCH,
            export_timeout_millis=TIMEOUT * 1_000,
        )
        self._scope = InstrumentationScope("service.tracing", version)
        self._resource = Resource(
            {
                "service.name": service_name,
                "service.version": version,
                "service.instance.id": str(uuid.uuid4()),
                "deployment.environment.name": environment,
                "telemetry.sdk.language": "python",
                "telemetry.sdk.name": "opentelemetry",
                "telemetry.sdk.version": __version__,
            }
        )

    def record(self, call: Call, span: int) -> None:
        """Queue the spans of a request that ends now.

        Args:
            call: the request, with the marks it took.
            span: id of its server span.
        """
        now = time.perf_counter()
        trace = int(call.trace_id, 16)
        own = SpanContext(trace, span, is_remote=False, trace_flags=_SAMPLED)
        if call.queued:
            self._inside(own, call, "queue", call.queued, call.ran or now, {})
        if call.ran:
            self._inside(own, call, "model", call.ran, call.finished or now, _of_model(call))
        parent = int(call.parent_span or "0", 16)
        self._processor.on_end(
            ReadableSpan(
                _name(call),
                own,
                SpanContext(trace, parent, is_remote=True, trace_flags=_SAMPLED) if parent else None,
                self._resource,
                _of_request(call),
                kind=SpanKind.SERVER,
                status=Status(StatusCode.ERROR, call.error or None) if call.status >= 500 else Status(),
                start_time=call.arrived,
                end_time=_at(call, now),
                instrumentation_scope=self._scope,
            )
        )

    def shutdown(self, seconds: float) -> None:
        """Send what is queued within so many seconds, then give up."""
        sending = threading.Thread(target=self._processor.shutdown, daemon=True)
        sending.start()
        sending.join(seconds)
        if sending.is_alive():
            self._exporter.shutdown()  # type: ignore[no-untyped-call]

    def _inside(
        self, own: SpanContext, call: Call, name: str, began: float, ended: float, attributes: Attributes
    ) -> None:
        """Queue a span of one stretch of the request, from mark to mark."""
        self._processor.on_end(
            ReadableSpan(
                name,
                SpanContext(own.trace_id, getrandbits(64) or 1, is_remote=False, trace_flags=_SAMPLED),
                own,
                self._resource,
                attributes,
                start_time=_at(call, began),
                end_time=_at(call, ended),
                instrumentation_scope=self._scope,
            )
        )


def _at(call: Call, mark: float) -> int:
    """A mark in nanoseconds since 1970."""
    return call.arrived + int((mark - call.began) * 1e9)


def _name(call: Call) -> str:
    method = call.method if call.method in _METHODS else "HTTP"
    return method if call.route == UNMATCHED else f"{method} {call.route}"


def _of_request(call: Call) -> Attributes:
    """By OpenTelemetry's conventions for HTTP; without the path and the query, which may hold what callers sent."""
    found: Attributes = {"http.request.method": call.method if call.method in _METHODS else "_OTHER"}
    if call.route != UNMATCHED:
        found["http.route"] = call.route
    if call.status:
        found["http.response.status_code"] = call.status
    if call.status >= 500:
        found["error.type"] = call.error or str(call.status)
    if call.cached:
        found["prediction.cached"] = True
    if call.degraded:
        found["prediction.degraded"] = call.degraded
    return found


def _of_model(call: Call) -> Attributes:
    return {
        "model.name": call.model,
        "model.version": call.version,
        "model.digest": call.digest,
        "model.rows": call.rows,
        "model.batch_rows": call.batch,
    }
