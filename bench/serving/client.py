"""A client that notes the time of each request: for latencies over time, loads of a fixed rate, and right answers.

wrk measures throughput; this one tells what happened to whom, and when. It speaks just enough HTTP/1.1.
"""

from __future__ import annotations

import select
import socket
import time
from array import array
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field


def clock() -> float:
    """Seconds; all times in this module are of this clock."""
    return time.perf_counter()


@dataclass
class Outcome:
    """What became of each request, in the order of the answers.

    Attributes:
        due: when it was to be sent, in seconds.
        sent: when it was sent.
        done: when its answer had arrived.
        status: the answer's status; 0 for a connection that broke.
        left: requests that were due and never sent, as every connection was waiting.
    """

    due: array[float] = field(default_factory=lambda: array("d"))
    sent: array[float] = field(default_factory=lambda: array("d"))
    done: array[float] = field(default_factory=lambda: array("d"))
    status: array[int] = field(default_factory=lambda: array("h"))
    left: int = 0

    def note(self, connection: Connection, status: int) -> None:
        """Write down what a connection's request came to."""
        self.due.append(connection.due)
        self.sent.append(connection.sent)
        self.done.append(clock())
        self.status.append(status)
        connection.sent = 0.0


SEND_BUFFER = 1 << 18
"""Bytes that the kernel takes at once, more than the largest request: whoever waited for one server to read would note
the answers of all the others too late."""


class Connection:
    """A connection on which one request at a time is under way."""

    __slots__ = ("buffer", "closing", "due", "sent", "socket")

    def __init__(self, port: int) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port), timeout=10)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
        self.buffer = b""
        self.closing = False
        self.due = self.sent = 0.0

    def send(self, request: bytes, due: float) -> None:
        self.due, self.sent, self.buffer = due, clock(), b""
        self.socket.sendall(request)

    def receive(self) -> int | None:
        """The status once the answer is complete; 0 if the server hung up; None while more is to come."""
        try:
            data = self.socket.recv(262_144)
        except OSError:
            return 0
        if not data:
            return 0
        self.buffer = self.buffer + data if self.buffer else data
        return int(self.buffer[9:12]) if self._complete() else None

    def _complete(self) -> bool:
        head, found, body = self.buffer.partition(b"\r\n\r\n")
        if not found:
            return False
        head = head.lower()
        self.closing = b"\r\nconnection: close" in head
        at = head.find(b"\r\ncontent-length:")
        if at >= 0:
            return len(body) >= int(head[at + 17 : at + 27].split(b"\r", 1)[0])
        return b"\r\ntransfer-encoding: chunked" in head and body.endswith(b"0\r\n\r\n")


class Client:
    """Sends requests in turn over a number of connections.

    Args:
        port: of the server, on this machine.
        requests: whole HTTP requests.
        connections: how many.
    """

    def __init__(self, port: int, requests: Sequence[bytes], connections: int) -> None:
        self.port, self.requests, self.turn = port, requests, 0
        self.poll = select.epoll()
        self.idle: deque[Connection] = deque()
        self.all: dict[int, Connection] = {}
        for _ in range(connections):
            self._connect()

    def run(self, seconds: float, rate: float | None = None) -> Outcome:
        """Load for so long.

        Args:
            seconds: how long.
            rate: requests a second, sent when due whether or not earlier ones were answered; None sends the next as
                soon as a connection is free.
        """
        outcome = Outcome()
        began = now = clock()
        count = 0
        while now < began + seconds:
            due = began + count / rate if rate else now
            while due <= now and self.idle:
                self._send(due)
                count += 1
                due = began + count / rate if rate else now
            self._collect(outcome, timeout=max(0.0, due - clock()) if rate and self.idle else 0.1)
            now = clock()
        if rate:
            outcome.left = max(0, int(seconds * rate) - count)
        self._drain(outcome)
        return outcome

    def close(self) -> None:
        for connection in self.all.values():
            connection.socket.close()
        self.poll.close()

    def _connect(self) -> None:
        connection = Connection(self.port)
        self.all[connection.socket.fileno()] = connection
        self.poll.register(connection.socket.fileno(), select.EPOLLIN)
        self.idle.append(connection)

    def _send(self, due: float) -> None:
        self.turn = (self.turn + 1) % len(self.requests)
        self.idle.popleft().send(self.requests[self.turn], due)

    def _collect(self, outcome: Outcome, timeout: float) -> None:
        """Take the answers that have come, or the first that come within so many seconds.

        Waits asleep, as the server works on the same cores; by ``select``, as ``epoll`` would round up to milliseconds.
        """
        select.select([self.poll], [], [], timeout)
        for descriptor, _ in self.poll.poll(0):
            connection = self.all[descriptor]
            status = connection.receive()
            if status is None:
                continue
            if connection.sent:
                outcome.note(connection, status)
                self.idle.append(connection)
            if status == 0 or connection.closing:
                self._replace(descriptor)

    def _replace(self, descriptor: int) -> None:
        old = self.all.pop(descriptor)
        self.poll.unregister(descriptor)
        if old in self.idle:
            self.idle.remove(old)
        old.socket.close()
        self._connect()

    def _drain(self, outcome: Outcome, seconds: float = 5) -> None:
        deadline = clock() + seconds
        while len(self.idle) < len(self.all) and clock() < deadline:
            self._collect(outcome, 0.1)
        for descriptor, connection in list(self.all.items()):
            if connection.sent:
                outcome.note(connection, 0)
                self._replace(descriptor)


def request(path: str, headers: dict[str, str], body: bytes) -> bytes:
    """A whole HTTP request."""
    lines = [f"POST {path} HTTP/1.1", "Host: 127.0.0.1", "Content-Type: application/json"]
    lines += [f"{name}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, f"Content-Length: {len(body)}", "", ""]).encode() + body
