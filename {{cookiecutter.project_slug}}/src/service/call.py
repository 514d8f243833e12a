"""One request on its way through: each control that it passes writes down what it found, for log, metrics and trace."""

from __future__ import annotations

import math
import time
from typing import Any

import msgspec

TIMEOUT = b"x-request-timeout-ms"
"""The header in which a caller says how long it will wait, in milliseconds."""


def patience(value: bytes) -> float:
    """How long a caller will wait, in seconds.

    Args:
        value: of its header ``TIMEOUT``.

    Raises:
        ValueError: it is no whole number of milliseconds.
    """
    if not value.isdigit() or not 0 < len(value) < 10:
        raise ValueError("expected a whole number of milliseconds")
    return int(value) / 1000


class Call(msgspec.Struct, gc=False):
    """What is known of a request.

    Attributes:
        request_id: the caller's own id, or a new one.
        trace_id: 32 hex digits; the caller's (W3C Trace Context), or new.
        parent_span: 16 hex digits of the caller's span; empty without one.
        sampled: whether this request is traced.
        method: the HTTP method.
        arrived: when, in nanoseconds since 1970.
        began: the same by ``time.perf_counter``, in seconds; so are all marks below.
        route: the route's pattern, never the path itself.
        status: the HTTP status that was answered; 0 before.
        error: title of the problem that was answered; empty without one.
        refused: which control refused; empty when none did.
        asked: those of its headers that a control reads.
        headers: to be sent with the answer, whatever it is.
        principal: who asked; empty before that is known.
        deadline: when the answer is of no use any more.
        size: of its body, in bytes; 0 before that has arrived.
        model, version, digest: what answered.
        rows: how many rows were asked.
        batch: rows that the model answered together with these.
        cached: whether the answer came from the cache.
        degraded: how the answer was made without the model; empty when it was not.
        features: the rows, where they may be logged.
        queued, ran, finished: when the rows were handed in, the model was started, and it had answered; 0 before.
    """

    request_id: str = ""
    trace_id: str = ""
    parent_span: str = ""
    sampled: bool = False
    method: str = ""
    arrived: int = msgspec.field(default_factory=time.time_ns)
    began: float = msgspec.field(default_factory=time.perf_counter)
    route: str = "unmatched"
    status: int = 0
    error: str = ""
    refused: str = ""
    asked: tuple[tuple[bytes, bytes], ...] = ()
    headers: tuple[tuple[bytes, bytes], ...] = ()
    principal: str = ""
    deadline: float = math.inf
    size: int = 0
    model: str = ""
    version: str = ""
    digest: str = ""
    rows: int = 0
    batch: int = 0
    cached: bool = False
    degraded: str = ""
    features: Any = None
    queued: float = 0.0
    ran: float = 0.0
    finished: float = 0.0
