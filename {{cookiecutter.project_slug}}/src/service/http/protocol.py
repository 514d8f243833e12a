"""The HTTP that the service speaks: strict, and bounded in time, size and number of connections."""

from __future__ import annotations

import asyncio
import enum
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from uvicorn.config import Config
from uvicorn.server import ServerState

from service.errors import Overloaded, RequestTimeout, ServiceError
from service.http.outlet import Outbox
from service.http.strict import LINGER, StrictProtocol
from service.intake import Intake
from service.lifecycle import Lifecycle


@dataclass(frozen=True, slots=True)
class Bounds:
    """What the other side of a connection is allowed.

    Attributes:
        receive_seconds: for a request to arrive whole; and without reading on in an answer.
        keep_alive_seconds: between two requests.
        max_head_bytes: of a request line with its headers.
        max_connections: at the same time.
    """

    receive_seconds: float = 10.0
    keep_alive_seconds: float = 75.0
    max_head_bytes: int = 32_768
    max_connections: int = 2_000


class Turn(enum.Enum):
    """Whose turn it is on a connection."""

    SERVER = "to answer"
    CLIENT = "to send what is missing of a request"
    READER = "to read an answer"
    NOBODY = "until the next request"


class Protocol(StrictProtocol):
    """One connection, within bounds.

    A request costs no timer: :meth:`sweep` looks at each connection every so often, and at how long it has not moved.

    Args:
        config, server_state, app_state, _loop: as uvicorn gives them.
        bounds: what is allowed.
        lifecycle: when it is draining, every answer is the last one of its connection.
        refused: told of what is refused without the application.
        intake: lets requests for predictions in.
        outbox: shared by all connections.
    """

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
        *,
        bounds: Bounds,
        lifecycle: Lifecycle,
        refused: Callable[[ServiceError], None] = lambda _: None,
        intake: Intake | None = None,
        outbox: Outbox,
    ) -> None:
        super().__init__(
            config,
            server_state,
            app_state,
            _loop,
            lifecycle=lifecycle,
            max_head_bytes=bounds.max_head_bytes,
            refused=refused,
            intake=intake,
            outbox=outbox,
        )
        self.bounds = bounds
        self._state: tuple[Turn, int] | None = None
        self._request: Any = None
        self._since = 0.0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        if len(self.connections) > self.bounds.max_connections:
            self.connections.discard(self)
            self.refuse(Overloaded("all connections are taken", headers={"Retry-After": "1"}))

    @property
    def turn(self) -> Turn:
        """Whose turn it is."""
        cycle = self.cycle
        if self.transport.is_closing() or self.flow.write_paused:
            return Turn.READER
        if self.pipeline or self.flow.read_paused:
            return Turn.SERVER
        answered = cycle is None or cycle.response_complete
        if not answered and (cycle.waiting_for_100_continue or not cycle.more_body):
            return Turn.SERVER
        begun = self.loose or self.scope is None or cycle is None or self.scope is not cycle.scope
        return Turn.CLIENT if begun or cycle.more_body else Turn.NOBODY

    def sweep(self, now: float) -> None:
        """End the connection if its client has kept it waiting for too long.

        Args:
            now: a clock's seconds.
        """
        turn = self.turn
        state = turn, self.transport.get_write_buffer_size()
        if state != self._state or self.scope is not self._request:
            self._state, self._request, self._since = state, self.scope, now
            return
        waited = now - self._since
        if turn is Turn.NOBODY and waited > self.bounds.keep_alive_seconds:
            self.close()
        elif turn is Turn.READER and waited > self.bounds.receive_seconds:
            self.transport.abort()
        elif turn is Turn.CLIENT and waited > self.bounds.receive_seconds and not self.deaf:
            self._time_out()

    def _time_out(self) -> None:
        cycle = self.cycle
        if self.scope is None or (cycle is not None and self.scope is cycle.scope and not cycle.more_body):
            self.close()  # nothing was asked, so there is nothing to answer
        else:
            self.refuse(RequestTimeout(f"the request did not arrive within {self.bounds.receive_seconds:g} seconds"))

    def finish(self) -> None:
        """Make the answer that is being made the last one of this connection."""
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.keep_alive = False

    def shutdown(self) -> None:
        """End as soon as nobody waits for an answer, as far as one can tell."""
        self.finish()
        if self.turn is Turn.NOBODY:
            self.close()
        elif self.scope is None:  # just opened: a request may be on its way
            self.loop.call_later(LINGER, self._leave)

    def _leave(self) -> None:
        if self.scope is None:
            self.close()
