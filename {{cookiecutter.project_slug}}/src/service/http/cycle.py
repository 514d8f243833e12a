"""One request and its answer."""

from __future__ import annotations

from uvicorn._types import ASGIReceiveEvent, ASGISendEvent, HTTPResponseStartEvent
from uvicorn.protocols.http.httptools_impl import HEADER_RE, STATUS_LINE, RequestResponseCycle

from service.errors import ServiceError
from service.http.outlet import Outlet

SPECIAL = frozenset({b"connection", b"transfer-encoding"})
"""Headers that change how an answer is sent."""

USUAL = frozenset(
    {
        b"date",
        b"content-type",
        b"x-request-id",
        b"x-content-type-options",
        b"cache-control",
        b"ratelimit",
        b"ratelimit-policy",
    }
)
"""Headers whose names need no look."""


class Cycle(RequestResponseCycle):
    """uvicorn's, whose request can turn out to be at fault while the application reads it, and whose answer leaves in
    one piece where it is whole.

    Attributes:
        fault: what is wrong with the request.
    """

    transport: Outlet  # type: ignore[assignment]
    fault: ServiceError | None = None
    _head: HTTPResponseStartEvent | None = None

    async def receive(self) -> ASGIReceiveEvent:
        """The next part of the body. To wait for it, the connection is read on; for nothing else.

        Raises:
            ServiceError: the request is at fault; the application answers this as it answers its own refusals.
        """
        if self.more_body:
            message = await super().receive()
            if self.fault is not None:
                raise self.fault
            return message
        if not self.disconnected and not self.response_complete:
            await self.message_event.wait()
            self.message_event.clear()
        if self.disconnected or self.response_complete:
            return {"type": "http.disconnect"}
        body, self.body = bytes(self.body), bytearray()
        return {"type": "http.request", "body": body, "more_body": False}

    def fail(self, fault: ServiceError) -> None:
        """Let the application find ``fault`` where it reads on, and its answer be the connection's last."""
        self.fault = fault
        self.keep_alive = False
        self.message_event.set()

    async def send(self, message: ASGISendEvent) -> None:
        """Take the next part of the answer. The head waits for the body, as two writes cost a second system call."""
        if message["type"] == "http.response.start" and not self.response_started:
            if self.waiting_for_100_continue and self.more_body:  # then it is not known whether there will be a body
                self.keep_alive = False
            self._head = message
            return
        head, self._head = self._head, None
        if head is not None:
            if message["type"] == "http.response.body" and not message.get("more_body", False):
                whole = self._whole(head, message.get("body", b""))
                if whole is not None and not self.flow.write_paused:
                    self.answer(whole)
                    return
            await super().send(head)
        await super().send(message)

    def _whole(self, head: HTTPResponseStartEvent, body: bytes) -> bytes | None:
        """The whole answer as it goes out; None if there is anything unusual about it."""
        parts = [STATUS_LINE[head["status"]]]
        length = -1
        for name, value in (*self.default_headers, *head["headers"]):
            if name == b"content-length":
                length = int(value)
            elif name not in USUAL and (name in SPECIAL or name != name.lower() or HEADER_RE.search(name)):
                return None
            parts += (name, b": ", value, b"\r\n")
        if length != len(body) or self.scope["method"] == "HEAD" or not self.keep_alive:
            return None
        parts.append(b"\r\n")
        text = b"".join(parts)
        lines = len(parts) // 4 + 2
        if text.count(b"\n") != lines or text.count(b"\r") != lines or b"\0" in text:
            return None  # somebody tries to add headers by a value; uvicorn refuses that
        return text + body

    def answer(self, whole: bytes) -> None:
        """Send a whole answer, as it goes out."""
        if self.disconnected:
            return
        self.response_started = self.response_complete = True
        self.waiting_for_100_continue = False
        self.transport.write_soon(whole)
        self.message_event.set()
        if not self.keep_alive:
            self.transport.close()
        self.on_response()
