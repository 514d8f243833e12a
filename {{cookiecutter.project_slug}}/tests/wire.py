"""HTTP byte for byte: what no client library would send, and the answers as they come."""

from __future__ import annotations

import asyncio
import json
import select
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

from starlette.types import Receive, Scope, Send

from service.errors import ServiceError
from service.http.protocol import Bounds
from service.http.server import Hooks, Server
from service.lifecycle import Lifecycle

CONTEXT: ContextVar[str] = ContextVar("CONTEXT")
SECONDS = 10.0
"""How long to wait for what must come."""


@dataclass(frozen=True)
class Answer:
    """One answer."""

    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


class Wire:
    """One connection to 127.0.0.1."""

    def __init__(self, port: int, context: ssl.SSLContext | None = None) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=SECONDS)
        if context is not None:
            self.socket = context.wrap_socket(self.socket, server_hostname="localhost")
        self._file = self.socket.makefile("rb")

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def get(self, path: str, headers: str = "") -> Answer:
        self.send(f"GET {path} HTTP/1.1\r\nHost: a\r\n{headers}\r\n".encode())
        return self.answer()

    def answer(self) -> Answer:
        """The next answer. EOFError: there is none."""
        line = self._file.readline()
        if not line:
            raise EOFError
        status = int(line.split()[1])
        headers = {}
        while line := self._file.readline().strip():
            name, _, value = line.decode("latin-1").partition(": ")
            headers[name.lower()] = value
        if status == 100:
            return Answer(status, headers, b"")
        return Answer(status, headers, self._file.read(int(headers["content-length"])))

    def readable(self) -> bool:
        """Whether something has come already."""
        return bool(select.select([self.socket], [], [], 0)[0])

    def rest(self) -> bytes:
        """All that comes until the other side closes."""
        return self._file.read()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        self.socket.close()


@dataclass
class Echo:
    """Says what it was asked. ``/slow`` waits until it may go on; ``/refuse`` does not read the body.

    Attributes:
        seen: the requests, in the order in which it began with them.
        begun: set when ``/slow`` has been asked.
        going: lets ``/slow`` go on.
    """

    seen: list[str] = field(default_factory=list)
    begun: threading.Event = field(default_factory=threading.Event)
    going: threading.Event = field(default_factory=threading.Event)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await receive()
            await send({"type": "lifespan.startup.complete"})
            await receive()
            await send({"type": "lifespan.shutdown.complete"})
            return
        self.seen.append(f"{scope['method']} {scope['path']}")
        try:
            status, body = 200, await self._say(scope, receive)
        except ServiceError as error:
            status, body = error.status, {"detail": error.detail}
        content = json.dumps(body).encode()
        head = [(b"content-length", str(len(content)).encode())]
        await send({"type": "http.response.start", "status": status, "headers": head})
        await send({"type": "http.response.body", "body": content})

    async def _say(self, scope: Scope, receive: Receive) -> Any:
        if scope["path"] == "/refuse":
            return "not read"
        if scope["path"] == "/slow":
            self.begun.set()
            await asyncio.to_thread(self.going.wait, SECONDS)
        body = b""
        while True:
            message = await receive()
            body += message.get("body", b"")
            if not message.get("more_body"):
                break
        context, _ = CONTEXT.get(None), CONTEXT.set(scope["path"])
        names = [name.decode() for name, _ in scope["headers"]]
        return {
            "method": scope["method"],
            "path": scope["path"],
            "names": names,
            "body": body.decode(),
            "context": context,
        }


@dataclass
class Listening:
    """A running server.

    Attributes:
        port: where it accepts connections.
        echo: what answers.
        server: the server.
        lifecycle: of the server; draining ends it.
        refused: what it refused by itself.
    """

    port: int
    echo: Echo
    server: Server
    lifecycle: Lifecycle
    refused: list[ServiceError]
    thread: threading.Thread

    def wire(self) -> Wire:
        return Wire(self.port)


@contextmanager
def listening(bounds: Bounds | None = None, app: Any = None, **options: Any) -> Iterator[Listening]:
    """Run the server with an application, or else with :class:`Echo`, in a thread."""
    listener = socket.create_server(("127.0.0.1", 0))
    port = listener.getsockname()[1]
    lifecycle, echo, refused = Lifecycle(), Echo(), list[ServiceError]()
    accepting = threading.Event()
    hooks = Hooks(ready=accepting.set, refused=refused.append)
    server = Server(app or echo, lifecycle, bounds or Bounds(), hooks=hooks, **{"grace_seconds": SECONDS, **options})
    thread = threading.Thread(target=server.run, args=([listener],), daemon=True)
    thread.start()
    assert accepting.wait(SECONDS)
    try:
        yield Listening(port, echo, server, lifecycle, refused, thread)
    finally:
        echo.going.set()
        lifecycle.draining = True
        thread.join(SECONDS)
        assert not thread.is_alive()
