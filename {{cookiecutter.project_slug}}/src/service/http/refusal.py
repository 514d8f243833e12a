"""Answers to what is refused before any application sees it."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Iterable
from random import getrandbits

import msgspec
from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import STATUS_LINE

from service.call import Call
from service.errors import ServiceError
from service.http.asgi import PROBLEM, SAFE_ID, problem

log = logging.getLogger("service.http")
Headers = Iterable[tuple[bytes, bytes]]
CLOSE = (b"connection", b"close")


def refusal(error: ServiceError, client: tuple[str, int] | None, headers: Headers) -> bytes:
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
    told = ((name.encode(), value.encode()) for name, value in error.headers.items())
    return _whole(error.status, (*headers, CLOSE, *told), request_id, body)


def turned_away(error: ServiceError, scope: Scope, headers: Headers, *, close: bool) -> bytes:
    """A whole HTTP answer to one request, as the application would have given it.

    Args:
        error: why.
        scope: describes the request.
        headers: sent with every answer.
        close: whether the connection ends.
    """
    call: Call = scope["state"]["call"]
    own = next((value for name, value in scope["headers"] if name == b"x-request-id"), b"")
    call.request_id = own.decode() if SAFE_ID.fullmatch(own) else f"{getrandbits(128):032x}"
    body, told = problem(error, scope)
    return _whole(error.status, (*headers, *((CLOSE,) if close else ()), *told), call.request_id, body)


def _whole(status: int, headers: Headers, request_id: str, body: bytes) -> bytes:
    head = (
        *headers,
        (b"content-type", PROBLEM),
        (b"content-length", str(len(body)).encode()),
        (b"x-request-id", request_id.encode()),
        (b"x-content-type-options", b"nosniff"),
    )
    return STATUS_LINE[status] + b"".join(b"%b: %b\r\n" % header for header in head) + b"\r\n" + body
