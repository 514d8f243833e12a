"""The OpenAPI document is valid, true of the running service, and enough to make right requests from."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from conftest import Service
from hypothesis import HealthCheck, given, settings
from sample import ROWS
from schemathesis import checks

CHECKS = [
    checks.not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_schema_conformance,
]
BOUNDED = settings(
    max_examples=15, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


@pytest.fixture(scope="module")
def document(service: Service) -> dict[str, Any]:
    return service.client.get("/openapi.json").json()


@pytest.fixture(scope="module")
def api(service: Service) -> schemathesis.BaseSchema:
    return schemathesis.openapi.from_url(f"{service.url}/openapi.json", headers={"X-API-Key": service.key})


schema = schemathesis.pytest.from_fixture("api")


@schema.parametrize()
@BOUNDED
def test_every_answer_is_a_documented_one(case: schemathesis.Case, service: Service) -> None:
    case.call_and_validate(headers={"X-API-Key": service.key}, checks=CHECKS)
