"""Which requests are traced, and what a collector gets of them."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from opentelemetry.trace import get_current_span
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from collector import Collector, collecting
from running import listening
from service.call import Call
from service.tracing import Tracer

ENVIRONMENT = {"PYTHONPATH": str(Path(__file__).parents[2] / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
TRACE, SPAN = "4bf92f3577b34da6a3ce929d0e0e4736", "00f067aa0ba902b7"  # pragma: allowlist secret
SAMPLED = f"00-{TRACE}-{SPAN}-01".encode()
BOUNDED = settings(max_examples=300, deadline=None, derandomize=True)


@pytest.fixture
def collector() -> Iterator[Collector]:
    with collecting() as found:
        yield found


@pytest.fixture
def tracer(collector: Collector, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., Tracer]]:
    """Makes tracers that soon send to the collector, stopped after the test."""
    monkeypatch.setattr("service.spans.DELAY", 20)
    with ExitStack() as stack:

        def make(ratio: float = 1.0, **changes: Any) -> Tracer:
            made = Tracer("tumours", "1.2.0", "staging", collector.url, ratio, **changes)
            stack.callback(made.shutdown)
            return made

        yield make
        collector.open.set()


def served(tracer: Tracer, traceparent: bytes | None = None, route: str = "/v1/predict", **changes: Any) -> Call:
    """A request on its way through, up to its end."""
    call = Call(method="POST", route=route, status=200)
    tracer.begin(call, traceparent, route)
    for name, value in changes.items():
        setattr(call, name, value)
    tracer.finish(call)
    return call


def test_nothing_of_opentelemetry_is_imported_without_an_endpoint() -> None:
    program = """
import sys
from service.call import Call
from service.tracing import Tracer
tracer, call = Tracer("tumours", "1", "prod", None, 1.0), Call()
tracer.begin(call, b"00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01")
tracer.finish(call)
tracer.shutdown()
assert (call.trace_id, call.sampled) == ("4bf92f3577b34da6a3ce929d0e0e4736", False)
assert not {"opentelemetry", "requests", "google"} & {name.partition(".")[0] for name in sys.modules}
"""
    subprocess.run([sys.executable, "-c", program], env=ENVIRONMENT, check=True)


def test_a_request_becomes_a_server_span_with_its_stretches(
    collector: Collector, tracer: Callable[..., Tracer]
) -> None:
    call = Call(method="POST", route="/v1/predict", status=200)
    tracing = tracer()
    tracing.begin(call, SAMPLED)
    call.model, call.version, call.digest, call.rows, call.batch = "tumours", "7", "ab12", 2, 32
    call.queued, call.ran, call.finished = (call.began + seconds for seconds in (0.010, 0.015, 0.040))
    tracing.finish(call)
    finished = time.time_ns()
    found = {span.name: span for span in collector.wait(3)}
    whole, queue, model = found["POST /v1/predict"], found["queue"], found["model"]

    assert {span.trace_id for span in found.values()} == {TRACE}
    assert (whole.parent_id, queue.parent_id, model.parent_id) == (SPAN, whole.span_id, whole.span_id)
    assert len({span.span_id for span in found.values()}) == 3
    assert [whole.kind, queue.kind, model.kind] == ["SERVER", "INTERNAL", "INTERNAL"]
    assert not whole.error
    assert whole.attributes == {
        "http.request.method": "POST",
        "http.route": "/v1/predict",
        "http.response.status_code": 200,
    }
    assert model.attributes == {
        "model.name": "tumours",
        "model.version": "7",
        "model.digest": "ab12",
        "model.rows": 2,
        "model.batch_rows": 32,
    }
    assert {
        "service.name": "tumours",
        "service.version": "1.2.0",
        "deployment.environment.name": "staging",
    }.items() <= (whole.resource.items())
    marks = [whole.began, queue.began, queue.ended, model.began, model.ended]
    assert [round((mark - call.arrived) / 1e6) for mark in marks] == [0, 10, 15, 15, 40]
    assert whole.began <= whole.ended <= finished


def test_a_request_that_ends_in_the_queue_shows_where_it_was_lost(
    collector: Collector, tracer: Callable[..., Tracer]
) -> None:
    served(tracer(), status=504, error="Deadline exceeded", queued=time.perf_counter())
    found = {span.name: span for span in collector.wait(2)}
    whole, queue = found["POST /v1/predict"], found["queue"]
    assert whole.error
    assert whole.attributes["error.type"] == "Deadline exceeded"
    assert queue.ended == whole.ended


@pytest.mark.parametrize(
    ("changes", "name", "attributes"),
    [
        ({"status": 404, "route": "unmatched"}, "POST", {"http.request.method": "POST"}),
        ({"method": "BREW", "status": 405}, "HTTP /v1/predict", {"http.request.method": "_OTHER"}),
        ({"cached": True}, "POST /v1/predict", {"prediction.cached": True}),
        ({"degraded": "default"}, "POST /v1/predict", {"prediction.degraded": "default"}),
        ({"status": 500}, "POST /v1/predict", {"error.type": "500"}),
    ],
)
def test_what_a_span_says_of_other_requests(
    collector: Collector, tracer: Callable[..., Tracer], changes: dict[str, Any], name: str, attributes: dict[str, Any]
) -> None:
    served(tracer(), **changes)
    [span] = collector.wait(1)
    assert span.name == name
    assert attributes.items() <= span.attributes.items()
    assert span.error == (changes.get("status", 200) >= 500)
    assert ("http.route" in span.attributes) == (changes.get("route") != "unmatched")


UPSTREAM = """
import sys, urllib.request
from opentelemetry import propagate
from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
provider = TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(OTLPSpanExporter(sys.argv[2] + "/v1/traces")))
with provider.get_tracer("upstream").start_as_current_span("upstream"):
    headers = {}
    propagate.inject(headers)
    urllib.request.urlopen(urllib.request.Request(sys.argv[1], headers=headers)).read()
"""


def test_the_span_of_a_caller_in_another_process_is_the_parent(
    collector: Collector, tracer: Callable[..., Tracer]
) -> None:
    tracing = tracer(ratio=0.0)

    async def app(scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            call = Call(method=scope["method"], route="/", status=200)
            tracing.begin(call, dict(scope["headers"]).get(b"traceparent"))
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": b""})
            tracing.finish(call)

    with listening(app) as url:
        environment = {name: value for name, value in os.environ.items() if not name.lower().endswith("proxy")}
        subprocess.run([sys.executable, "-c", UPSTREAM, url, collector.url], env=environment, check=True)
    found = {span.name: span for span in collector.wait(2)}
    assert found["GET /"].parent_id == found["upstream"].span_id
    assert found["GET /"].trace_id == found["upstream"].trace_id
    assert found["upstream"].began <= found["GET /"].began <= found["GET /"].ended


def test_calls_made_for_a_request_are_its_children(collector: Collector, tracer: Callable[..., Tracer]) -> None:
    tracing = tracer()
    call = served(tracing)
    [span] = collector.wait(1)
    assert tracing.traceparent(call) == f"00-{call.trace_id}-{span.span_id}-01"
    served(refusing := tracer(ratio=0.0), status=200)
    unsampled = served(refusing)
    assert tracing.traceparent(unsampled).endswith("-00")


def test_requests_that_are_not_sampled_make_no_span(collector: Collector, tracer: Callable[..., Tracer]) -> None:
    tracing = tracer(ratio=0.0, quiet=frozenset({"/healthz"}))
    calls = [served(tracing) for _ in range(50)]
    served(tracing, SAMPLED, route="/healthz")
    last = served(tracing, SAMPLED, route="/last")
    tracing.shutdown()
    assert [span.name for span in collector.spans] == ["POST /last"]
    assert len({call.trace_id for call in calls}) == 50
    assert all(len(call.trace_id) == 32 and not call.parent_span and not call.sampled for call in calls)
    assert (last.trace_id, last.parent_span) == (TRACE, SPAN)


def test_the_ratio_is_kept(tracer: Callable[..., Tracer]) -> None:
    tracing = tracer(ratio=0.25, ceiling=10_000.0)
    calls = [Call() for _ in range(10_000)]
    for call in calls:
        tracing.begin(call)
    assert 2_000 < sum(call.sampled for call in calls) < 3_000


def test_a_caller_that_does_not_trace_is_followed(tracer: Callable[..., Tracer]) -> None:
    call = Call()
    tracer(ratio=1.0).begin(call, SAMPLED[:-2] + b"00")
    assert (call.trace_id, call.parent_span, call.sampled) == (TRACE, SPAN, False)


def test_callers_cannot_have_more_traced_than_the_ceiling(tracer: Callable[..., Tracer]) -> None:
    now = [0.0]
    tracing = tracer(ratio=0.0, ceiling=5.0, clock=lambda: now[0])

    def sampled(requests: int) -> int:
        calls = [Call() for _ in range(requests)]
        for call in calls:
            tracing.begin(call, SAMPLED)
        return sum(call.sampled for call in calls)

    assert sampled(100) == 5
    now[0] += 0.4
    assert sampled(100) == 2
    now[0] += 3600
    assert sampled(100) == 5


def test_no_more_are_traced_by_choice_than_the_ceiling_whatever_callers_have_traced(
    tracer: Callable[..., Tracer],
) -> None:
    now = [0.0]
    tracing = tracer(ratio=1.0, ceiling=5.0, clock=lambda: now[0])

    def sampled(requests: int, parent: bytes | None) -> int:
        calls = [Call() for _ in range(requests)]
        for call in calls:
            tracing.begin(call, parent)
        return sum(call.sampled for call in calls)

    assert sampled(100, SAMPLED) == 5
    assert sampled(100, None) == 5
    now[0] += 0.4
    assert sampled(100, None) == 2
    now[0] += 3600
    assert sampled(100, None) == 5


def test_a_ceiling_of_zero_traces_nothing(tracer: Callable[..., Tracer]) -> None:
    tracing = tracer(ratio=1.0, ceiling=0.0)
    for parent in (None, SAMPLED):
        call = Call()
        tracing.begin(call, parent)
        assert not call.sampled


def test_trusted_callers_have_traced_what_they_like(tracer: Callable[..., Tracer]) -> None:
    tracing = tracer(ratio=0.0, ceiling=1.0, trust_parent=True)
    calls = [Call() for _ in range(100)]
    for call in calls:
        tracing.begin(call, SAMPLED)
    assert all(call.sampled for call in calls)


@pytest.mark.parametrize(
    "header",
    [
        b"",
        b"00",
        SAMPLED[:-1],
        SAMPLED + b"0",
        SAMPLED + b"-",
        SAMPLED + b"-what-the-future-will-be-like",
        SAMPLED + b"\n",
        b" " + SAMPLED,
        SAMPLED.upper(),
        b"ff" + SAMPLED[2:],
        b"0" + SAMPLED[2:],
        f"00-{'0' * 32}-{SPAN}-01".encode(),
        f"00-{TRACE}-{'0' * 16}-01".encode(),
        f"00-{TRACE}-{SPAN}-0x".encode(),
        f"00-{TRACE[:-1]}g-{SPAN}-01".encode(),
        f"00_{TRACE}_{SPAN}_01".encode(),
        f"cc-{TRACE}-{SPAN}-01.what".encode(),
        SAMPLED + b"," + SAMPLED,
        "00-４bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01".encode(),
    ],
)
def test_a_malformed_traceparent_is_as_good_as_none(header: bytes) -> None:
    call = Call()
    Tracer("tumours", "1", "prod").begin(call, header)
    assert len(call.trace_id) == 32
    assert call.trace_id != TRACE
    assert call.parent_span == ""


@pytest.mark.parametrize("header", [f"cc-{TRACE}-{SPAN}-01".encode(), f"01-{TRACE}-{SPAN}-09-what-comes".encode()])
def test_later_versions_are_read_as_far_as_they_are_known(tracer: Callable[..., Tracer], header: bytes) -> None:
    call = Call()
    tracer().begin(call, header)
    assert (call.trace_id, call.parent_span, call.sampled) == (TRACE, SPAN, True)


HEX = st.text("0123456789abcdef", min_size=1, max_size=33)
NEARLY = st.builds(
    lambda version, trace, span, flags, rest: f"{version}-{trace}-{span}-{flags}{rest}".encode(),
    st.sampled_from(["00", "01", "ff", "fe", "0", "000", "0G"]) | HEX,
    st.sampled_from([TRACE, "0" * 32, TRACE.upper(), TRACE[1:]]) | HEX,
    st.sampled_from([SPAN, "0" * 16, SPAN + "0"]) | HEX,
    st.sampled_from(["00", "01", "ff", "1", ""]) | HEX,
    st.sampled_from(["", "-", "-x", "x", "\0"]),
)
ALTERED = st.builds(
    lambda place, with_: SAMPLED[:place] + with_ + SAMPLED[place + 1 :], st.integers(0, 54), st.binary(max_size=2)
)


@BOUNDED
@given(st.binary(max_size=80) | NEARLY | ALTERED)
def test_whatever_the_header_the_call_has_a_sound_trace(header: bytes) -> None:
    call = Call()
    Tracer("tumours", "1", "prod").begin(call, header)
    assert len(call.trace_id) == 32
    assert int(call.trace_id, 16)
    if call.parent_span:  # then OpenTelemetry's own reader agrees
        carrier = {"traceparent": header.decode("latin-1")}
        theirs = get_current_span(TraceContextTextMapPropagator().extract(carrier)).get_span_context()
        assert (f"{theirs.trace_id:032x}", f"{theirs.span_id:016x}") == (call.trace_id, call.parent_span)


@BOUNDED
@given(st.integers(1, 2**128 - 1), st.integers(1, 2**64 - 1), st.integers(0, 255), st.integers(0, 254))
def test_every_sound_header_is_followed(trace: int, span: int, flags: int, version: int) -> None:
    call = Call()
    Tracer("tumours", "1", "prod").begin(call, f"{version:02x}-{trace:032x}-{span:016x}-{flags:02x}".encode())
    assert (int(call.trace_id, 16), int(call.parent_span, 16)) == (trace, span)


def test_the_end_does_not_wait_for_a_collector_that_hangs(collector: Collector, tracer: Callable[..., Tracer]) -> None:
    collector.open.clear()
    others = set(threading.enumerate())
    tracing = tracer()
    [sender] = [thread for thread in threading.enumerate() if thread not in others and "OtelBatch" in thread.name]
    served(tracing)
    collector.wait_for_attempt()
    tracing.shutdown(seconds=0.1)
    assert sender.is_alive()  # it was not waited for
    assert collector.spans == []


def test_a_collector_that_hangs_holds_up_no_request_and_gets_no_more_than_may_wait(
    collector: Collector, tracer: Callable[..., Tracer]
) -> None:
    collector.open.clear()
    tracing = tracer(ceiling=1e9)
    for _ in range(20_000):  # several times what may wait
        served(tracing)
    collector.wait_for_attempt()
    collector.open.set()
    tracing.shutdown(seconds=30)
    assert 0 < len(collector.spans) < 8_000


def test_a_collector_that_refuses_costs_only_spans(collector: Collector, tracer: Callable[..., Tracer]) -> None:
    collector.status = 400
    tracing = tracer()
    served(tracing)
    collector.wait_for_attempt()
    collector.status = 200
    served(tracing, route="/later")
    assert [span.name for span in collector.wait(1)] == ["POST /later"]


def test_a_collector_that_is_away_costs_only_spans() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    tracing = Tracer("tumours", "1", "prod", f"http://127.0.0.1:{port}", 1.0)
    assert served(tracing).sampled
    tracing.shutdown()


def test_the_environment_changes_only_how_the_collector_is_reached(collector: Collector) -> None:
    program = """
import sys
from service.call import Call
from service.tracing import Tracer
tracer, call = Tracer("tumours", "1.2.0", "staging", sys.argv[1] + "/v1/traces", 1.0), Call(route="/v1/predict")
tracer.begin(call)
tracer.finish(call)
tracer.shutdown()
"""
    environment = {
        **ENVIRONMENT,
        "OTEL_SDK_DISABLED": "true",
        "OTEL_SERVICE_NAME": "somebody",
        "OTEL_RESOURCE_ATTRIBUTES": "service.name=somebody,team=other",
        "OTEL_TRACES_SAMPLER": "always_off",
        "OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT": "0",
        "OTEL_BSP_SCHEDULE_DELAY": "86400000",
        "OTEL_BSP_MAX_QUEUE_SIZE": "1",
        "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1",
        "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:1",
        "OTEL_EXPORTER_OTLP_TIMEOUT": "0.000001",
        "OTEL_EXPORTER_OTLP_COMPRESSION": "deflate",
        "OTEL_EXPORTER_OTLP_HEADERS": "x-scope-orgid=hospital",
        "HTTP_PROXY": "http://127.0.0.1:1",
        "http_proxy": "http://127.0.0.1:1",
    }
    subprocess.run([sys.executable, "-c", program, collector.url], env=environment, check=True)
    [span] = collector.wait(1)
    assert span.resource["service.name"] == "tumours"
    assert "team" not in span.resource
    assert span.attributes["http.route"] == "/v1/predict"
    assert collector.headers["x-scope-orgid"] == "hospital"
