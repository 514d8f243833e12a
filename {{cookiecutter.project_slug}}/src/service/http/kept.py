"""Answers that a browser or a CDN may keep: with an ETag (RFC 9110), so that asking again costs no more than a 304."""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import blake2b
from typing import Any

from fastapi import Request, Response

UNCHANGED: dict[int | str, dict[str, Any]] = {304: {"description": "Not modified since the ETag in If-None-Match"}}
"""For the ``responses`` of a route that answers so."""


def kept(
    request: Request, body: bytes, kind: str, seconds: int = 0, headers: Mapping[str, str] | None = None
) -> Response:
    """An answer that may be kept, by its receiver only as it took a key, or the news that it has not changed.

    Args:
        request: what is answered.
        body: the answer.
        kind: its media type.
        seconds: how long it may be used without asking again.
        headers: further headers.
    """
    tag = f'"{blake2b(body, digest_size=16).hexdigest()}"'
    control = f"private, max-age={seconds}" if seconds else "private, no-cache"
    told = {**(headers or {}), "ETag": tag, "Cache-Control": control, "Vary": "X-API-Key, Authorization"}
    asked = request.headers.get("if-none-match", "")
    if asked == "*" or tag in (known.strip().removeprefix("W/") for known in asked.split(",")):
        return Response(status_code=304, headers=told)
    return Response(body, media_type=kind, headers=told)
