"""The few lines between raw ASGI and the rest: read a body within its limit, send JSON."""

from __future__ import annotations

import re
from typing import Any, TypeVar

import msgspec
from starlette.types import Receive, Scope, Send

from service.call import Call
from service.errors import BadRequest, FieldProblem, ServiceError, TooLarge, Unauthenticated, pointer

T = TypeVar("T")

JSON = b"application/json"
PROBLEM = b"application/problem+json"

SAFE_ID = re.compile(rb"[A-Za-z0-9._:-]{1,64}")
"""Request ids that are taken from callers."""

_STRING_OR_NAN = re.compile(rb'"(?:[^"\\]|\\.)*+"?|NaN', re.DOTALL)
_STEP = re.compile(r"\.([^.\[]+)|\[(\d+)\]")


def call_of(scope: Scope) -> Call:
    """The request's own record, which :class:`service.http.observe.Observe` began; now with its route."""
    call: Call = scope["state"]["call"]
    if "route" in scope:
        call.route = getattr(scope["route"], "path", call.route)
    return call


class ClientGone(Exception):
    """The client went away before its request had arrived; there is nobody to answer."""


async def read_body(receive: Receive, limit: int) -> bytes:
    """The whole body of a request.

    Raises:
        TooLarge: it is longer than ``limit`` bytes.
        ClientGone: the client broke off.
    """
    chunks: list[bytes] = []
    size = 0
    while True:
        message = await receive()
        if message["type"] == "http.disconnect":
            raise ClientGone
        chunk = message.get("body", b"")
        size += len(chunk)
        if size > limit:
            raise TooLarge(f"the body is larger than {limit} bytes")
        chunks.append(chunk)
        if not message.get("more_body", False):
            return b"".join(chunks)


def parse_json(body: bytes, *, nan: bool = False) -> Any:
    """The body as plain data.

    Args:
        body: the JSON text.
        nan: read the ``NaN`` that Python's own JSON writer makes as null, for clients that cannot do otherwise.

    Raises:
        BadRequest: it is not JSON, or nested beyond reason.
    """
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        if nan and b"NaN" in body:
            return parse_json(_STRING_OR_NAN.sub(lambda m: b"null" if m[0] == b"NaN" else m[0], body))
        raise BadRequest(f"the body is not JSON: {error}{_hint(body)}") from error


def shaped(document: Any, kind: type[T]) -> T:
    """Plain data as the msgspec type ``kind``.

    Raises:
        BadRequest: it is not of that kind; names the first place that is not.
    """
    try:
        return msgspec.convert(document, kind)
    except msgspec.ValidationError as error:
        detail, _, path = str(error).partition(" - at `$")
        place = pointer(*(name or index for name, index in _STEP.findall(path.rstrip("`"))))
        raise BadRequest("the request is not of the expected form", (FieldProblem(place, detail),)) from error


def _hint(body: bytes) -> str:
    if body.startswith((b"\x1f\x8b", b"\x78\x9c")):
        return "; it looks compressed: send it as it is"
    return "; JSON has no NaN or Infinity: send null for a missing value" if b"NaN" in body else ""


async def send_bytes(
    send: Send, status: int, body: bytes, content_type: bytes = JSON, headers: tuple[tuple[bytes, bytes], ...] = ()
) -> None:
    """Send a whole answer."""
    head = [(b"content-type", content_type), (b"content-length", str(len(body)).encode()), *headers]
    await send({"type": "http.response.start", "status": status, "headers": head})
    await send({"type": "http.response.body", "body": body})


def problem(error: ServiceError, scope: Scope) -> tuple[bytes, tuple[tuple[bytes, bytes], ...]]:
    """An error as a problem document (RFC 9457), and the headers that go with it."""
    path, call = scope["path"], call_of(scope)
    call.error, call.refused = error.title, error.reason
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": error.title,
        "status": error.status,
        "detail": error.detail,
        "instance": path,
        "request_id": call.request_id,
    }
    if error.problems:
        document["errors"] = [{"pointer": p.pointer, "detail": p.detail} for p in error.problems]
    if path.startswith("/v2"):  # the Open Inference Protocol has this member, and its clients show nothing else
        document["error"] = "; ".join([error.detail, *(f"{p.pointer}: {p.detail}" for p in error.problems[:3])])
    headers = dict(error.headers)
    if isinstance(error, Unauthenticated):
        headers["WWW-Authenticate"] = error.challenge
    raw = tuple((name.lower().encode(), value.encode()) for name, value in headers.items())
    return msgspec.json.encode(document), raw
