"""Reads lines of a trail for verification."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import msgspec

from service.audit.record import Count


class Line(msgspec.Struct):
    """What verification looks at in a line of any kind; see :mod:`service.audit.record`."""

    seq: Count
    prev: str
    kind: Literal["decision", "gap", "segment"]
    time: str
    shed: Count = 0
    writer: str = ""
    segment: Count = 0
    torn: Count | None = None
    witnessed: dict[str, tuple[Count, str]] = {}


_decode = msgspec.json.Decoder(Line).decode


def parse(line: bytes) -> Line:
    """Read a line of any kind.

    Raises:
        ValueError: it is none.
    """
    try:
        return _decode(line)
    except RecursionError as error:
        raise ValueError("nested too deep") from error


def opening(path: Path) -> Line | None:
    """The first line of a segment, if it can be read."""
    try:
        with path.open("rb") as file:
            return parse(file.readline())
    except (OSError, ValueError):
        return None
