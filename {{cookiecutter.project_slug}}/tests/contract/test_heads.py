"""HEAD is answered wherever GET is, with the same head and no body (RFC 9110, section 9.1)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import httpx
import pytest
from fastapi.routing import iter_route_contexts

from process import install
from running import Service
from service.http.head import HeadRoute

OWN = {"date", "x-request-id"}
"""Headers that no two answers have in common."""


def gettable(service: Service) -> list[str]:
    """A path for each route of the template's that answers GET; other routes are as their owners made them."""
    routes = [route for route in iter_route_contexts(service.app.routes) if "GET" in (route.methods or ())]
    found = [route.path or "" for route in routes if isinstance(route.original_route, HeadRoute)]
    return [path.format(name="docs.js" if "assets" in path else "sample", version="3") for path in found]


def told(answer: httpx.Response) -> dict[str, str]:
    """What its headers say about what was asked for."""
    own = OWN | {"content-length"} if answer.request.url.path == "/metrics" else OWN  # these counts go on
    return {name: value for name, value in answer.headers.items() if name not in own}


def test_each_route_answers_head_as_it_answers_get(service: Service) -> None:
    paths = gettable(service)
    assert {"/", "/healthz", "/readyz", "/metrics", "/version", "/v2", "/v2/models/sample/versions/3"} < set(paths)
    for path in paths:
        whole, head = service.client.get(path), service.client.head(path)
        assert (path, whole.status_code, head.status_code) == (path, 200, 200)
        assert told(head) == told(whole)
        assert head.content == b""
        other = service.client.delete(path)
        assert (path, other.status_code, other.headers["allow"]) == (path, 405, "GET, HEAD")


def test_what_get_is_refused_head_is_refused(
    service: Service, start: Callable[..., Service], tmp_path_factory: pytest.TempPathFactory
) -> None:
    without = start(bundle=tmp_path_factory.mktemp("empty"))
    tag = service.client.get("/openapi.json").headers["etag"]
    assert httpx.head(f"{service.url}/card", trust_env=False).status_code == 401
    assert service.client.head("/v2/models/other").status_code == 404
    assert service.client.head("/openapi.json", headers={"If-None-Match": tag}).status_code == 304
    assert without.client.head("/readyz").status_code == 503


def test_head_is_no_way_to_post(service: Service) -> None:
    for path in ("/v1/predict", "/invocations", "/v2/models/sample/infer"):
        answer = service.client.head(path)
        assert (path, answer.status_code, answer.headers["allow"]) == (path, 405, "POST")


def test_the_document_has_no_head(service: Service) -> None:
    items = service.client.get("/openapi.json").json()["paths"].values()
    assert {method for item in items for method in item} == {"get", "post", "parameters"}


def test_requests_are_counted_as_what_they_were(service: Service) -> None:
    service.client.head("/healthz")
    counts = service.client.get("/metrics").text
    assert 'http_requests_total{method="HEAD",route="/healthz",status="200"}' in counts


def test_the_answer_after_one_without_body_is_whole(tmp_path: Path) -> None:
    with install(tmp_path).run() as service, service.wire() as wire:
        wire.send(b"HEAD /healthz HTTP/1.1\r\nHost: a\r\n\r\n")
        wire.send(b"GET /healthz HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
        first, second, body = wire.rest().split(b"\r\n\r\n")
    assert first.startswith(b"HTTP/1.1 200 ")
    assert second.startswith(b"HTTP/1.1 200 ")
    assert b"content-length: %d" % len(body) in first
    assert body == b'{"status":"alive"}'
