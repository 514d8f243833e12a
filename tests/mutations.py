"""Ways to make a request wrong, or strange: each takes a source of chance and the bytes."""

import re

ODD = ["null", "true", "-1", "0.5", "-0", "1e5", "01", "1.", "+1", "1e400", "-1e-400", "9" * 20, "9" * 400, "/**/"]
ODD += [
    '""',
    "[]",
    "{}",
    "NaN",
    "-Infinity",
    '"NaN"',
    '"\\ud800"',
    '"\\u0000"',
    '"\\x"',
    "'",
    "\ufeff",
    f'"{"x" * 3000}"',
]
"""Values in JSON, or nearly."""
BYTES = [b"\xff", b"\xc0\x80", b"\xed\xa0\x80", b"\x00", b"\xef\xbb\xbf", b"\r\n", b"\x1f\x8b"]
BYTES += [b'"', b"\\", b"{", b"]", b","]
TEXTS = ["", " ", "x", "é", "\t", "*/*", "\xff\xfe", "0", "-1", "1", "1.5", "١", "9" * 20, "a" * 300, "a" * 5000, "%00"]
TEXTS += [
    "application/json",
    "text/plain; charset=utf-16",
    "multipart/form-data",
    "identity",
    "gzip",
    "../../etc/passwd",
]
TEXTS += ['"', "Basic !!!", "Basic Og==", "Bearer a.b.c", "Bearer " + "eyJ9." * 50, f"00-{'0' * 32}-{'0' * 16}-01"]
"""Values of headers."""
NAMES = ["Content-Type", "Accept", "Accept-Encoding", "Content-Encoding", "X-Request-ID", "traceparent", "tracestate"]
NAMES += ["Authorization", "Cookie", "Origin", "Forwarded", "X-Forwarded-For", "X-Forwarded-Proto", "If-None-Match"]
NAMES += ["Inference-Header-Content-Length", "X-HTTP-Method-Override", "Te", "Via", "Referer", "Range"]
METHODS = ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "PROPFIND", "BREW"]
FRAMING = ["Content-Length: 5", "Content-Length: -1", "Content-Length: 1, 2", f"Content-Length: {'9' * 20}"]
FRAMING += ["Transfer-Encoding: gzip, chunked", "Transfer-Encoding: chunked, chunked", "Transfer-Encoding : chunked"]
FRAMING += [
    "Transfer-Encoding: xchunked",
    "Host: b",
    "Host: a b",
    " folded: x",
    ":",
    "no colon",
    "X: \x00",
    "X: a\nY: b",
]
FRAMING += ["Upgrade: h2c\r\nConnection: Upgrade", "Upgrade: websocket\r\nConnection: upgrade", "Connection: close"]
FRAMING += ["Expect: 200-ok", "Long: " + "x" * 40_000, "\r\n".join(f"N{number}: {number}" for number in range(2000))]
"""Lines in a head that two servers could understand differently, or that are none."""
VALUE = re.compile(rb"(?<=[:\[,])[^:\[,\]}]+")
"""A number, text or other plain value in JSON."""


def flip(chance, data):
    if not data:
        return data
    at = chance.randrange(len(data))
    return data[:at] + bytes([data[at] ^ 1 << chance.randrange(8)]) + data[at + 1 :]


def cut(chance, data):
    return data[: chance.randint(0, len(data))]


def drop(chance, data):
    start = chance.randint(0, len(data))
    return data[:start] + data[start + chance.randint(1, 20) :]


def insert(chance, data):
    at = chance.randint(0, len(data))
    return data[:at] + chance.choice(BYTES) + data[at:]


def repeat(chance, data):
    start = chance.randint(0, len(data))
    part = data[start : start + chance.randint(1, 60)]
    return data[:start] + part * chance.choice((2, 2, 50)) + data[start:]


def replace_value(chance, data):
    """Another value in a place where one stands."""
    found = VALUE.search(data, chance.randint(0, len(data)))
    if not found:
        return data
    return data[: found.start()] + chance.choice(ODD).encode() + data[found.end() :]


def double_key(chance, data):
    first = chance.random() < 0.5
    return data.replace(b"{", b'{"rows": 1, "mass": 3, "inputs": [], ', 1) if first else data[:-1] + b', "rows": []}'


def nest(chance, data):
    depth = chance.choice((10, 1000, 20_000))
    opened, closed = chance.choice(((b"[", b"]"), (b'{"a":', b"}")))
    inner = data if chance.random() < 0.5 else b"1"
    return b'{"rows": ' + opened * depth + inner + closed * chance.choice((depth, 0)) + b"}"


def huge_shape(chance, data):
    return data.replace(b'"shape": [', b'"shape": [' + chance.choice((b"-1, ", b"0, ", b"9" * 20 + b", ", b"1, 1, ")))


ANY = [flip, flip, cut, drop, insert, repeat]
IN_JSON = [*ANY, replace_value, replace_value, replace_value, double_key, nest, huge_shape]
