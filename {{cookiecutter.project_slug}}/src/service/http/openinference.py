"""The Open Inference Protocol, version 2 (KServe, Triton, MLServer), with Triton's binary tensors."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Any

import msgspec
import numpy as np
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from msgspec import Meta, Struct
from numpy.typing import NDArray

from service.call import Call
from service.desk import Desk
from service.errors import BadRequest, ServiceError
from service.http.asgi import call_of, parse_json, read_body, shaped
from service.http.columns import DATATYPES, from_tensors
from service.http.head import HeadRoute
from service.http.kept import UNCHANGED, kept
from service.http.predict import plain
from service.http.schemas import ASKING, KEY, content, problems
from service.http.tensors import InferInput, Parameters, Tensor, read_tensors, refused, to_binary
from service.serving import Served
from service.signature import Decoded, Signature, rows_of

LENGTH = "inference-header-content-length"
_DIGITS = re.compile("[0-9]{1,18}")  # Python itself refuses to read thousands of them
Outputs = dict[str, tuple[str, list[int], Any]]
"""Output name -> datatype, shape, elements."""


class InferOutput(Struct):
    """One output that a request asks for."""

    name: str
    parameters: Parameters = None


class InferRequest(Struct):
    """An inference request, as JSON or as the JSON part of a binary one."""

    inputs: Annotated[list[InferInput], Meta(min_length=1)]
    outputs: list[InferOutput] | None = None
    id: str | None = None
    parameters: Parameters = None


def router(desk: Desk) -> APIRouter:
    """Health open to all; metadata and inference for those with a key."""
    routes = APIRouter(tags=["open inference protocol"], route_class=HeadRoute)
    locked: dict[str, Any] = {"openapi_extra": {"security": KEY}}

    @routes.get("/v2", summary="Server metadata", responses=problems(400, 401, 403, 429, 503), **locked)
    async def server(request: Request) -> dict[str, Any]:
        await desk.enter(call_of(request.scope))
        return {"name": "model service", "version": "2", "extensions": ["binary_tensor_data"]}

    @routes.get("/v2/health/live", summary="Whether the server is alive")
    async def live() -> dict[str, bool]:
        return {"live": True}

    @routes.get("/v2/health/ready", summary="Whether the server is ready", responses={503: {"description": "Not yet"}})
    async def ready() -> JSONResponse:
        return JSONResponse({"ready": desk.ready}, 200 if desk.ready else 503)

    _model_routes(routes, desk, "/v2/models/{name}", locked)
    _model_routes(routes, desk, "/v2/models/{name}/versions/{version}", locked)
    return routes


def _model_routes(routes: APIRouter, desk: Desk, path: str, locked: dict[str, Any]) -> None:
    def served(request: Request) -> Served:
        return desk.models.get(request.path_params["name"], request.path_params.get("version"))

    told: dict[int | str, dict[str, Any]] = {**UNCHANGED, **problems(400, 401, 403, 404, 429, 503)}

    @routes.get(path, summary="Model metadata", response_model=dict[str, Any], responses=told, **locked)
    async def metadata(request: Request) -> Response:
        await desk.enter(call_of(request.scope))
        return kept(request, msgspec.json.encode(_metadata(served(request))), "application/json")

    unready: dict[int | str, dict[str, Any]] = {404: {"description": "No such model"}, 503: {"description": "Not yet"}}

    @routes.get(f"{path}/ready", summary="Whether the model is ready", responses=unready)
    async def model_ready(request: Request) -> JSONResponse:
        try:
            served(request)
        except ServiceError as error:  # the reason is for those with a key
            return JSONResponse({"name": request.path_params["name"], "ready": False}, error.status)
        return JSONResponse({"name": request.path_params["name"], "ready": True})

    @routes.post(
        f"{path}/infer",
        summary="Inference",
        response_class=Response,
        responses={200: content("InferResponse", binary=True), **problems(404, *ASKING)},
        openapi_extra={"security": KEY, "requestBody": {"required": True, **content("InferRequest", binary=True)}},
    )
    async def infer(request: Request) -> Response:
        call = call_of(request.scope)
        await desk.enter(call)
        found = served(request)
        signature = found.bundle.signature
        length, body = request.headers.get(LENGTH), await read_body(request.receive, desk.settings.max_body_bytes)

        def read(body: bytes) -> tuple[InferRequest, list[InferOutput], Decoded]:
            asked, binary = _read(desk, body, length)
            return asked, _wanted(signature, asked), _decode(desk, signature, read_tensors(asked.inputs, binary))

        asked, wanted, decoded = await desk.decoding.run(call, body, read)
        answers = _outputs(signature, await desk.answer(call, found, decoded))
        all_binary = bool((asked.parameters or {}).get("binary_data_output", False))
        return _respond(_envelope(call, asked, decoded), wanted, answers, binary=all_binary)


def _metadata(served: Served) -> dict[str, Any]:
    signature = served.bundle.signature
    answers = _outputs(signature, np.zeros((0, max(1, len(signature.classes))), np.float32))
    return {
        "name": served.approval.model,
        "versions": [served.approval.version],
        "platform": "onnxruntime_onnx",
        "inputs": [{"name": f.name, "datatype": DATATYPES[f.type], "shape": [-1]} for f in signature.features],
        "outputs": [
            {"name": name, "datatype": datatype, "shape": [-1, *shape[1:]]}
            for name, (datatype, shape, _) in answers.items()
        ],
    }


def _read(desk: Desk, raw: bytes, header: str | None) -> tuple[InferRequest, bytes]:
    """The JSON part of a request and the bytes after it."""
    length = len(raw) if header is None else int(header) if _DIGITS.fullmatch(header) else -1
    if not 0 <= length <= len(raw):
        raise BadRequest(f"Inference-Header-Content-Length: expected the length of the JSON part, at most {len(raw)}")
    head = raw[:length]
    desk.admit_body(head)
    return shaped(parse_json(head, nan=True), InferRequest), raw[length:]


def _decode(desk: Desk, signature: Signature, tensors: Sequence[Tensor]) -> Decoded:
    columns, at = from_tensors(signature, tensors)
    rows = len(next(iter(columns.values())))
    if rows == 0:
        raise BadRequest("expected at least one row")
    desk.admit(rows)
    return signature.decode(rows_of(columns), at)


def _outputs(signature: Signature, answers: NDArray[np.float32]) -> Outputs:
    rows = len(answers)
    if signature.task == "regression":
        return {"value": ("FP32", [rows], answers[:, 0])}
    return {
        "label": ("BYTES", [rows], plain(signature, answers)),
        "probabilities": ("FP32", list(answers.shape), answers),
    }


def _wanted(signature: Signature, asked: InferRequest) -> list[InferOutput]:
    """The outputs to send, each known to exist, and none of them twice: a few bytes would ask for megabytes."""
    known = ["value"] if signature.task == "regression" else ["label", "probabilities"]
    names: set[str] = set()
    for number, output in enumerate(asked.outputs or []):
        if output.name not in known:
            raise refused(f"the model gives {' and '.join(known)}", "outputs", number, "name")
        if output.name in names:
            raise refused(f"a second output named {output.name!r}", "outputs", number, "name")
        names.add(output.name)
        if unable := (output.parameters or {}).keys() & {"classification", "shared_memory_region"}:
            raise refused(f"{', '.join(unable)} is not supported", "outputs", number, "parameters")
    return asked.outputs or [InferOutput(name) for name in known]


def _respond(envelope: dict[str, Any], wanted: list[InferOutput], answers: Outputs, *, binary: bool) -> Response:
    """The answer: JSON, followed by the elements of those outputs that were asked for in binary."""
    outputs: list[dict[str, Any]] = []
    tail: list[bytes] = []
    for output in wanted:
        datatype, shape, values = answers[output.name]
        entry: dict[str, Any] = {"name": output.name, "datatype": datatype, "shape": shape}
        if (output.parameters or {}).get("binary_data", binary):
            tail.append(to_binary(datatype, values))
            entry["parameters"] = {"binary_data_size": len(tail[-1])}
        else:
            entry["data"] = values if datatype == "BYTES" else values.ravel().tolist()
        outputs.append(entry)
    head = msgspec.json.encode({**envelope, "outputs": outputs})
    if not tail:
        return Response(head, media_type="application/json")
    return Response(b"".join([head, *tail]), headers={LENGTH: str(len(head))}, media_type="application/octet-stream")


def _envelope(call: Call, asked: InferRequest, decoded: Decoded) -> dict[str, Any]:
    envelope: dict[str, Any] = {"model_name": call.model, "model_version": call.version}
    if asked.id is not None:
        envelope["id"] = asked.id
    parameters: dict[str, Any] = {}
    if decoded.flags:
        parameters["flagged_values"] = sum(map(len, decoded.flags.values()))
    if call.degraded:
        parameters["degraded"] = call.degraded
    return {**envelope, "parameters": parameters} if parameters else envelope
