"""``POST /v1/predict``: a prediction, from bytes to bytes. A raw ASGI route, so that nothing is in between."""

from __future__ import annotations

from functools import partial
from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from starlette.routing import Match, Route
from starlette.types import Receive, Scope, Send

from service.call import Call
from service.desk import Desk
from service.errors import BadRequest
from service.http.asgi import call_of, parse_json, read_body, send_bytes
from service.serving import Served
from service.signature import Decoded, Signature


class Predict:
    """Named rows in, labelled predictions out."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        desk, call = self.desk, call_of(scope)
        await desk.enter(call)
        body = await read_body(receive, desk.settings.max_body_bytes)
        served = desk.models.get(scope.get("path_params", {}).get("name"))
        decoded = await desk.decoding.run(call, body, partial(self.read, served))
        outputs = await desk.answer(call, served, decoded)
        await send_bytes(send, 200, encode(served.bundle.signature, call, decoded, outputs))

    def read(self, served: Served, body: bytes) -> Decoded:
        """The rows of a request: in one go if all is usual, else with care."""
        return served.reader.read(body) or self._read_with_care(served, body)

    def _read_with_care(self, served: Served, body: bytes) -> Decoded:
        self.desk.admit_body(body)
        document = parse_json(body)
        rows = document.get("rows") if isinstance(document, dict) else None
        if not isinstance(rows, list) or not rows or len(document) > 1:
            raise BadRequest('expected {"rows": [{…}, …]} with at least one row')
        self.desk.admit(len(rows))
        return served.bundle.signature.decode(rows)


class RawRoute(Route):
    """A raw ASGI route that, like FastAPI's own, says in the scope which route was taken."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether this is the route for a request, and what to add to its scope."""
        match, added = super().matches(scope)
        return match, {**added, "route": self}


def encode(signature: Signature, call: Call, decoded: Decoded, outputs: NDArray[np.float32]) -> bytes:
    """The answer's body."""
    predictions = named(signature, outputs)
    for number, flags in decoded.flags.items():
        predictions[number]["flags"] = [{"field": flag.field, "problem": flag.problem} for flag in flags]
    answer = {
        "model": call.model,
        "version": call.version,
        "digest": call.digest,
        "request_id": call.request_id,
        "predictions": predictions,
    }
    if call.degraded:
        answer["degraded"] = call.degraded
    return msgspec.json.encode(answer)


def named(signature: Signature, outputs: NDArray[np.float32]) -> list[dict[str, Any]]:
    """Model outputs [rows, classes or 1] as a person reads them: a label with its probabilities, or a value."""
    if signature.task == "regression":
        return [{"value": value, "flags": []} for value in outputs[:, 0].tolist()]
    classes = signature.classes
    answers: list[dict[str, Any]] = []
    for row in outputs.tolist():
        label = classes[row.index(max(row))]
        answers.append({"label": label, "probabilities": dict(zip(classes, row, strict=True)), "flags": []})
    return answers


def plain(signature: Signature, outputs: NDArray[np.float32]) -> list[Any]:
    """Model outputs as one label or one value for each row."""
    if signature.task == "regression":
        values: list[Any] = outputs[:, 0].tolist()
        return values
    return [signature.classes[best] for best in outputs.argmax(axis=1)]
