"""A request's body on its way in."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from service.errors import BadRequest, TooLarge
from service.http.asgi import ClientGone, parse_json, read_body


def read(*messages: dict[str, Any], limit: int = 10) -> bytes:
    queue = iter(messages)

    async def receive() -> dict[str, Any]:
        return next(queue)

    return asyncio.run(read_body(receive, limit))


def chunk(body: bytes, *, more: bool = True) -> dict[str, Any]:
    return {"type": "http.request", "body": body, "more_body": more}


def test_a_body_is_put_together() -> None:
    assert read(chunk(b"12345"), chunk(b"67890", more=False)) == b"1234567890"
    assert read({"type": "http.request"}) == b""


def test_a_body_is_refused_as_soon_as_it_is_too_long() -> None:
    with pytest.raises(TooLarge):
        read(chunk(b"12345"), chunk(b"678901"))


def test_a_caller_may_go_away() -> None:
    with pytest.raises(ClientGone):
        read(chunk(b"12345"), {"type": "http.disconnect"})


@pytest.mark.parametrize("body", [b'{"a": NaN}', b'{"a": NaN, "b": "NaN \\" NaN"}'])
def test_nan_is_null_where_the_protocol_needs_it(body: bytes) -> None:
    assert parse_json(body, nan=True)["a"] is None
    assert parse_json(body, nan=True).get("b", 'NaN " NaN') == 'NaN " NaN'
    with pytest.raises(BadRequest, match="send null"):
        parse_json(body)


@pytest.mark.parametrize("body", [b"Infinity", b"[-NaN]", b"[NaN", b'"NaN', b"NaN" * 3, b'[NaN, "' + b'\\"' * 500_000])
def test_what_else_is_no_json_stays_refused(body: bytes) -> None:
    with pytest.raises(BadRequest):
        parse_json(body, nan=True)


def test_a_compressed_body_is_recognised() -> None:
    with pytest.raises(BadRequest, match="send it as it is"):
        parse_json(b"\x1f\x8b\x08\x00")
