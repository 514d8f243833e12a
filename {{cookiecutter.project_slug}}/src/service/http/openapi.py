"""The OpenAPI document of the running service: its routes, with schemas made from the served model's signature."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import msgspec
from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from service.desk import Desk
from service.http import schemas
from service.http.columns import DATATYPES
from service.http.openinference import InferRequest
from service.http.schemas import ASKING, KEY, content, problems
from service.models import Models
from service.serving import Served, Slot
from service.settings import Settings

SECURITY = {
    "apiKey": {"type": "apiKey", "in": "header", "name": "X-API-Key"},
    "bearer": {"type": "http", "scheme": "bearer", "description": "The API key as bearer token."},
    "basic": {"type": "http", "scheme": "basic", "description": "Any user name, and the API key as password."},
}
SCOPES = {
    "predict": "Ask for predictions.",
    "feedback": "Say what became of predictions.",
    "jobs": "Have large tables answered.",
    "admin": "Run the service.",
}
DESCRIPTION = """Predictions of one approved model, in three protocols over the same rows and the same rules.

Errors are problem documents (RFC 9457); `errors` in them names each field by a JSON Pointer into the request.
Every route that answers GET answers HEAD alike, without the body; other methods that a route does not have are answered
with 405. Before any route: what is no sound HTTP/1.1 is answered with 400, what does not arrive in time with 408, a
head that is too long with 431, and more connections than allowed with 503."""


def document(app: FastAPI, slot: Slot) -> dict[str, Any]:
    """Describe all routes of an application, with rows as the model in ``slot`` takes them, or in general terms."""
    desk: Desk = app.state.desk
    served = slot.served
    name, version = (served.approval.model, served.approval.version) if served else ("No model", "none")
    made: dict[str, Any] = get_openapi(title=name, version=version, description=DESCRIPTION, routes=app.routes)
    made["paths"] = {**_predict(), **made["paths"]}
    for path, item in made["paths"].items():
        if "{name}" in path:
            item["parameters"] = _parameters(path, desk.models)
    components = made.setdefault("components", {})
    components["securitySchemes"] = SECURITY | _tokens(desk.settings)
    components["schemas"] = {**components.get("schemas", {}), **_schemas(served)}
    if served:
        _add_examples(made["paths"], served)
    return made


def _predict() -> dict[str, Any]:
    """The routes that FastAPI does not see."""

    def post(operation: str, summary: str, *further: int) -> dict[str, Any]:
        return {
            "post": {
                "tags": ["predictions"],
                "summary": summary,
                "operationId": operation,
                "security": KEY,
                "requestBody": {"required": True, **content("PredictRequest")},
                "responses": {
                    "200": {"description": "One prediction for each row", **content("PredictResponse")},
                    **{str(status): told for status, told in problems(*ASKING, *further).items()},
                },
            }
        }

    return {
        "/v1/predict": post("predict", "Predictions for named rows"),
        "/v1/models/{name}/predict": post("predictWith", "Predictions of one of several models", 404),
    }


def _each(values: Iterable[str]) -> list[str]:
    """Each once."""
    return list(dict.fromkeys(values))


def _parameters(path: str, models: Models) -> list[dict[str, Any]]:
    statements = [slot.served.approval for slot in models.slots if slot.served]
    known = {"name": _each(s.model for s in statements), "version": _each(s.version for s in statements)}
    return [
        {
            "name": name,
            "in": "path",
            "required": True,
            "schema": {"type": "string", **({"enum": known[name]} if statements else {})},
        }
        for name in ("name", "version")
        if f"{{{name}}}" in path
    ]


def _tokens(settings: Settings) -> dict[str, Any]:
    """How to get a token, if the service accepts any and knows where they are given out."""
    if not (settings.token_issuer and settings.token_url):
        return {}
    flow = {"tokenUrl": settings.token_url, "scopes": dict(SCOPES)}
    return {"oauth2": {"type": "oauth2", "flows": {"clientCredentials": flow}}}


def _schemas(served: Served | None) -> dict[str, Any]:
    _, infer = msgspec.json.schema_components([InferRequest], ref_template="#/components/schemas/{name}")
    return {**schemas.common(), **infer, **schemas.specific(served.bundle.signature if served else None)}


def _add_examples(paths: dict[str, Any], served: Served) -> None:
    """A request with golden rows for each way of asking."""
    features, golden = served.bundle.signature.features, served.bundle.golden.rows[:2]
    rows = [{f.name: row[f.name] for f in features if f.name in row} for row in golden]
    inputs = [
        {"name": f.name, "shape": [len(rows)], "datatype": DATATYPES[f.type], "data": [row.get(f.name) for row in rows]}
        for f in features
    ]
    examples = {
        "/v1/predict": {"rows": rows},
        "/invocations": {"dataframe_records": rows},
        "/v2/models/{name}/infer": {"inputs": inputs},
        "/v2/models/{name}/versions/{version}/infer": {"inputs": inputs},
    }
    for path, value in examples.items():
        body = paths[path]["post"]["requestBody"]["content"]["application/json"]
        body["examples"] = {"golden rows": {"value": value}}
