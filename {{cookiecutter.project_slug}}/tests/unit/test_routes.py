"""The routes that answer predictions are known to all that treat them apart."""

from __future__ import annotations

import re

import pytest

from running import Service
from service.routes import PREDICTING, predicting

PATHS = {
    "/v1/predict": None,
    "/invocations": None,
    "/v1/models/a b/predict": "a b",
    "/v2/models/a/infer": "a",
    "/v2/models/a/versions/3/infer": "a",
}


def counted(service: Service, route: str) -> float:
    """Requests to a route so far."""
    text = service.client.get("/metrics").text
    found = re.findall(rf'^http_requests_total{{.*route="{re.escape(route)}".*}} (\S+)$', text, re.MULTILINE)
    return sum(map(float, found))


@pytest.mark.parametrize("path", PATHS)
def test_a_path_leads_to_the_route_that_the_application_takes(service: Service, path: str) -> None:
    found = predicting(path)
    assert found is not None
    route, model = found
    assert model == PATHS[path]
    before = counted(service, route)
    service.client.post(path, content=b"{}")
    assert counted(service, route) == before + 1


def test_there_are_no_others(service: Service) -> None:
    paths = service.client.get("/openapi.json").json()["paths"]
    assert {path for path, told in paths.items() if "post" in told} == set(PREDICTING)


@pytest.mark.parametrize("path", ["/v1/predict/", "/v1/models/predict", "/v2/models/a/b/infer", "/healthz", "/"])
def test_other_paths_lead_elsewhere(path: str) -> None:
    assert predicting(path) is None
