"""Traces by W3C Trace Context and OTLP. Whether a request is traced is decided before anything is made for it."""

from __future__ import annotations

import re
import secrets
import time
from collections.abc import Callable
from random import getrandbits
from typing import TYPE_CHECKING

from service.call import Call

if TYPE_CHECKING:
    from service.spans import Spans

# version 00 ends after the flags; later ones may say more; there is no version ff
_TRACEPARENT = re.compile(
    rb"(?:00(?!.{53}-)|(?!00|ff)[0-9a-f]{2})-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-[0-9a-f]([0-9a-f])(?:-.*)?",
    re.DOTALL,
)
_SAMPLED = frozenset({b"1", b"3", b"5", b"7", b"9", b"b", b"d", b"f"})
_LOW = 2**64 - 1


class Allowance:
    """So many a second, and at once no more than one second's.

    Args:
        rate: how many a second; of less than one, one at once. 0 for none.
        clock: seconds.
    """

    def __init__(self, rate: float, clock: Callable[[], float]) -> None:
        self._rate = rate
        self._clock = clock
        self._left = self._most = max(1.0, rate) if rate else 0.0
        self._refilled = clock()

    def take(self) -> bool:
        """Take one; returns whether there was one."""
        now = self._clock()
        self._left = min(self._most, self._left + (now - self._refilled) * self._rate)
        self._refilled = now
        if self._left < 1:
            return False
        self._left -= 1
        return True


class Tracer:
    """Gives each request its place in a trace, and sends the spans of sampled ones to a collector.

    OpenTelemetry is imported only when there is an endpoint. Make one in each process, after any fork.

    Args:
        service_name: name of this service in traces.
        version: its version.
        environment: where it runs.
        endpoint: the collector's OTLP/HTTP address (``http://collector:4318``); without one, nothing is sampled.
        ratio: share of requests that are sampled, of those whose caller leaves it to us; 0 to 1.
        trust_parent: whether every caller may decide that its requests are sampled.
        ceiling: most requests a second that are sampled by our own choice, as spans are made ready in bursts for which
            others wait; and most that are because their caller says so, unless callers are trusted. A caller's no is
            always followed: its trace is whole without us.
        quiet: paths whose requests are never traced, though their callers may be.
        clock: seconds, for the ceiling.
    """

    def __init__(
        self,
        service_name: str,
        version: str,
        environment: str,
        endpoint: str | None = None,
        ratio: float = 0.01,
        *,
        trust_parent: bool = False,
        ceiling: float = 10.0,
        quiet: frozenset[str] = frozenset(),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._spans = _spans(service_name, version, environment, endpoint) if endpoint else None
        self._bound = int(ratio * 2**64) if endpoint else 0
        self._trust_parent = trust_parent
        self._quiet = quiet
        self._own, self._followed = Allowance(ceiling, clock), Allowance(ceiling, clock)
        self._salt = secrets.randbits(64)

    def begin(self, call: Call, traceparent: bytes | None = None, path: str = "") -> None:
        """Join the caller's trace, or begin one; decide whether this request is sampled.

        Args:
            call: the request; gets its trace id, parent span and whether it is sampled.
            traceparent: the header as it came; a malformed one is as good as none (W3C Trace Context, 3.2.2).
            path: what is asked for.
        """
        if traceparent is not None:
            found = _TRACEPARENT.fullmatch(traceparent)
            if found:
                trace_id, span, flags = found.groups()
                call.trace_id = trace_id.decode()
                call.parent_span = span.decode()
                call.sampled = flags in _SAMPLED and path not in self._quiet and self._follow()
                return
        trace_id = getrandbits(128)
        call.trace_id = trace_id.to_bytes(16, "big").hex()
        call.sampled = trace_id & _LOW < self._bound and path not in self._quiet and self._own.take()

    def finish(self, call: Call) -> None:
        """Make the spans of a request that was answered, if it is sampled, from the marks it took on its way."""
        if call.sampled and self._spans is not None:
            self._spans.record(call, self._span(call))

    def traceparent(self, call: Call) -> str:
        """The header for calls that the service makes on behalf of this request."""
        return f"00-{call.trace_id}-{self._span(call):016x}-{'01' if call.sampled else '00'}"

    def shutdown(self, seconds: float = 2.0) -> None:
        """Send what is waiting, but wait no longer than so many seconds for the collector."""
        if self._spans is not None:
            self._spans.shutdown(seconds)

    def _follow(self) -> bool:
        """Whether to trace a request because its caller does."""
        return self._spans is not None and (self._trust_parent or self._followed.take())

    def _span(self, call: Call) -> int:
        """Id of the request's own span: made of its arrival, so that it costs nothing unless it is asked for."""
        return self._salt ^ call.arrived


def _spans(service_name: str, version: str, environment: str, endpoint: str) -> Spans:
    from service.spans import Spans

    return Spans(service_name, version, environment, endpoint)
