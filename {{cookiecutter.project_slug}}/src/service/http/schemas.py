"""JSON Schemas of what the routes take and give, made from the model's signature, and how routes refer to them."""

from __future__ import annotations

from typing import Any

from service import errors
from service.signature import MAX_FLOAT32, Feature, Signature

Schema = dict[str, Any]

ASKING = (400, 401, 403, 413, 422, 429, 500, 503, 504)
"""The error statuses of every route that answers predictions."""

KEY: list[dict[str, list[str]]] = [{"apiKey": []}, {"bearer": []}, {"basic": []}]
"""The ways in which a route that needs an API key takes it; names of security schemes."""

TITLES = {
    kind.status: kind.title
    for kind in (
        errors.BadRequest,
        errors.Unauthenticated,
        errors.Forbidden,
        errors.NotFound,
        errors.TooLarge,
        errors.InvalidInput,
        errors.RateLimited,
        errors.DeadlineExceeded,
        errors.ServiceError,
    )
} | {503: "No model, too much to do, or a dependency is away"}
JSON_TYPES = {"number": "number", "boolean": "boolean", "text": "string"}
FLAGS = ("missing", "out_of_range", "unseen_category")
TEXT: Schema = {"type": "string"}


def ref(name: str) -> Schema:
    """A reference to one of the document's schemas."""
    return {"$ref": f"#/components/schemas/{name}"}


def content(name: str, *, binary: bool = False) -> Schema:
    """What a request or an answer holds: JSON of a named schema, or binary as well."""
    kinds: Schema = {"application/json": {"schema": ref(name)}}
    if binary:
        kinds["application/octet-stream"] = {"schema": {"type": "string", "format": "binary"}}
    return {"content": kinds}


def problems(*statuses: int) -> dict[int | str, Schema]:
    """The error answers of a route, for its ``responses``."""
    document = {"application/problem+json": {"schema": ref("Problem")}}
    return {status: {"description": TITLES[status], "content": document} for status in statuses}


def common() -> dict[str, Schema]:
    """Schemas that are the same for every model."""
    place = record(pointer={**TEXT, "description": "JSON Pointer (RFC 6901) into the request"}, detail=TEXT)
    problem = record(type=TEXT, title=TEXT, status={"type": "integer"}, detail=TEXT, instance=TEXT, request_id=TEXT)
    problem["properties"] |= {
        "errors": {"type": "array", "items": place},
        "error": {**TEXT, "description": "The same in one text; under /v2 only."},
    }
    tensor = record(name=TEXT, datatype=TEXT, shape={"type": "array", "items": {"type": "integer"}})
    tensor["properties"] |= {"data": {"type": "array", "items": {}}, "parameters": {"type": "object"}}
    infer = record(model_name=TEXT, model_version=TEXT, outputs={"type": "array", "items": tensor})
    infer["properties"] |= {"id": TEXT, "parameters": {"type": "object"}}
    return {"Problem": problem, "InferResponse": infer}


def specific(signature: Signature | None) -> dict[str, Schema]:
    """Schemas that follow from the model; without one, in general terms."""
    row = _row(signature) if signature else {"type": "object", "additionalProperties": True}
    flag = record(field=TEXT, problem={"enum": list(FLAGS)})
    answer = {"type": "string", "enum": list(signature.classes)} if signature and signature.classes else {}
    return {
        "Row": row,
        "PredictRequest": {**record(rows=_several(ref("Row"))), "additionalProperties": False},
        "Prediction": _prediction(signature, {"type": "array", "items": flag}),
        "PredictResponse": record(
            model=TEXT, version=TEXT, digest=TEXT, request_id=TEXT, predictions=_several(ref("Prediction"))
        ),
        "Split": _split(signature),
        "ScoringRequest": {"oneOf": _scoring(signature)},
        "ScoringResponse": record(predictions=_several(answer)),
    }


def record(**properties: Schema) -> Schema:
    """An object with these properties, all required."""
    return {"type": "object", "properties": properties, "required": list(properties)}


def _several(items: Schema) -> Schema:
    return {"type": "array", "items": items, "minItems": 1}


def _row(signature: Signature) -> Schema:
    return {
        "type": "object",
        "properties": {feature.name: _value(feature) for feature in signature.features},
        "required": [feature.name for feature in signature.features if feature.on_missing == "reject"],
        "additionalProperties": False,
    }


def _value(feature: Feature) -> Schema:
    schema: Schema = {"type": JSON_TYPES[feature.type]}
    notes: list[str] = []
    if feature.type == "number":
        schema |= {"format": "float", "minimum": -MAX_FLOAT32, "maximum": MAX_FLOAT32}
        notes += _range(feature, schema)
    if feature.type == "text":
        notes += _categories(feature, schema)
    if feature.on_missing == "impute":
        schema["type"] = [schema["type"], "null"]
        schema |= {"enum": [*schema["enum"], None]} if "enum" in schema else {}
        notes.append("A missing value is imputed and flagged.")
    return {**schema, "description": " ".join(notes)} if notes else schema


def _range(feature: Feature, schema: Schema) -> list[str]:
    low, high = feature.minimum, feature.maximum
    if low is None or high is None:
        return []
    if feature.on_range == "reject":
        schema |= {"minimum": low, "maximum": high}
        return []
    return [f"Trained on {low:g} to {high:g}; others are answered and flagged."]


def _categories(feature: Feature, schema: Schema) -> list[str]:
    if feature.on_unseen == "reject":
        schema["enum"] = list(feature.categories)
        return []
    return [f"Trained on {', '.join(feature.categories)}; others are answered and flagged."]


def _prediction(signature: Signature | None, flags: Schema) -> Schema:
    if signature is None:
        return record(flags=flags)
    if signature.task == "regression":
        return record(value={"type": "number"}, flags=flags)
    probabilities = record(**{name: {"type": "number"} for name in signature.classes})
    return record(label={"type": "string", "enum": list(signature.classes)}, probabilities=probabilities, flags=flags)


def _line(signature: Signature | None) -> Schema:
    """One row as a list of values in the order of the signature."""
    if signature is None:
        return {"type": "array", "items": {}}
    return _exactly([_value(feature) for feature in signature.features])


def _split(signature: Signature | None) -> Schema:
    """A table as pandas splits it."""
    columns: Schema = {"type": "array", "items": TEXT}
    if signature:
        columns = _exactly([{"const": feature.name} for feature in signature.features])
    return record(columns=columns, data=_several(_line(signature)))


def _scoring(signature: Signature | None) -> list[Schema]:
    """The four forms of MLflow's protocol."""
    either = {"anyOf": [_several(_line(signature)), _several(ref("Row"))]}
    forms = {
        "dataframe_split": ref("Split"),
        "dataframe_records": _several(ref("Row")),
        "inputs": either,
        "instances": either,
    }
    return [{**record(**{name: form}), "additionalProperties": False} for name, form in forms.items()]


def _exactly(items: list[Schema]) -> Schema:
    return {"type": "array", "prefixItems": items, "minItems": len(items), "maxItems": len(items)}
