"""What the service counts, for Prometheus. Label values come from a fixed set, never from a request."""

from __future__ import annotations

import os
from typing import Any

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.gc_collector import GCCollector
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.platform_collector import PlatformCollector
from prometheus_client.process_collector import ProcessCollector

CONTENT_TYPE = CONTENT_TYPE_LATEST
SECONDS = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)
ROWS = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 4096)
SHARED = "PROMETHEUS_MULTIPROC_DIR"
"""Where several workers keep their counts together; prometheus_client reads it when it is first imported."""


class Metrics:
    """One registry with all of the service's metrics."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._traffic()
        self._model()
        self._controls()
        if not _several_workers():
            for collector in (ProcessCollector, PlatformCollector, GCCollector):
                collector(registry=self.registry)

    def _traffic(self) -> None:
        self.requests = self._counter("http_requests", "Requests answered.", "method", "route", "status")
        self.duration = self._histogram(
            "http_request_duration_seconds", "From a request's arrival to the end of its answer.", SECONDS, "route"
        )
        self.in_flight = self._gauge("http_requests_in_flight", "Requests being answered, scrapes aside.", "livesum")
        self.refused = self._counter("http_requests_refused", "Requests refused by a control.", "reason")

    def _model(self) -> None:
        self.predictions = self._counter("model_predictions", "Rows answered.", "model", "version")
        self.flags = self._counter("model_flagged_values", "Values imputed or let through unseen.", "problem")
        self.batch_rows = self._histogram("model_batch_rows", "Rows that the model answered at once.", ROWS, "model")
        self.run_seconds = self._histogram("model_run_seconds", "Time of one call of the model.", SECONDS, "model")
        self.reloads = self._counter("model_reloads", "Newer bundles found.", "outcome")
        _begin(self.reloads, "loaded", "refused")
        self.ready = self._gauge("model_ready", "1 while an approved model is loaded.", "livemin")
        self.loaded = self._gauge(
            "model_loaded_timestamp_seconds", "When the model was loaded.", "livemax", "model", "version"
        )

    def _controls(self) -> None:
        self.cache = self._counter("prediction_cache", "Looks into the cache of answers.", "outcome")
        self.cache_bytes = self._gauge("prediction_cache_bytes", "Size of the cache of answers.", "livesum")
        self.degraded = self._counter("degraded_answers", "Answers that the model itself did not give.", "how")
        self.limiter_degraded = self._gauge(
            "rate_limit_degraded", "1 while the shared rate limit cannot be reached.", "livemax"
        )
        self.remote_calls = self._counter("remote_calls", "Calls of other parties.", "remote", "outcome")
        self.remote_retries = self._counter("remote_retries", "Calls of other parties tried again.", "remote")
        self.breaker_open = self._gauge(
            "remote_breaker_open", "Circuit breaker: 0 closed, 0.5 half open, 1 open.", "livemax", "remote"
        )
        self.audit_records = self._counter("audit_records", "Decisions recorded.")
        self.audit_failures = self._counter("audit_failures", "Decisions that could not be recorded.", "kind")
        _begin(self.audit_failures, "full", "io", "sync", "head")
        self.certificate_ends = self._gauge(
            "tls_certificate_not_after_timestamp_seconds", "When the TLS certificate expires; 0 without TLS.", "livemin"
        )

    def expose(self) -> bytes:
        """The text that Prometheus scrapes; of all workers, whichever of them is asked."""
        return generate_latest(self.collected())

    def collected(self) -> CollectorRegistry:
        """A registry that holds what all workers counted."""
        if not _several_workers():
            return self.registry
        together = CollectorRegistry()
        MultiProcessCollector(together)  # type: ignore[no-untyped-call]
        return together

    def _counter(self, name: str, told: str, *labels: str) -> Counter:
        return Counter(name, told, labels, registry=self.registry)

    def _gauge(self, name: str, told: str, together: Any, *labels: str) -> Gauge:
        return Gauge(name, told, labels, registry=self.registry, multiprocess_mode=together)

    def _histogram(self, name: str, told: str, buckets: tuple[float, ...], *labels: str) -> Histogram:
        return Histogram(name, told, labels, buckets=buckets, registry=self.registry)


def _begin(counter: Counter, *values: str) -> None:
    """Count from zero: of a series that begins with its first event, Prometheus cannot see that event."""
    for value in values:
        counter.labels(value)


def _several_workers() -> bool:
    return SHARED in os.environ
