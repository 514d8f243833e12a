"""What the service counts, for Prometheus. Label values come from a fixed set, never from a request."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

CONTENT_TYPE = CONTENT_TYPE_LATEST
BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Metrics:
    """One registry with all of the service's metrics."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "http_requests", "Requests answered.", ["method", "route", "status"], registry=self.registry
        )
        self.duration = Histogram(
            "http_request_duration_seconds",
            "Time from a request's arrival to the end of its answer.",
            ["route"],
            buckets=BUCKETS,
            registry=self.registry,
        )
        self.predictions = Counter("model_predictions", "Rows answered.", ["model", "version"], registry=self.registry)
        self.flags = Counter(
            "model_flagged_values", "Values imputed or let through unseen.", ["problem"], registry=self.registry
        )
        self.ready = Gauge("model_ready", "1 while an approved model is loaded.", registry=self.registry)

    def expose(self) -> bytes:
        """The text that Prometheus scrapes."""
        return generate_latest(self.registry)
