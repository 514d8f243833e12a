"""uvicorn's server, which ends so that nobody notices."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import socket
import ssl
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from types import FrameType

import uvicorn
from starlette.types import ASGIApp
from uvicorn.config import STARTUP_FAILURE

from service.errors import Overloaded, ServiceError
from service.http.backlog import accept_rest
from service.http.handshakes import Handshakes
from service.http.outlet import Outbox
from service.http.protocol import Bounds, Protocol
from service.http.strict import LINGER
from service.intake import Intake
from service.lifecycle import Lifecycle
from service.tls import Tls

log = logging.getLogger("service")
FLUSH_SECONDS = 5.0
"""Time for the application to write down what it still holds when it ends."""
ACCEPTED = 16
"""New connections that one turn of the event loop lets in; so few that workers who share a socket share these, too."""


def nothing() -> None:
    """Nothing is to be done."""


@dataclass(frozen=True)
class Hooks:
    """What else is done, and when.

    Attributes:
        ready: once connections are accepted.
        second: about every second.
        refused: for each request that is refused without the application.
        last: asked at the end: whether no other process goes on accepting from the same socket.
    """

    ready: Callable[[], None] = nothing
    second: Callable[[], None] = nothing
    refused: Callable[[ServiceError], None] = field(default=lambda _: None)
    last: Callable[[], bool] = field(default=lambda: True)


def several(listener: socket.socket) -> list[socket.socket]:
    """A listening socket as often as one turn of the event loop is to accept from it.

    libuv, and so uvloop, accepts one connection from each in a turn (libuv pull request 3696). Under load a turn takes
    long, and those who come new, health checks among them, would wait for as many turns as there are before them.
    """
    return [listener, *(listener.dup() for _ in range(ACCEPTED - 1))]


class Server(uvicorn.Server):
    """Serves one application. SIGTERM or SIGINT end it; a second SIGINT, at once.

    It ends in steps: it is draining, and still accepts, for as long as load balancers need to notice; then it accepts
    no more, and finishes what it was asked; then the application writes down what it holds.

    Args:
        app: an ASGI application with a lifespan.
        lifecycle: where it says that it is draining.
        bounds: of each connection.
        intake: lets requests for predictions in; without one, all are begun at once.
        tls: certificates; None for plain HTTP.
        drain_seconds: how long it drains.
        grace_seconds: how long requests in flight then have.
        hooks: what else is done.
    """

    def __init__(
        self,
        app: ASGIApp,
        lifecycle: Lifecycle,
        bounds: Bounds,
        *,
        intake: Intake | None = None,
        tls: Tls | None = None,
        drain_seconds: float = 0.0,
        grace_seconds: float = 20.0,
        hooks: Hooks | None = None,
    ) -> None:
        config = uvicorn.Config(
            app,
            interface="asgi3",
            lifespan="on",
            ws="none",
            log_config=None,
            log_level="warning",  # its lines are about steps that ours name, too
            access_log=False,
            server_header=False,
            proxy_headers=False,
        )
        super().__init__(config)
        self._lifecycle = lifecycle
        self._bounds = bounds
        self._intake = intake
        self._tls = tls
        self._drain_seconds = drain_seconds
        self._grace_seconds = grace_seconds
        self._hooks = hooks or Hooks()
        self._drained: float | None = None
        self._handshakes: Handshakes | None = None

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """Begin to end; end at once when a person asks twice."""
        if self._lifecycle.draining and sig == signal.SIGINT:
            os._exit(130)
        self._lifecycle.draining = True

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start the application, then accept connections."""
        await self.lifespan.startup()
        if self.lifespan.should_exit:
            sys.exit(STARTUP_FAILURE)
        loop = asyncio.get_running_loop()
        protocol = partial(
            Protocol,
            self.config,
            self.server_state,
            self.lifespan.state,
            bounds=self._bounds,
            lifecycle=self._lifecycle,
            refused=self._hooks.refused,
            intake=self._intake,
            outbox=Outbox(loop),
        )
        listeners = [one for sock in sockets or [] for one in several(sock)]
        if self._tls:
            self._handshakes = self._over_tls(protocol, self._tls.context)
            for one in listeners:
                self._handshakes.open(one, self.config.backlog)
            listeners = []
        self.servers = [await loop.create_server(protocol, sock=one, backlog=self.config.backlog) for one in listeners]
        self.started = True
        self._hooks.ready()
        self._look_around(loop, min(1.0, self._bounds.receive_seconds / 4))

    def _over_tls(self, protocol: Callable[[], Protocol], context: ssl.SSLContext) -> Handshakes:
        """A few more are let in than there may be, so that who then asks is told why not."""
        most, connections = self._bounds.max_connections + ACCEPTED, self.server_state.connections
        return Handshakes(
            protocol,
            context,
            lambda shaking: shaking + len(connections) < most,
            lambda: self._hooks.refused(Overloaded("all connections are taken")),
            linger=LINGER,
            seconds=self._bounds.receive_seconds,
        )

    def _look_around(self, loop: asyncio.AbstractEventLoop, period: float) -> None:
        """Every so many seconds, to the end."""
        loop.call_later(period, self._look_around, loop, period)
        for connection in self._connections():
            connection.sweep(loop.time())
        if self._tls:
            self._tls.refresh()
        self._hooks.second()

    def _connections(self) -> list[Protocol]:
        return [connection for connection in self.server_state.connections if isinstance(connection, Protocol)]

    async def on_tick(self, counter: int) -> bool:
        """Ten times a second; returns whether to stop accepting."""
        await super().on_tick(counter)
        if not self._lifecycle.draining:
            return False
        now = asyncio.get_running_loop().time()
        if self._drained is None:
            log.info("draining", extra={"seconds": self._drain_seconds})
            self._drained = now + self._drain_seconds
            for connection in self._connections():
                connection.finish()
        return now >= self._drained

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Accept no more, finish, and let the application end."""
        await accept_rest(sockets or [], last=self._hooks.last(), seconds=LINGER)
        await asyncio.sleep(0)  # what was accepted last is taken over from the event loop
        if self._handshakes:
            self._handshakes.close()
        for server in self.servers:
            server.close()
        for sock in sockets or []:
            sock.close()
        for connection in self._connections():
            connection.shutdown()
        finished = await self._finished()
        try:
            await asyncio.wait_for(self.lifespan.shutdown(), FLUSH_SECONDS)
        except TimeoutError:
            log.error("the application did not end in time", extra={"seconds": FLUSH_SECONDS})
            finished = False
        log.info("stopped")
        if not finished:  # a thread that still computes would keep the process from ending
            logging.shutdown()
            os._exit(1)

    async def _finished(self) -> bool:
        """Wait until all requests are answered; returns whether they were, within the grace period."""
        loop = asyncio.get_running_loop()
        end = loop.time() + self._grace_seconds
        state = self.server_state
        await asyncio.sleep(0.1)
        while state.connections or state.tasks:
            if loop.time() >= end:
                log.error("requests cut off", extra={"requests": len(state.tasks), "seconds": self._grace_seconds})
                for task in list(state.tasks):
                    task.cancel()
                return False
            await asyncio.sleep(0.05)
        return True
