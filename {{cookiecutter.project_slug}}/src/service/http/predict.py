"""``POST /v1/predict``: a prediction, from bytes to bytes. A raw ASGI route, so that nothing is in between."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from numpy.typing import NDArray
from starlette.routing import Match, Route
from starlette.types import Receive, Scope, Send

from service.auth import ApiKeys
from service.errors import BadRequest, TooLarge
from service.http.asgi import parse_json, read_body, send_bytes
from service.metrics import Metrics
from service.serving import Served, Slot
from service.settings import Settings
from service.signature import Decoded, Signature


class Desk:
    """What every prediction route shares: who may ask, what is served, what is counted."""

    def __init__(self, slot: Slot, keys: ApiKeys, metrics: Metrics, settings: Settings) -> None:
        self.slot = slot
        self.keys = keys
        self.metrics = metrics
        self.settings = settings

    def authenticate(self, scope: Scope) -> None:
        """Refuse a caller without a known API key."""
        scope["state"]["principal"] = self.keys.identify(scope["headers"])

    async def body(self, receive: Receive) -> bytes:
        """The request's body, within the size that the settings allow."""
        return await read_body(receive, self.settings.max_body_bytes)

    def admit(self, rows: int) -> None:
        """Refuse more rows than the settings allow."""
        if rows > self.settings.max_rows:
            raise TooLarge(f"{rows} rows; at most {self.settings.max_rows} in one request")

    async def answer(self, served: Served, decoded: Decoded) -> NDArray[np.float32]:
        """Run the model and count what it answered."""
        outputs = await served.run(decoded)
        self.metrics.predictions.labels(served.approval.model, served.approval.version).inc(decoded.rows)
        for flags in decoded.flags.values():
            for flag in flags:
                self.metrics.flags.labels(flag.problem).inc()
        return outputs


class RawRoute(Route):
    """A raw ASGI route that, like FastAPI's own, says in the scope which route was taken."""

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether this is the route for a request, and what to add to its scope."""
        match, added = super().matches(scope)
        return match, {**added, "route": self}


class Predict:
    """Named rows in, labelled predictions out."""

    def __init__(self, desk: Desk) -> None:
        self.desk = desk

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        desk = self.desk
        desk.authenticate(scope)
        rows = _rows(parse_json(await desk.body(receive)))
        desk.admit(len(rows))
        served = desk.slot.get()
        decoded = served.bundle.signature.decode(rows)
        outputs = await desk.answer(served, decoded)
        await send_bytes(send, 200, _encode(served, decoded, outputs, scope["state"]["request_id"]))


def _rows(document: Any) -> list[Any]:
    rows = document.get("rows") if isinstance(document, dict) else None
    if not isinstance(rows, list) or not rows or len(document) > 1:
        raise BadRequest('expected {"rows": [{…}, …]} with at least one row')
    return rows


def _encode(served: Served, decoded: Decoded, outputs: NDArray[np.float32], request_id: str) -> bytes:
    predictions = named(served.bundle.signature, outputs)
    for number, flags in decoded.flags.items():
        predictions[number]["flags"] = [{"field": flag.field, "problem": flag.problem} for flag in flags]
    return msgspec.json.encode(
        {
            "model": served.approval.model,
            "version": served.approval.version,
            "digest": served.bundle.digest,
            "request_id": request_id,
            "predictions": predictions,
        }
    )


def named(signature: Signature, outputs: NDArray[np.float32]) -> list[dict[str, Any]]:
    """Model outputs [rows, classes or 1] as a person reads them: a label with its probabilities, or a value."""
    if signature.task == "regression":
        return [{"value": value, "flags": []} for value in outputs[:, 0].tolist()]
    best = outputs.argmax(axis=1).tolist()
    return [
        {"label": signature.classes[b], "probabilities": dict(zip(signature.classes, row, strict=True)), "flags": []}
        for b, row in zip(best, outputs.tolist(), strict=True)
    ]


def plain(signature: Signature, outputs: NDArray[np.float32]) -> list[Any]:
    """Model outputs as one label or one value for each row."""
    if signature.task == "regression":
        values: list[Any] = outputs[:, 0].tolist()
        return values
    return [signature.classes[best] for best in outputs.argmax(axis=1)]
