"""A corpus of requests that are mostly wrong, the same for the same seed: mutations of right ones in each protocol."""

import json
import random
import struct
from dataclasses import dataclass

import mutations
from mutations import FRAMING, METHODS, NAMES, TEXTS

KINDS = {float: "FP32", bool: "BOOL", str: "BYTES"}


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
        values = {name: [row[name] for row in rows] for name in columns}
        kinds = {name: KINDS[type(rows[0][name])] for name in columns}
        told = {name: {"name": name, "shape": [len(rows)], "datatype": kinds[name]} for name in columns}
        tensors = [{**told[name], "data": values[name]} for name in columns]
        yield from [("/v1/predict", {}, json.dumps({"rows": rows}).encode())] * 20
        yield "/v1/models/sample/predict", {}, json.dumps({"rows": rows}).encode()
        for path in ("/v2/models/sample/infer", "/v2/models/sample/versions/3/infer"):
            yield path, {}, json.dumps({"id": "one", "inputs": tensors}).encode()
            yield path, *binary(tensors)
        forms = {"dataframe_records": rows, "dataframe_split": {"columns": columns, "data": lists}}
        forms |= {"instances": lists, "inputs": values}
        for form, value in forms.items():
            yield "/invocations", {}, json.dumps({form: value}).encode()

    def _shot(self):
        chance = self.chance
        path, headers, body = chance.choice(self.right)
        headers = {"Host": "a", "X-API-Key": self.keys[0], "Content-Type": "application/json", **headers}
        kind = chance.random()
        if kind < 0.7:
            for _ in range(chance.choice((0, 1, 1, 1, 2, 4))):
                body = chance.choice(mutations.IN_JSON)(chance, body)
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
                data = chance.choice(mutations.ANY)(chance, data)
        else:
            first, _, rest = data.partition(b"\r\n")
            data = b"\r\n".join((first, chance.choice(FRAMING).encode("latin-1"), rest))
        return Shot(data, shot.method, shot.path, whole=False, hurried=shot.hurried)


def binary(tensors):
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
