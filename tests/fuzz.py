"""A corpus of requests that are mostly wrong, the same for the same seed: mutations of right ones in each protocol."""

import json
import random
import re
import struct
from dataclasses import dataclass

ODD = [
    *(
        "null",
        "true",
        "-1",
        "0.5",
        '""',
        "[]",
        "{}",
        '"NaN"',
        "NaN",
        "-Infinity",
        "1e400",
        "-1e-400",
        "9" * 400,
        "01",
        "1.",
        "+1",
    ),
    *(
        '"\\ud800"',
        '"\\u0000"',
        '"\\x"',
        "'",
        '"' + "x" * 3000 + '"',
        "18446744073709551616",
        "-0",
        "1e5",
        "/**/",
        "\ufeff",
    ),
]
BYTES = [
    b"\xff",
    b"\xc0\x80",
    b"\xed\xa0\x80",
    b"\x00",
    b"\xef\xbb\xbf",
    b"\r\n",
    b"\x1f\x8b",
    b'"',
    b"\\",
    b"{",
    b"]",
    b",",
]
TEXTS = [
    "",
    " ",
    "x",
    "é",
    "\t",
    "*/*",
    "application/json",
    "text/plain; charset=utf-16",
    "multipart/form-data",
    "\xff\xfe",
]
TEXTS += [
    "0",
    "-1",
    "1",
    "99999999999999999999",
    "١",
    "1.5",
    "a" * 300,
    "a" * 5000,
    "../../etc/passwd",
    "%00",
    '"',
    "Basic !!!",
]
TEXTS += [
    "Basic Og==",
    "Bearer a.b.c",
    "Bearer " + "eyJ9." * 50,
    "00-" + "0" * 32 + "-" + "0" * 16 + "-01",
    "identity",
    "gzip",
]
NAMES = ["Content-Type", "Accept", "Accept-Encoding", "Content-Encoding", "X-Request-ID", "traceparent", "tracestate"]
NAMES += [
    "Authorization",
    "Cookie",
    "Origin",
    "Forwarded",
    "X-Forwarded-For",
    "X-Forwarded-Proto",
    "If-None-Match",
    "Range",
]
NAMES += [
    "Inference-Header-Content-Length",
    "X-HTTP-Method-Override",
    "Te",
    "Via",
    "Referer",
    "Access-Control-Request-Method",
]
VALUE = re.compile(rb"(?<=[:\[,])[^:\[,\]}]+")
METHODS = ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "PROPFIND", "BREW"]
FRAMING = ["Content-Length: 5", "Content-Length: -1", "Content-Length: 1, 2", "Content-Length: 99999999999999999999"]
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
FRAMING += [
    "Expect: 200-ok",
    "Upgrade: h2c\r\nConnection: Upgrade",
    "Upgrade: websocket\r\nConnection: upgrade",
    "Connection: close",
]
FRAMING += ["Long: " + "x" * 40_000, "\r\n".join(f"N{number}: {number}" for number in range(2000))]


@dataclass(frozen=True)
class Shot:
    """One request.

    Attributes:
        data: its bytes.
        method: its method.
        path: its path.
        whole: whether it is exactly one request of HTTP/1.1; otherwise it may be none, or several.
        hurried: whether it says how long it will wait, so that being late is an answer.
    """

    data: bytes
    method: str
    path: str
    whole: bool = True
    hurried: bool = False


class Corpus:
    """Makes shots.

    Args:
        seed: of what is made.
        rows: rows that the model takes.
        keys: API keys, the first of which lets predict.
    """

    def __init__(self, seed, rows, keys):
        self.chance = random.Random(seed)
        self.keys = keys
        self.right = [*self._right(rows), *self._right(rows[:1]), *self._right(rows * 4)]

    def shots(self, number):
        return [self._shot() for _ in range(number)]

    def _right(self, rows):
        """Right requests in each protocol: path, headers, body."""
        columns = list(rows[0])
        lists = [[row[name] for name in columns] for row in rows]
        kinds = {float: "FP32", bool: "BOOL", str: "BYTES"}
        tensors = [
            {
                "name": name,
                "shape": [len(rows)],
                "datatype": kinds[type(rows[0][name])],
                "data": [row[name] for row in rows],
            }
            for name in columns
        ]
        yield from [("/v1/predict", {}, json.dumps({"rows": rows}).encode())] * 9
        yield "/v1/models/sample/predict", {}, json.dumps({"rows": rows}).encode()
        for path in ("/v2/models/sample/infer", "/v2/models/sample/versions/3/infer"):
            yield path, {}, json.dumps({"id": "one", "inputs": tensors}).encode()
            yield path, *binary(tensors, len(rows))
        forms = {"dataframe_records": rows, "dataframe_split": {"columns": columns, "data": lists}}
        forms |= {"instances": lists, "inputs": {name: [row[name] for row in rows] for name in columns}}
        for form, value in forms.items():
            yield "/invocations", {}, json.dumps({form: value}).encode()

    def _shot(self):
        chance = self.chance
        path, headers, body = chance.choice(self.right)
        headers = {"Host": "a", "X-API-Key": self.keys[0], "Content-Type": "application/json", **headers}
        kind = chance.random()
        if kind < 0.7:
            for _ in range(chance.choice((0, 1, 1, 1, 2, 4))):
                body = chance.choice(MUTATIONS)(chance, body)
        elif kind < 0.9:
            for _ in range(chance.randint(1, 4)):
                headers[chance.choice(NAMES)] = chance.choice(TEXTS)
            if chance.random() < 0.2:
                headers["X-API-Key"] = chance.choice((self.keys[-1], self.keys[0][:-1], *TEXTS))
        if chance.random() < 0.05:
            headers["X-Request-Timeout-Ms"] = chance.choice(("0", "1", "3", "50", *TEXTS))
        method = chance.choice(METHODS) if chance.random() < 0.03 else "POST"
        if chance.random() < 0.03:
            path = chance.choice((f"{path}/", f"/{path}", "/metrics", "/v2", f"{path}?a=%zz&%00", "/%2e%2e/%ff"))
        if kind < 0.9:
            return self._framed(method, path, headers, body)
        return self._broken(self._framed("POST", path, headers, body))

    def _framed(self, method, path, headers, body):
        hurried = "X-Request-Timeout-Ms" in headers
        if self.chance.random() < 0.15:
            framing, body = "Transfer-Encoding: chunked", chunked(self.chance, body)
        else:
            framing = f"Content-Length: {len(body)}"
        if self.chance.random() < 0.02:
            framing += "\r\nExpect: 100-continue"
        lines = [f"{method} {path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items()), framing]
        head = "\r\n".join(lines).encode("utf-8") + b"\r\n\r\n"
        return Shot(head + body, method, path.partition("?")[0], hurried=hurried)

    def _broken(self, shot):
        """No longer surely a request: other bytes anywhere, or a head that two servers could understand differently."""
        chance, data = self.chance, shot.data
        if chance.random() < 0.5:
            for _ in range(chance.choice((1, 1, 3, 10))):
                data = chance.choice(BYTE_MUTATIONS)(chance, data)
        else:
            first, _, rest = data.partition(b"\r\n")
            data = b"\r\n".join((first, chance.choice(FRAMING).encode("latin-1"), rest))
        return Shot(data, shot.method, shot.path, whole=False, hurried=True)


def binary(tensors, rows):
    """A request of the Open Inference Protocol with its tensors behind it."""
    parts, inputs = [], []
    for tensor in tensors:
        part = b"".join(packed(tensor["datatype"], value) for value in tensor["data"])
        told = {name: value for name, value in tensor.items() if name != "data"}
        inputs.append({**told, "parameters": {"binary_data_size": len(part)}})
        parts.append(part)
    head = json.dumps({"inputs": inputs}).encode()
    headers = {"Inference-Header-Content-Length": str(len(head)), "Content-Type": "application/octet-stream"}
    return headers, head + b"".join(parts)


def packed(datatype, value):
    if datatype == "BYTES":
        text = (value or "").encode()
        return struct.pack("<I", len(text)) + text
    return struct.pack("<f", float("nan") if value is None else value) if datatype == "FP32" else bytes([bool(value)])


def chunked(chance, body):
    """The body in chunks, some with an extension, perhaps with a trailer."""
    parts = []
    while body:
        size = min(len(body), chance.choice((1, 7, 100, 5000)))
        extension = chance.choice(("", "", "", ";a=b", ';a="b c"'))
        parts.append(f"{size:{chance.choice('xX')}}{extension}\r\n".encode() + body[:size] + b"\r\n")
        body = body[size:]
        if len(parts) > 50:
            parts.append(f"{len(body):x}\r\n".encode() + body + b"\r\n" if body else b"")
            break
    return b"".join(parts) + b"0\r\n" + chance.choice((b"", b"", b"Trailer: x\r\n")) + b"\r\n"


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
    return (
        data.replace(b"{", b'{"rows": 1, "mass": 3, "inputs": [], ', 1)
        if chance.random() < 0.5
        else data[:-1] + b', "rows": []}'
    )


def nest(chance, data):
    depth = chance.choice((10, 1000, 20_000))
    opened, closed = chance.choice(((b"[", b"]"), (b'{"a":', b"}")))
    inner = data if chance.random() < 0.5 else b"1"
    return b'{"rows": ' + opened * depth + inner + closed * chance.choice((depth, 0)) + b"}"


def huge_shape(chance, data):
    return data.replace(
        b'"shape": [', b'"shape": [' + chance.choice((b"-1, ", b"0, ", b"99999999999999999999, ", b"1, 1, "))
    )


BYTE_MUTATIONS = [flip, flip, cut, drop, insert, repeat]
MUTATIONS = [*BYTE_MUTATIONS, replace_value, replace_value, replace_value, double_key, nest, huge_shape]
