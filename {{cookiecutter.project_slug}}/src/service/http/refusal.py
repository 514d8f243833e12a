"""The answer to what is refused before any application sees it."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable

import msgspec
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from service.errors import ServiceError
from service.http.asgi import PROBLEM

log = logging.getLogger("service.http")


def refusal(error: ServiceError, client: tuple[str, int] | None, headers: Iterable[tuple[bytes, bytes]]) -> bytes:
    """A whole HTTP answer with a problem document (RFC 9457), after which the connection ends; logged.

    Args:
        error: what is wrong.
        client: address and port, for the log.
        headers: sent with every answer.
    """
    request_id = uuid.uuid4().hex
    extra = {"request_id": request_id, "status": error.status, "reason": error.detail}
    log.warning("connection refused", extra={**extra, "client": client[0] if client else ""})
    document = {"type": "about:blank", "title": error.title, "status": error.status, "detail": error.detail}
    body = msgspec.json.encode({**document, "request_id": request_id})
    head = [
        *headers,
        (b"content-type", PROBLEM),
        (b"content-length", str(len(body)).encode()),
        (b"x-request-id", request_id.encode()),
        (b"connection", b"close"),
        *((name.encode(), value.encode()) for name, value in error.headers.items()),
    ]
    lines = b"".join(b"%b: %b\r\n" % header for header in head)
    return STATUS_LINE[error.status] + lines + b"\r\n" + body
