"""Reads the usual request fast: a decoder made from the signature, which checks while it parses.

What it cannot take it does not judge: the careful reader in ``signature`` looks at such a request again, lets through
what the signature lets through, and names what it does not.
"""

from __future__ import annotations

import struct
from collections.abc import Callable
from typing import Annotated, Any, Literal

import msgspec
import numpy as np
from msgspec import Meta

from service.signature import Blocks, Decoded, Feature, Signature

UNNAMEABLE = frozenset('"\\') | {chr(code) for code in range(32)}
"""Characters in feature names that msgspec cannot look for."""


class Reader:
    """Decodes ``{"rows": [{…}, …]}`` for one signature.

    Args:
        signature: what the model takes.
        most_rows: rows allowed in one request.
    """

    def __init__(self, signature: Signature, most_rows: int) -> None:
        self._numbers = len(signature.numeric)
        self._texts = len(signature.text)
        self._pack = struct.Struct(f"{self._numbers}f").pack
        self._decode = _decoder(signature, most_rows)

    def read(self, body: bytes) -> Decoded | None:
        """The rows, when all their values are such as the model was trained on; else None."""
        if self._decode is None:
            return None
        try:
            rows = [msgspec.structs.astuple(row) for row in self._decode(body).rows]
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
            return None
        return Decoded(self._blocks(rows), len(rows), {})

    def _blocks(self, rows: list[tuple[Any, ...]]) -> Blocks:
        blocks: Blocks = {}
        width = self._numbers
        if width:
            packed = b"".join([self._pack(*row[:width]) for row in rows])
            blocks["numeric"] = np.frombuffer(packed, np.float32).reshape(-1, width)
        if self._texts:
            blocks["text"] = np.array([row[width:] for row in rows], dtype=object).reshape(-1, self._texts)
        return blocks


def _decoder(signature: Signature, most_rows: int) -> Callable[[bytes], Any] | None:
    """A msgspec decoder of the request; None if a feature's name or categories are such as it cannot look for."""
    features = (*signature.numeric, *signature.text)
    if any(
        UNNAMEABLE & set(feature.name) or (feature.type == "text" and not feature.categories) for feature in features
    ):
        return None
    bounds = {feature.name: (low, high) for feature, low, high in signature.bounds}
    names = {f"f{index}": feature.name for index, feature in enumerate(features)}
    row = msgspec.defstruct(
        "Row",
        [(name, _kind(feature, bounds)) for name, feature in zip(names, features, strict=True)],
        rename=names,
        forbid_unknown_fields=True,
        gc=False,
    )
    several = Annotated[list[row], Meta(min_length=1, max_length=most_rows)]  # type: ignore[valid-type]
    request = msgspec.defstruct("Request", [("rows", several)], forbid_unknown_fields=True, gc=False)
    return msgspec.json.Decoder(request).decode


def _kind(feature: Feature, bounds: dict[str, tuple[float, float]]) -> Any:
    """What the usual value of a feature is."""
    if feature.type == "boolean":
        return bool
    if feature.type == "text":
        return Literal[feature.categories]
    low, high = bounds[feature.name]
    return Annotated[float, Meta(ge=low, le=high)]
