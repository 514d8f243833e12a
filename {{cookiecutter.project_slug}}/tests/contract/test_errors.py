"""Every error is a problem document (RFC 9457), whichever part of the service it comes from."""

from __future__ import annotations

from collections.abc import Callable

import httpx
import pytest
from fastapi import HTTPException

from running import Service
from sample import ROWS
from service.desk import Desk

ROUTES = ("/v1/predict", "/v2/models/sample/infer", "/invocations")


def check(answer: httpx.Response, status: int) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    problem = answer.json()
    assert problem["status"] == status
    assert problem["type"] == "about:blank"
    assert problem["title"]
    assert problem["detail"]
    assert problem["instance"] == answer.request.url.path
    assert problem["request_id"] == answer.headers["x-request-id"]
    assert "Traceback" not in answer.text
    assert 'File "' not in answer.text


@pytest.mark.parametrize("route", ROUTES)
def test_malformed(service: Service, route: str) -> None:
    check(service.client.post(route, content=b"{"), 400)


@pytest.mark.parametrize("route", ROUTES)
def test_unauthenticated(service: Service, route: str) -> None:
    answer = httpx.post(service.url + route, json={}, trust_env=False)
    check(answer, 401)
    assert answer.headers["www-authenticate"]


@pytest.mark.parametrize(
    "path", ["/nowhere", "/v1", "/v2/models/other", "/v2/models/sample/versions/9", "/docs/assets/x"]
)
def test_not_found(service: Service, path: str) -> None:
    check(service.client.get(path), 404)


@pytest.mark.parametrize("route", ROUTES)
def test_method_not_allowed(service: Service, route: str) -> None:
    answer = service.client.put(route, content=b"{}")
    check(answer, 405)
    assert "POST" in answer.headers["allow"]


@pytest.mark.parametrize("route", ROUTES)
def test_too_large(start: Callable[..., Service], route: str) -> None:
    check(start(max_body_bytes=100).client.post(route, content=b" " * 101), 413)


@pytest.mark.parametrize("route", ROUTES)
def test_invalid_rows(service: Service, route: str) -> None:
    row = {**ROWS["binary"][0], "limit": 3.0}
    types = {float: "FP64", bool: "BOOL", str: "BYTES"}
    inputs = [{"name": n, "shape": [1], "datatype": types[type(v)], "data": [v]} for n, v in row.items()]
    bodies = {"/v1/predict": {"rows": [row]}, "/invocations": {"instances": [row]}}
    answer = service.client.post(route, json=bodies.get(route, {"inputs": inputs}))
    check(answer, 422)
    (problem,) = answer.json()["errors"]
    assert problem["detail"] == "3.0 is outside -1.0 to 1.0"


@pytest.mark.parametrize("route", ROUTES)
def test_faults_of_ours(start: Callable[..., Service], monkeypatch: pytest.MonkeyPatch, route: str) -> None:
    async def broken(*_: object) -> None:
        raise ZeroDivisionError("inside")

    failing = start()
    monkeypatch.setattr(Desk, "enter", broken)
    answer = failing.client.post(route, content=b"{}")
    check(answer, 500)
    assert "inside" not in answer.text


@pytest.mark.parametrize("route", ROUTES)
def test_no_model(start: Callable[..., Service], route: str, tmp_path_factory: pytest.TempPathFactory) -> None:
    without = start(bundle=tmp_path_factory.mktemp("empty"))
    body = {"rows": [{}]} if route == "/v1/predict" else {}
    check(without.client.post(route, json=body), 503)


def test_under_v2_the_protocols_own_member_says_it_too(service: Service) -> None:
    answer = service.client.post("/v2/models/sample/infer", json={"inputs": [{"name": 3}]})
    assert "/inputs/0/name: Expected `str`, got `int`" in answer.json()["error"]
    assert "error" not in service.client.post("/v1/predict", json=3).json()


def test_routes_that_an_owner_adds_answer_errors_in_the_same_form(start: Callable[..., Service]) -> None:
    own = start()

    @own.app.get("/double")
    async def double(number: int) -> int:
        if number < 0:
            raise HTTPException(409, "negative numbers are out of stock", {"Retry-After": "3"})
        return 2 * number

    assert own.client.get("/double?number=4").json() == 8
    invalid = own.client.get("/double?number=four")
    check(invalid, 422)
    assert invalid.json()["errors"][0]["pointer"] == "/query/number"
    conflict = own.client.get("/double?number=-1")
    check(conflict, 409)
    assert (conflict.json()["title"], conflict.headers["retry-after"]) == ("Conflict", "3")
    assert conflict.json()["detail"] == "negative numbers are out of stock"
