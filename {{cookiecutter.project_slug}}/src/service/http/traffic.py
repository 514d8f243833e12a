"""What the service has answered since it started, read from its own metrics."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from prometheus_client.samples import Sample

from service.metrics import Metrics
from service.routes import PREDICTING


@dataclass(frozen=True, slots=True)
class Traffic:
    """Requests for predictions since the service started.

    Attributes:
        statuses: HTTP status -> requests answered with it.
        rows: rows answered.
        flags: kind -> values imputed or let through.
        median: seconds within which half of the requests were answered, estimated; None before the first.
        slow: the same for 95 of 100.
    """

    statuses: dict[str, int]
    rows: int
    flags: dict[str, int]
    median: float | None
    slow: float | None


def traffic(metrics: Metrics) -> Traffic:
    """Sum up the metrics, of all workers."""
    samples = [sample for metric in metrics.collected().collect() for sample in metric.samples]
    statuses: Counter[str] = Counter()
    flags: Counter[str] = Counter()
    rows = 0
    for sample in samples:
        if sample.name == "http_requests_total" and sample.labels["route"] in PREDICTING:
            statuses[sample.labels["status"]] += int(sample.value)
        elif sample.name == "model_predictions_total":
            rows += int(sample.value)
        elif sample.name == "model_flagged_values_total":
            flags[sample.labels["problem"]] += int(sample.value)
    buckets = _buckets(samples)
    return Traffic(dict(sorted(statuses.items())), rows, dict(flags), _quantile(buckets, 0.5), _quantile(buckets, 0.95))


def _buckets(samples: Iterable[Sample]) -> list[tuple[float, float]]:
    """Upper edge in seconds -> requests answered within it."""
    totals: Counter[float] = Counter()
    for sample in samples:
        if sample.name == "http_request_duration_seconds_bucket" and sample.labels["route"] in PREDICTING:
            totals[float(sample.labels["le"])] += int(sample.value)
    return sorted(totals.items())


def _quantile(buckets: list[tuple[float, float]], share: float) -> float | None:
    """Estimate by a straight line within the bucket; the last finite edge for what is beyond it."""
    if not buckets or not buckets[-1][1]:
        return None
    rank = share * buckets[-1][1]
    for (low, before), (high, upto) in pairwise([(0.0, 0.0), *buckets]):
        if upto >= rank and high != float("inf"):
            return low + (high - low) * (rank - before) / (upto - before)
    return buckets[-2][0]
