"""A trace collector: a real OTLP/HTTP receiver on a port of its own, that can be made to refuse or to hang."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.common.v1.common_pb2 import KeyValue
from opentelemetry.proto.trace.v1.trace_pb2 import Span


@dataclass(frozen=True)
class Received:
    """A span as it came over the wire; ids in hex, times in nanoseconds since 1970."""

    name: str
    trace_id: str
    span_id: str
    parent_id: str
    began: int
    ended: int
    kind: str
    error: bool
    attributes: dict[str, Any]
    resource: dict[str, Any]


class Collector:
    """What was received so far, and how the next request is met.

    Attributes:
        status: what exports are answered with.
        open: while not set, exports are held unanswered.
        url: its address.
        headers: of the last export.
    """

    def __init__(self) -> None:
        self.status = 200
        self.open = threading.Event()
        self.open.set()
        self.url = ""
        self.headers: dict[str, str] = {}
        self._spans: list[Received] = []
        self._attempts = 0
        self._changed = threading.Condition()

    @property
    def spans(self) -> list[Received]:
        with self._changed:
            return list(self._spans)

    def wait(self, count: int, seconds: float = 30) -> list[Received]:
        """The spans, once there are so many."""
        with self._changed:
            assert self._changed.wait_for(lambda: len(self._spans) >= count, seconds), self._spans
            return list(self._spans)

    def wait_for_attempt(self, seconds: float = 30) -> None:
        """Return once somebody has tried to export, whatever came of it."""
        with self._changed:
            assert self._changed.wait_for(lambda: self._attempts > 0, seconds)

    def take(self, path: str, headers: dict[str, str], body: bytes) -> int:
        """Meet one export; returns the status to answer with."""
        with self._changed:
            self._attempts += 1
            self.headers = headers
            self._changed.notify_all()
        self.open.wait()
        if path != "/v1/traces" or headers.get("content-type") != "application/x-protobuf":
            return 404
        if self.status == 200:
            request = ExportTraceServiceRequest.FromString(
                gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body
            )
            with self._changed:
                self._spans += _read(request)
                self._changed.notify_all()
        return self.status


@contextmanager
def collecting() -> Iterator[Collector]:
    """Run a collector."""
    collector = Collector()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            status = collector.take(self.path, {name.lower(): value for name, value in self.headers.items()}, body)
            answer = ExportTraceServiceResponse().SerializeToString()
            try:
                self.send_response(status)
                self.send_header("content-type", "application/x-protobuf")
                self.send_header("content-length", str(len(answer)))
                self.end_headers()
                self.wfile.write(answer)
            except ConnectionError:  # it was held longer than the exporter waits
                self.close_connection = True

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    collector.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield collector
    finally:
        collector.open.set()
        server.shutdown()
        server.server_close()
        thread.join()


def _read(request: ExportTraceServiceRequest) -> list[Received]:
    return [
        Received(
            span.name,
            span.trace_id.hex(),
            span.span_id.hex(),
            span.parent_span_id.hex(),
            span.start_time_unix_nano,
            span.end_time_unix_nano,
            Span.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_"),
            span.status.code == 2,
            _attributes(span.attributes),
            _attributes(whole.resource.attributes),
        )
        for whole in request.resource_spans
        for scope in whole.scope_spans
        for span in scope.spans
    ]


def _attributes(pairs: Any) -> dict[str, Any]:
    found: list[KeyValue] = list(pairs)
    return {pair.key: getattr(pair.value, pair.value.WhichOneof("value") or "") for pair in found}
