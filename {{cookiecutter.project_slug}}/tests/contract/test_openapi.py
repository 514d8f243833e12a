"""The OpenAPI document is valid, true of the running service, and enough to make right requests from."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import jsonschema_rs
import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis.checks import load_all_checks
from schemathesis.specs.openapi.checks import positive_data_acceptance

from running import Service
from sample import ROWS

load_all_checks()
BOUNDED = settings(
    max_examples=10, deadline=None, derandomize=True, database=None, suppress_health_check=list(HealthCheck)
)


@pytest.fixture(scope="module")
def document(service: Service) -> dict[str, Any]:
    return service.client.get("/openapi.json").json()


def walk(node: Any) -> Iterator[dict[str, Any]]:
    """All objects in the document."""
    if isinstance(node, dict):
        yield node
    for part in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from walk(part)


def test_the_document_is_valid(service: Service, document: dict[str, Any]) -> None:
    schemathesis.openapi.from_dict(document).validate()
    assert document["openapi"].startswith("3.1")
    for schema in document["components"]["schemas"].values():
        jsonschema_rs.meta.validate(schema)
    for node in walk(document):
        reference = node.get("$ref", "#")
        assert reference == "#" or reference.rpartition("/")[2] in document["components"]["schemas"]
    identifiers = [node["operationId"] for node in walk(document["paths"]) if "operationId" in node]
    assert len(identifiers) == len(set(identifiers))


def test_a_client_that_knows_the_document_only_gets_documented_answers(service: Service) -> None:
    key = {"X-API-Key": service.key}
    for found in schemathesis.openapi.from_url(f"{service.url}/openapi.json", headers=key).get_all_operations():
        check_operation(found.ok(), key)


def check_operation(operation: schemathesis.APIOperation, key: dict[str, str]) -> None:
    # How a tensor's shape and data depend on each other is more than a schema can say.
    excluded = [positive_data_acceptance] if operation.path.endswith("/infer") else []

    @BOUNDED
    @given(case=operation.as_strategy())
    def check(case: schemathesis.Case) -> None:
        case.call_and_validate(headers=key, excluded_checks=excluded)

    check()


def test_the_examples_in_the_document_are_answered(service: Service, document: dict[str, Any]) -> None:
    names = {"name": "sample", "version": "3"}
    asked = []
    for path, item in document["paths"].items():
        for example in walk(item.get("post", {}).get("requestBody", {})):
            for told in example.get("examples", {}).values():
                answer = service.client.post(path.format(**names), json=told["value"])
                assert answer.status_code == 200, answer.text
                asked.append(path)
    assert len(asked) == 4


def test_rows_are_described_as_the_signature_has_them(document: dict[str, Any]) -> None:
    row = document["components"]["schemas"]["Row"]
    assert row["required"] == ["mass", "limit", "smoker", "stage"]
    assert row["additionalProperties"] is False
    fields = row["properties"]
    assert (fields["limit"]["minimum"], fields["limit"]["maximum"]) == (-1.0, 1.0)
    assert fields["mass"]["maximum"] > 1e38
    assert "Trained on 0.5 to 9.5" in fields["mass"]["description"]
    assert fields["age"]["type"] == ["number", "null"]
    assert fields["site"]["enum"] == ["left", "right", None]
    assert "enum" not in fields["stage"]


@pytest.mark.parametrize("fixture", ["multiclass", "regression"])
def test_other_tasks_are_described_too(fixture: str, request: pytest.FixtureRequest) -> None:
    service: Service = request.getfixturevalue(fixture)
    document = service.client.get("/openapi.json").json()
    schemas = {
        name: {**schema, "components": document["components"]}
        for name, schema in document["components"]["schemas"].items()
    }
    rows = ROWS[fixture]  # type: ignore[index]
    jsonschema_rs.validate(schemas["PredictRequest"], {"rows": rows})
    jsonschema_rs.validate(schemas["PredictResponse"], service.predict(*rows).json())
    answer = service.client.post("/invocations", json={"instances": rows})
    jsonschema_rs.validate(schemas["ScoringResponse"], answer.json())


def test_what_needs_no_key_says_so(document: dict[str, Any]) -> None:
    locked = {
        path for path, item in document["paths"].items() for operation in item.values() if "security" in operation
    }
    assert locked == {
        "/v1/predict",
        "/v1/models/{name}/predict",
        "/v2",
        "/v2/models/{name}",
        "/v2/models/{name}/infer",
        "/v2/models/{name}/versions/{version}",
        "/v2/models/{name}/versions/{version}/infer",
        "/invocations",
    }
    assert set(document["components"]["securitySchemes"]) == {"apiKey", "bearer", "basic"}


def test_without_a_model_there_is_a_document_all_the_same(
    start: Callable[..., Service], tmp_path_factory: pytest.TempPathFactory
) -> None:
    without = start(bundle=tmp_path_factory.mktemp("empty"))
    document = without.client.get("/openapi.json").json()
    schemathesis.openapi.from_dict(document).validate()
    assert document["components"]["schemas"]["Row"]["additionalProperties"] is True


def test_asking_for_the_document_does_not_change_it(service: Service) -> None:
    first, second = (json.dumps(service.client.get("/openapi.json").json()) for _ in range(2))
    assert first == second
