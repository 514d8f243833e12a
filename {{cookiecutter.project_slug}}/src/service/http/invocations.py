"""MLflow's scoring protocol, for clients written against ``mlflow models serve``."""

from __future__ import annotations

from typing import Any

import msgspec
import numpy as np
from fastapi import APIRouter, Request
from fastapi.responses import PlainTextResponse, Response
from msgspec import Struct
from numpy.typing import NDArray

from service.call import Call
from service.desk import Desk
from service.errors import BadRequest, FieldProblem, pointer
from service.http.asgi import call_of, parse_json, read_body, shaped
from service.http.columns import At, check_names, untyped
from service.http.head import HeadRoute
from service.http.predict import plain
from service.http.schemas import ASKING, KEY, content, problems
from service.signature import Decoded, Signature, rows_of

FORMS = ("dataframe_split", "dataframe_records", "inputs", "instances")
PROTOCOL = "2.0.0"
"""The MLflow version whose scoring protocol this is; it has not changed since."""


class Split(Struct):
    """A table as pandas splits it; its index is of no use here."""

    columns: list[str]
    data: list[list[Any]]


class ScoringRequest(Struct, forbid_unknown_fields=True):
    """A request in exactly one of the protocol's four forms."""

    dataframe_split: Split | None = None
    dataframe_records: list[dict[str, Any]] | None = None
    inputs: list[Any] | dict[str, list[Any]] | None = None
    instances: list[Any] | None = None
    params: dict[str, Any] | None = None


def router(desk: Desk) -> APIRouter:
    """``/invocations`` for those with a key; what its clients ask before, open to all."""
    routes = APIRouter(tags=["mlflow"], route_class=HeadRoute)

    @routes.post(
        "/invocations",
        summary="Labels or values for rows",
        response_class=Response,
        responses={200: content("ScoringResponse"), **problems(*ASKING)},
        openapi_extra={"security": KEY, "requestBody": {"required": True, **content("ScoringRequest")}},
    )
    async def invocations(request: Request) -> Response:
        call = call_of(request.scope)
        await desk.enter(call)
        served = desk.models.get()
        signature = served.bundle.signature
        body = await read_body(request.receive, desk.settings.max_body_bytes)

        def read(body: bytes) -> Decoded:
            desk.admit_body(body)
            asked = shaped(parse_json(body, nan=True), ScoringRequest)
            desk.admit(_length(asked))
            return signature.decode(*_rows(signature, asked))

        decoded = await desk.decoding.run(call, body, read)
        outputs = await desk.answer(call, served, decoded)
        return Response(msgspec.json.encode(_answer(signature, call, outputs, decoded)), media_type="application/json")

    async def ping() -> PlainTextResponse:
        return PlainTextResponse("\n", 200 if desk.ready else 503)

    for path in ("/ping", "/health"):
        told: dict[str, Any] = {"summary": "Whether a model is loaded", "responses": {503: {"description": "Not yet"}}}
        routes.get(path, response_class=PlainTextResponse, **told)(ping)

    @routes.get("/version", summary="The MLflow version whose protocol this is", response_class=PlainTextResponse)
    async def version() -> str:
        return PROTOCOL

    return routes


def _answer(signature: Signature, call: Call, outputs: NDArray[np.float32], decoded: Decoded) -> dict[str, Any]:
    """Labels or values; and, if so, what was imputed or let through, and how the answer was made without the model."""
    answer: dict[str, Any] = {"predictions": plain(signature, outputs)}
    if decoded.flags:
        flagged = decoded.flags.items()
        answer["flags"] = [
            {"row": row, "field": f.field, "problem": f.problem} for row, flags in flagged for f in flags
        ]
    if call.degraded:
        answer["degraded"] = call.degraded
    return answer


def _length(asked: ScoringRequest) -> int:
    """How many rows are asked at least, whichever form they came in."""
    columns = list(asked.inputs.values()) if isinstance(asked.inputs, dict) else [asked.inputs]
    split = asked.dataframe_split and asked.dataframe_split.data
    return max(len(rows or ()) for rows in (*columns, split, asked.dataframe_records, asked.instances))


def _rows(signature: Signature, asked: ScoringRequest) -> tuple[list[Any], At]:
    """The rows, whichever form they came in, and where each value stands."""
    sent = {name: getattr(asked, name) for name in FORMS if getattr(asked, name) is not None}
    if len(sent) != 1:
        raise BadRequest(f"expected exactly one of {', '.join(FORMS)}")
    if asked.params:
        raise BadRequest("this model takes no params")
    ((form, value),) = sent.items()
    if isinstance(value, Split):
        rows, at = _split(signature, value, form)
    elif isinstance(value, dict):
        rows, at = _columns(signature, value, form)
    elif value and isinstance(value[0], list):
        rows, at = _lists(signature, value, form)
    else:
        rows, at = value, lambda row, name: pointer(form, row, *([] if name is None else [name]))
    if not rows:
        raise BadRequest(f"{form}: expected at least one row")
    return rows, at


def _split(signature: Signature, table: Split, form: str) -> tuple[list[Any], At]:
    columns = {name: pointer(form, "columns", index) for index, name in enumerate(table.columns)}
    if len(columns) < len(table.columns):
        raise BadRequest(f"{form}: two columns have the same name")
    check_names(signature, columns, pointer(form, "columns"))
    rows = [dict(zip(columns, line, strict=True)) for line in _even(table.data, len(columns), form, "data")]
    return rows, lambda row, name: pointer(form, "data", row, table.columns.index(str(name)))


def _columns(signature: Signature, columns: dict[str, list[Any]], form: str) -> tuple[list[Any], At]:
    check_names(signature, {name: pointer(form, name) for name in columns}, pointer(form))
    if len({len(values) for values in columns.values()}) > 1:
        raise BadRequest(f"{form}: the columns are not of the same length")
    return rows_of(columns), lambda row, name: pointer(form, str(name), row)


def _lists(signature: Signature, lines: list[Any], form: str) -> tuple[list[Any], At]:
    """Rows without names, in the order of the signature."""
    features = signature.features
    columns = zip(*_even(lines, len(features), form), strict=True)
    rows = rows_of({f.name: untyped(f, column) for f, column in zip(features, columns, strict=True)})
    order = {feature.name: index for index, feature in enumerate(features)}
    return rows, lambda row, name: pointer(form, row, order[str(name)])


def _even(lines: list[Any], width: int, *place: str) -> list[list[Any]]:
    """Make sure that each line is a list of so many values."""
    for number, line in enumerate(lines):
        if not isinstance(line, list) or len(line) != width:
            problem = FieldProblem(pointer(*place, number), f"expected a list of {width} values")
            raise BadRequest("the rows are not all of the same form", (problem,))
    return lines
