"""What must hold of a request's head beyond what httptools refuses by itself (RFC 9112)."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from contextlib import suppress
from urllib.parse import unquote

import httptools
from uvicorn._types import HTTPScope

from service.call import TIMEOUT, patience
from service.errors import BadRequest, HeadTooLarge
from service.intake import Asked
from service.routes import predicting

Head = Sequence[tuple[bytes, bytes]]

HOST = re.compile(rb"(?:[A-Za-z0-9._~!$&'()*+,;=%-]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]*)?")
PER_LINE = len(b": \r\n")
LENGTH_DIGITS = 18
"""Most digits of a Content-Length. httptools takes any number of leading zeros; Python refuses to read thousands."""


def examine(version: str, method: bytes, headers: Head) -> None:
    """Refuse a head that two servers in a row could understand differently, or that is none.

    What is doubtful here is how requests are smuggled past a proxy: each of the two takes another byte for the end of
    the request.

    Args:
        version: of HTTP, as the request line has it.
        method: the HTTP method.
        headers: names in lower case, with values.

    Raises:
        BadRequest: names what is wrong.
    """
    if version not in ("1.0", "1.1"):
        raise BadRequest("the request is not of HTTP/1.0 or HTTP/1.1")
    if method == b"CONNECT":
        raise BadRequest("this is not a proxy: there is nothing to CONNECT to")
    hosts = [value for name, value in headers if name == b"host"]
    if len(hosts) > 1 or (version == "1.1" and not hosts):
        raise BadRequest("a request has one Host header")
    if hosts and not HOST.fullmatch(hosts[0]):
        raise BadRequest("the Host header is not a host and port")
    for name, value in headers:
        if name == b"transfer-encoding" and (version == "1.0" or value.lower() != b"chunked"):
            raise BadRequest("the only Transfer-Encoding here is chunked, in HTTP/1.1")
        if name == b"content-length" and len(value) > LENGTH_DIGITS:
            raise BadRequest(f"the Content-Length has more than {LENGTH_DIGITS} digits")


def measure(url: bytes, headers: Head, limit: int) -> None:
    """Refuse a head that is too long.

    Args:
        url: the request's target.
        headers: names with values.
        limit: the most that is allowed, in bytes.

    Raises:
        HeadTooLarge: it is longer.
    """
    size = len(url) + sum(len(name) + len(value) + PER_LINE for name, value in headers)
    if size > limit:
        raise too_large(limit)


def too_large(limit: int) -> HeadTooLarge:
    """The refusal of a head, or of a body's framing, that is too long."""
    return HeadTooLarge(f"the request line and headers are longer than {limit} bytes")


def owed(named: Mapping[bytes, bytes]) -> int:
    """The length of the body of a request that asks to upgrade, in bytes.

    Raises:
        BadRequest: it has a body of unknown length.
    """
    if b"transfer-encoding" in named:
        raise BadRequest("a request to upgrade cannot have a chunked body here")
    return int(named.get(b"content-length", b"0"))


def describe(scope: HTTPScope, method: bytes, url: bytes, version: str) -> None:
    """Write into an ASGI scope what the request line says."""
    if url.startswith(b"/"):
        path, _, query = url.partition(b"?")
    else:
        parsed = httptools.parse_url(url)
        path, query = parsed.path or b"/", parsed.query or b""
    text = path.decode("ascii")
    scope["method"] = method.decode("ascii")
    scope["http_version"] = version
    scope["path"] = unquote(text) if "%" in text else text
    scope["raw_path"] = path
    scope["query_string"] = query


def asked(scope: HTTPScope, named: Mapping[bytes, bytes], began: float) -> Asked | None:
    """What the intake needs to know of a request for a prediction; None for any other.

    Args:
        scope: describes the request.
        named: its headers.
        began: when it arrived.
    """
    found = predicting(scope["path"]) if scope["method"] == "POST" else None
    if found is None:
        return None
    seconds = math.inf
    if TIMEOUT in named:
        with suppress(ValueError):  # the application says so
            seconds = patience(named[TIMEOUT])
    route, model = found
    return Asked(route, model, int(named.get(b"content-length", b"0")), began, seconds)
