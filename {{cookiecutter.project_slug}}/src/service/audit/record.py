"""The lines of a trail: what each kind says, before the chain adds its number and the hash of the line before."""

from __future__ import annotations

import time
from typing import Annotated, Any

import msgspec

Count = Annotated[int, msgspec.Meta(ge=0, le=2**53)]
"""A number that any reader of JSON takes as it is."""

encode = msgspec.json.Encoder().encode


class Decision(msgspec.Struct, tag="decision", tag_field="kind"):
    """One answered request. Its input is there as a keyed hash only.

    Attributes:
        time: when the request arrived (RFC 3339, UTC); so are all times.
        principal: who asked.
        request: the request's id; prediction N of it is row N, counted from 0.
        rows: how many rows were answered.
        model, version, digest: what answered.
        commit: git commit of the service's code.
        input: keyed hash of the request's input, in hex: who has the key can tell equal inputs, nobody else anything.
        output: the answer.
        cached: whether the answer came from the cache.
        degraded: how the answer was made without the model; empty when it was not.
    """

    time: str
    principal: str
    request: str
    rows: int
    model: str
    version: str
    digest: str
    commit: str
    input: str
    output: Any
    cached: bool
    degraded: str


class Gap(msgspec.Struct, tag="gap", tag_field="kind"):
    """Says that decisions were answered without a record, as the policy ``shed`` allows.

    Attributes:
        time: when recording went on.
        since: when the first of them was lost.
        shed: how many.
        reason: why.
    """

    time: str
    since: str
    shed: int
    reason: str


class Opening(msgspec.Struct, tag="segment", tag_field="kind", omit_defaults=True):
    """First line of each segment; the hash of the line before is the head of the segment before.

    Attributes:
        writer: whose chain this is.
        segment: number of the segment, from 1.
        time: when it was begun.
        commit: git commit of the service's code.
        input_key: tells which key made the hashes of inputs, without telling the key.
        torn: how many bytes of the segment before count, if half a write follows them that could not be undone.
        witnessed: in the first segment, number and hash of other writers' heads, so that these cannot vanish unseen.
    """

    writer: str
    segment: int
    time: str
    commit: str
    input_key: str
    torn: int | None = None
    witnessed: dict[str, tuple[int, str]] = {}


class Stamps:
    """Times as RFC 3339 in UTC; many fall into one second, of which the text is kept."""

    def __init__(self) -> None:
        self._second = ""
        self._text = ""

    def __call__(self, nanoseconds: int) -> str:
        """Text of a time in nanoseconds since 1970."""
        digits = str(nanoseconds)
        second = digits[:-9]
        if second != self._second:
            self._text = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(int(second)))
            self._second = second
        return f"{self._text}.{digits[-9:-3]}Z"
