"""For requests that come in columns, or as lists without names: how they become the rows that a signature reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from service.errors import FieldProblem, InvalidInput
from service.http.tensors import Tensor, refused
from service.signature import MAX_PROBLEMS, Feature, Signature

TOGETHER = "features"
"""Name of the one tensor [rows, features] that may stand for all inputs of a model without texts."""

DATATYPES = {"number": "FP32", "boolean": "BOOL", "text": "BYTES"}
"""The tensor datatype that goes with each type of feature."""

At = Callable[[int, str | None], str]
"""Gives the JSON Pointer of (row, feature)."""

_TRUTH: dict[float, bool] = {0: False, 1: True}


def check_names(signature: Signature, given: Mapping[str, str], whole: str) -> None:
    """Refuse columns that the model does not have, and the lack of those it needs: once each, not once a row.

    Args:
        signature: the model's contract.
        given: the request's columns, each with the JSON Pointer of its name.
        whole: the JSON Pointer of all columns together.

    Raises:
        InvalidInput: naming each.
    """
    strange = {name: at for name, at in given.items() if name not in signature.names}
    problems = [FieldProblem(at, "the model has no such feature") for at in strange.values()]
    for feature in signature.features:
        if feature.on_missing == "reject" and feature.name not in given:
            problems.append(FieldProblem(whole, f"{feature.name!r} is required: the model has no rule for its absence"))
    if problems:
        raise InvalidInput(
            f"{len(problems)} column(s) do not fit the model's signature", tuple(problems[:MAX_PROBLEMS])
        )


def untyped(feature: Feature, values: Sequence[Any]) -> Sequence[Any]:
    """Values from where all elements are of one type: for a boolean, 0 and 1 stand for false and true."""
    if feature.type != "boolean":
        return values
    return [_TRUTH.get(value, value) if isinstance(value, int | float) else value for value in values]


def from_tensors(signature: Signature, tensors: Sequence[Tensor]) -> tuple[dict[str, Sequence[Any]], At]:
    """The columns that tensors hold, and where each value stands.

    Raises:
        BadRequest, InvalidInput: the tensors do not fit together, or not the model.
    """
    if len(tensors) == 1 and tensors[0].name == TOGETHER and TOGETHER not in signature.names:
        return _from_one(signature, tensors[0])
    check_names(signature, {tensor.name: f"/inputs/{n}/name" for n, tensor in enumerate(tensors)}, "/inputs")
    features = {feature.name: feature for feature in signature.features}
    for tensor in tensors:
        _check_column(features[tensor.name], tensor, tensors[0])
    named = {tensor.name: tensor for tensor in tensors}
    columns = {name: untyped(features[name], tensor.values) for name, tensor in named.items()}
    return columns, lambda row, name: named[str(name)].at(row) if name in named else "/inputs"


def _check_column(feature: Feature, tensor: Tensor, first: Tensor) -> None:
    if len(tensor.shape) not in (1, 2) or tensor.shape[1:] not in ((), (1,)):
        raise refused(f"expected the shape [rows] or [rows, 1], got {list(tensor.shape)}", *tensor.place, "shape")
    if tensor.shape[0] != first.shape[0]:
        raise refused(f"{tensor.shape[0]} rows, but {first.name!r} has {first.shape[0]}", *tensor.place, "shape")
    if (tensor.datatype == "BYTES") != (feature.type == "text"):
        raise refused(f"{tensor.datatype} cannot hold {feature.name!r}, a {feature.type}", *tensor.place, "datatype")


def _from_one(signature: Signature, tensor: Tensor) -> tuple[dict[str, Sequence[Any]], At]:
    width = len(signature.features)
    if signature.text or tensor.datatype == "BYTES":
        raise refused(f"{TOGETHER!r} is for models without texts: send one input for each feature", *tensor.place)
    if len(tensor.shape) != 2 or tensor.shape[1] != width:
        raise refused(f"expected the shape [rows, {width}], got {list(tensor.shape)}", *tensor.place, "shape")
    order = {feature.name: index for index, feature in enumerate(signature.features)}
    columns = {f.name: untyped(f, tensor.values[order[f.name] :: width]) for f in signature.features}
    return columns, lambda row, name: tensor.at(row * width + order[str(name)])
