"""Tensors of the Open Inference Protocol, as JSON or in Triton's binary extension of it."""

from __future__ import annotations

import math
import struct
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import chain
from typing import Annotated, Any

import numpy as np
from msgspec import Meta, Struct

from service.errors import BadRequest, FieldProblem, pointer

_NUMBER: frozenset[type] = frozenset({int, float, type(None)})
_INTEGER: frozenset[type] = frozenset({int, type(None)})
JSON_TYPES: dict[str, frozenset[type]] = {
    "BOOL": frozenset({bool, type(None)}),
    **dict.fromkeys(("UINT8", "UINT16", "UINT32", "UINT64", "INT8", "INT16", "INT32", "INT64"), _INTEGER),
    **dict.fromkeys(("FP16", "FP32", "FP64"), _NUMBER),
    "BYTES": frozenset({str, type(None)}),
}
"""What each datatype's elements may be in JSON; null is a missing value."""

BINARY_TYPES = {
    "BOOL": "?",
    **{
        f"{kind}{bits}": f"<{code}{bits // 8}"
        for kind, code in (("UINT", "u"), ("INT", "i"))
        for bits in (8, 16, 32, 64)
    },
    **{f"FP{bits}": f"<f{bits // 8}" for bits in (16, 32, 64)},
}
"""NumPy's name for the binary form of each datatype but BYTES."""

Parameters = dict[str, Any] | None
Place = tuple[str | int, ...]
"""The steps of a JSON Pointer."""

UNREADABLE = "the request's tensors cannot be read"


class InferInput(Struct):
    """One input tensor as it stands in a request."""

    name: str
    shape: Annotated[list[Annotated[int, Meta(ge=0)]], Meta(max_length=8)]
    datatype: Annotated[str, Meta(extra_json_schema={"enum": list(JSON_TYPES)})]
    data: Annotated[list[Any], Meta(extra_json_schema={"items": {}})] | None = None
    parameters: Parameters = None


@dataclass(frozen=True, slots=True)
class Tensor:
    """An input tensor that was read.

    Attributes:
        name: its name.
        datatype: the protocol's name for its type.
        shape: its dimensions.
        values: its elements in row-major order.
        nested: whether its JSON was nested lists, rather than one flat list.
        place: where it stands in the request.
    """

    name: str
    datatype: str
    shape: tuple[int, ...]
    values: list[Any]
    nested: bool
    place: Place

    def at(self, index: int) -> str:
        """The JSON Pointer of an element; of a binary one, as if it had been sent as a flat list."""
        steps = [int(i) for i in np.unravel_index(index, self.shape)] if self.nested else [index]
        return pointer(*self.place, "data", *steps)


def read_tensors(inputs: Sequence[InferInput], binary: bytes) -> list[Tensor]:
    """Read input tensors.

    Args:
        inputs: as they stand in the request's JSON.
        binary: what followed the JSON: the elements of those inputs that have a ``binary_data_size``.

    Raises:
        BadRequest: naming the tensor and what is wrong with it.
    """
    tensors: dict[str, Tensor] = {}
    offset = 0
    for number, sent in enumerate(inputs):
        place = ("inputs", number)
        if sent.name in tensors:
            raise refused(f"a second input named {sent.name[:20]!r}", *place, "name")
        if sent.datatype not in JSON_TYPES:
            known = ", ".join(JSON_TYPES)
            raise refused(f"unknown datatype {sent.datatype[:20]!r}; known are {known}", *place, "datatype")
        size = (sent.parameters or {}).get("binary_data_size")
        if size is None:
            tensors[sent.name] = _from_json(sent, place)
        else:
            tensors[sent.name] = _from_binary(sent, _slice(binary, offset, size, place), place)
            offset += size
    if offset != len(binary):
        raise BadRequest(f"{len(binary) - offset} bytes follow the last binary tensor")
    return list(tensors.values())


def refused(detail: str, *place: str | int) -> BadRequest:
    """An error about one place of the request."""
    return BadRequest(UNREADABLE, (FieldProblem(pointer(*place), detail),))


def _from_json(sent: InferInput, place: Place) -> Tensor:
    if sent.data is None:
        raise refused("neither data nor binary_data_size is given", *place)
    values, depth = sent.data, 1
    while values and isinstance(values[0], list) and depth < len(sent.shape):
        if any(not isinstance(part, list) or len(part) != sent.shape[depth] for part in values):
            raise refused(f"the nested lists do not have the shape {sent.shape}", *place, "data")
        values, depth = list(chain.from_iterable(values)), depth + 1
    tensor = _tensor(sent, values, place, nested=depth > 1)
    allowed = JSON_TYPES[sent.datatype]
    if not allowed.issuperset(map(type, values)):
        odd = next(index for index, value in enumerate(values) if type(value) not in allowed)
        problem = FieldProblem(tensor.at(odd), f"{type(values[odd]).__name__} is no {sent.datatype} element")
        raise BadRequest(UNREADABLE, (problem,))
    return tensor


def _slice(binary: bytes, offset: int, size: Any, place: Place) -> bytes:
    where = (*place, "parameters", "binary_data_size")
    if not isinstance(size, int) or isinstance(size, bool) or size < 0:
        raise refused("expected a number of bytes", *where)
    if offset + size > len(binary):
        raise refused(f"{size} bytes are announced, {len(binary) - offset} came", *where)
    return binary[offset : offset + size]


def _from_binary(sent: InferInput, data: bytes, place: Place) -> Tensor:
    if sent.datatype == "BYTES":
        return _tensor(sent, _texts(data, place), place)
    form = np.dtype(BINARY_TYPES[sent.datatype])
    if len(data) % form.itemsize:
        raise refused(f"{len(data)} bytes are no whole number of {sent.datatype} elements", *place)
    elements = np.frombuffer(data, form)
    if sent.datatype == "BOOL":
        elements = elements.astype(bool)
    return _tensor(sent, elements.tolist(), place)


def _tensor(sent: InferInput, values: list[Any], place: Place, *, nested: bool = False) -> Tensor:
    if len(values) != math.prod(sent.shape):
        raise refused(f"{len(values)} elements do not fill the shape {sent.shape}", *place, "shape")
    return Tensor(sent.name, sent.datatype, tuple(sent.shape), values, nested, place)


def _texts(data: bytes, place: Place) -> list[Any]:
    """Elements of a BYTES tensor: a length in 4 bytes, little-endian, and so many bytes of UTF-8, again and again."""
    texts: list[Any] = []
    position = 0
    while position < len(data):
        start = position + 4
        if start > len(data) or (end := start + struct.unpack_from("<I", data, position)[0]) > len(data):
            raise refused(f"element {len(texts)} is cut off", *place)
        try:
            texts.append(data[start:end].decode())
        except UnicodeDecodeError as error:
            raise refused(f"element {len(texts)} is not UTF-8", *place) from error
        position = end
    return texts


def to_binary(datatype: str, values: Any) -> bytes:
    """The binary form of an output: an array, or texts for BYTES."""
    if datatype == "BYTES":
        encoded = [text.encode() for text in values]
        return b"".join(struct.pack("<I", len(text)) + text for text in encoded)
    return np.asarray(values, dtype=BINARY_TYPES[datatype]).tobytes()
