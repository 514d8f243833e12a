"""What the service calls its metrics, read from its own definitions: none can be renamed on one side only."""

from __future__ import annotations

from prometheus_client import Counter, Gauge, Histogram

from service.metrics import SECONDS, Metrics

_METRICS = Metrics()


def _name(metric: Counter | Gauge | Histogram) -> str:
    (family,) = metric.describe()
    return f"{family.name}_total" if family.type == "counter" else family.name


REQUESTS = _name(_METRICS.requests)
DURATION = _name(_METRICS.duration)
IN_FLIGHT = _name(_METRICS.in_flight)
REFUSED = _name(_METRICS.refused)
PREDICTIONS = _name(_METRICS.predictions)
FLAGS = _name(_METRICS.flags)
BATCH_ROWS = _name(_METRICS.batch_rows)
RUN_SECONDS = _name(_METRICS.run_seconds)
RELOADS = _name(_METRICS.reloads)
READY = _name(_METRICS.ready)
LOADED = _name(_METRICS.loaded)
CACHE = _name(_METRICS.cache)
DEGRADED = _name(_METRICS.degraded)
LIMITER_DEGRADED = _name(_METRICS.limiter_degraded)
REMOTE_CALLS = _name(_METRICS.remote_calls)
BREAKER_OPEN = _name(_METRICS.breaker_open)
AUDIT_RECORDS = _name(_METRICS.audit_records)
AUDIT_FAILURES = _name(_METRICS.audit_failures)
CERTIFICATE_ENDS = _name(_METRICS.certificate_ends)

# What prometheus_client tells of a process by itself; not where a pod has several workers.
CPU_SECONDS = "process_cpu_seconds_total"
RESIDENT_BYTES = "process_resident_memory_bytes"
OPEN_FILES = "process_open_fds"
MOST_FILES = "process_max_fds"

EDGES = SECONDS
"""Upper edges of the buckets of ``DURATION`` and ``RUN_SECONDS``, in seconds."""

PREDICTING = "/v1/predict|/v1/models/.+/predict|/v2/models/.+/infer|/invocations"
"""Matches the routes that answer predictions, and no other, as a regular expression."""

ALWAYS = (IN_FLIGHT, READY, AUDIT_RECORDS, REQUESTS)
"""Every instance has these from its first scrapes on; without them the rules are blind."""
