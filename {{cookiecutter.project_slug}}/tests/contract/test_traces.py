"""Traces of a running service, as a collector gets them."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from collector import Collector, collecting
from running import Service
from sample import ROWS

ROW = ROWS["binary"][0]
PARENT = {"traceparent": "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"}


@pytest.fixture
def collector(monkeypatch: pytest.MonkeyPatch) -> Iterator[Collector]:
    monkeypatch.setattr("service.spans.DELAY", 20)
    with collecting() as found:
        yield found


@pytest.mark.parametrize("asked", [{}, PARENT], ids=["by-our-choice", "by-their-callers"])
def test_health_checks_leave_the_ceiling_to_predictions(
    collector: Collector, start: Callable[..., Service], asked: dict[str, str]
) -> None:
    service = start(otlp=collector.url, trace_share=1.0, trace_ceiling=0.001)
    for path in ("/healthz", "/readyz", "/metrics", "/v2/health/live"):
        assert service.client.get(path, headers=asked).status_code == 200
    answer = service.client.post("/v1/predict", json={"rows": [ROW]}, headers=asked)
    assert answer.status_code == 200
    names = {span.name for span in collector.wait(3)}
    assert names == {"POST /v1/predict", "queue", "model"}
