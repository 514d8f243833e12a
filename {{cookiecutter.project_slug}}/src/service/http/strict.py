"""HTTP/1.1 as uvicorn and httptools read it, but so that no two readers can differ on where a request ends."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from contextvars import Context
from typing import Any

import httptools
from uvicorn.config import Config
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from service.call import Call
from service.errors import BadRequest, Overloaded, ServiceError
from service.http import heads
from service.http.cycle import Cycle
from service.http.outlet import Outbox, Outlet
from service.http.refusal import refusal, turned_away
from service.intake import Intake
from service.lifecycle import Lifecycle

NOWHERE: Any = deque(maxlen=0)
AHEAD = 100
"""Most requests of one connection that wait for their turn: each takes memory, and costs its sender hardly any."""

LINGER = 1.0
"""How long a connection that ends is still read from, in seconds. Closed while something comes, it would be reset."""


class StrictProtocol(HttpToolsProtocol):
    """One connection. Once something is refused, nothing more is read from it.

    Args:
        config, server_state, app_state, _loop: as uvicorn gives them.
        lifecycle: when it is draining, every answer is the last one of its connection.
        max_head_bytes: the longest request line with headers.
        refused: told of what is refused without the application.
        intake: lets requests for predictions in; without one, all are begun at once.
        outbox: shared by all connections.
    """

    cycle: Cycle

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        lifecycle: Lifecycle,
        max_head_bytes: int,
        refused: Callable[[ServiceError], None],
        intake: Intake | None,
        outbox: Outbox,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.lifecycle = lifecycle
        self.max_head_bytes = max_head_bytes
        self.refused = refused
        self.intake = intake
        self._outbox = outbox
        self.loose = 0  # bytes since the last part of a request was whole
        self.deaf = False
        self._size = 0  # of the bytes that arrived last
        self._before: Any = None  # the scope when they did
        self._host: bytes | None = b""  # the last one, found good
        self._owed = 0  # bytes of a body that httptools leaves out
        self._last: ServiceError | None = None  # to be answered after all that came before it

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._outlet: Any = Outlet(transport, self._outbox, self.end)

    def data_received(self, data: bytes) -> None:
        self._size = len(data)
        self.loose += self._size
        self._before = self.scope
        while data and not self.deaf:
            if self._owed:
                data = self._pay(data)
                continue
            try:
                self.parser.feed_data(data)
                break
            except httptools.HttpParserUpgrade as upgrade:  # nothing else is spoken here: go on as if not asked
                data = data[upgrade.args[0] :]
            except httptools.HttpParserError as error:
                if self.deaf:  # the last answer has left, and this came after its request
                    break
                found = error.__context__
                self.refuse(found if isinstance(found, ServiceError) else BadRequest(f"this is not HTTP/1.1: {error}"))
        if self.loose > self.max_head_bytes and not self.deaf:
            self.refuse(heads.too_large(self.max_head_bytes))

    def _pay(self, data: bytes) -> bytes:
        """Take the body that httptools leaves out when a request asks to upgrade, as Java's client does by default."""
        body = data[: self._owed]
        self._owed -= len(body)
        self.on_body(body)
        if not self._owed:
            self.on_message_complete()
        return data[len(body) :]

    def on_header(self, name: bytes, value: bytes) -> None:
        self.headers.append((name.lower(), value))

    def on_headers_complete(self) -> None:
        headers, method, version = self.headers, self.parser.get_method(), self.parser.get_http_version()
        named = dict(headers)
        usual = version == "1.1" and len(named) == len(headers) and named.get(b"host") == self._host
        odd = b"transfer-encoding" in named or len(named.get(b"content-length", b"")) > heads.LENGTH_DIGITS
        if not usual or odd or method == b"CONNECT":
            heads.examine(version, method, headers)
            self._host = named.get(b"host")
        if self.scope is self._before or self._size > self.max_head_bytes:  # else it cannot be too long
            heads.measure(self.url, headers, self.max_head_bytes)
        if b"upgrade" in named and self.parser.should_upgrade():
            self._owed = heads.owed(named)
        self.loose = 0
        self.headers = NOWHERE  # as trailers are no headers
        heads.describe(self.scope, method, self.url, version)
        self._begin(named)

    def _begin(self, named: dict[bytes, bytes]) -> None:
        """Let the application answer, or wait for its turn: answers go out in the order of the requests.

        Raises:
            Overloaded: too many wait.
        """
        if self.deaf:  # an answer that was the last one left while this part of the connection's bytes was read
            return
        if len(self.pipeline) >= AHEAD:
            raise Overloaded(f"{AHEAD} requests of this connection wait already", headers={"Retry-After": "1"})
        call = Call()
        asked = heads.asked(self.scope, named, call.began)
        before = self.cycle
        keep = self.scope["http_version"] == "1.1" and self.parser.should_keep_alive()
        self.cycle = Cycle(
            scope=self.scope,
            transport=self._outlet,
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=False,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=b"expect" in named and named[b"expect"].lower() == b"100-continue",
            keep_alive=keep and not self.lifecycle.draining,
            on_response=self.on_response_complete,
        )
        self.scope["state"]["call"] = call
        if before is not None and not before.response_complete:
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, self.app))
            return
        if asked is None or self.intake is None or self.flow.write_paused:
            self.begin(self.cycle)
        else:
            self.intake.offer(asked, self.cycle, self)

    @property
    def crowd(self) -> int:
        """How many requests there can be at the same time at most: one for each connection."""
        return len(self.connections)

    def begin(self, cycle: Cycle) -> None:
        """Let the application answer."""
        self._start_asgi_task(cycle, self.app)

    def turn_away(self, cycle: Cycle, error: ServiceError) -> None:
        """Answer in its place. The body is still read, so that the connection can be kept."""
        if cycle.waiting_for_100_continue:  # and then it is not known whether there will be one
            cycle.keep_alive = False
        cycle.body.clear()
        scope: Any = cycle.scope
        cycle.answer(turned_away(error, scope, self.server_state.default_headers, close=not cycle.keep_alive))
        self._outlet.flush()  # for this, nobody is to wait

    def on_body(self, body: bytes) -> None:
        self.loose = 0
        cycle = self.cycle
        if cycle.response_complete:  # what comes after this body is still wanted
            return
        cycle.body += body
        if len(cycle.body) > HIGH_WATER_LIMIT:
            self.flow.pause_reading()
        cycle.message_event.set()

    def on_message_complete(self) -> None:
        if self._owed:
            return
        self.loose = 0
        self.cycle.more_body = False
        self.cycle.message_event.set()

    def on_response_complete(self) -> None:
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        if self.pipeline:
            Context().run(self._start_asgi_task, *self.pipeline.pop())  # not in the context of the one before
            return
        self.flow.resume_reading()
        if self._last is not None:
            self._answer(self._last)

    def eof_received(self) -> bool:  # type: ignore[override]
        """Nothing more comes. Whoever asked in full may still read the answers; the last one ends the connection.

        Returns:
            Whether to keep the connection until then.
        """
        self._outlet.flush()
        cycle = self.cycle
        if cycle is None or self.scheme == "https":  # TLS has no half of a connection
            return False
        if self._last is not None or (cycle.fault is not None and not cycle.response_complete):
            return True  # a refusal is on its way, and ends the connection
        if cycle.response_complete or cycle.more_body:
            return False
        cycle.keep_alive = False
        return True

    def refuse(self, error: ServiceError) -> None:
        """Read no more, and answer ``error`` when it is its turn."""
        self.deaf = True
        cycle = self.cycle
        if cycle is not None and cycle.more_body and self.scope is cycle.scope:
            cycle.fail(error)
            if cycle.response_complete:
                self.end()
        elif cycle is not None and not cycle.response_complete:
            self._last = error
        else:
            self._answer(error)

    def _answer(self, error: ServiceError) -> None:
        self.refused(error)
        self._outlet.write(refusal(error, self.client, self.server_state.default_headers))
        self.end()

    def close(self) -> None:
        """Close when what was answered is written."""
        self._outlet.flush()
        self.transport.close()

    def end(self) -> None:
        """Close; if the client may still be sending, a moment later, as otherwise it could not read its last answer."""
        self._outlet.flush()
        sending = self.deaf or self.cycle.more_body
        self.deaf = True
        self._last = None
        self.pipeline.clear()
        self.flow.resume_reading()
        if sending and self.transport.can_write_eof():
            self.transport.write_eof()
            self.loop.call_later(LINGER, self.transport.close)
        else:
            self.transport.close()
