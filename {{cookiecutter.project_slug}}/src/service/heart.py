"""How a supervisor and its workers know of each other: over a pair of sockets."""

from __future__ import annotations

import contextlib
import signal
import socket
import time

READY, ALIVE, ALL = b"r", b".", b"a"


class Heart:
    """A worker's end: tells the supervisor that this process lives, and this process when the supervisor does not.

    Args:
        connection: one of a pair of sockets.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        connection.setblocking(False)

    def ready(self) -> None:
        """Say that connections are accepted."""
        self._send(READY)

    def beat(self) -> None:
        """Say that the event loop turns. If nobody listens any more, end: nobody would replace this process either."""
        self._send(ALIVE)

    def all_end(self) -> bool:
        """Whether all workers were told to end, and not only this one."""
        try:
            return ALL in self._connection.recv(16)
        except OSError:
            return False

    def _send(self, message: bytes) -> None:
        try:
            self._connection.send(message)
        except BlockingIOError:  # held up; it has enough to hear
            pass
        except OSError:
            signal.raise_signal(signal.SIGTERM)


class Stethoscope:
    """The supervisor's end.

    Args:
        connection: the other one of the pair.

    Attributes:
        ready: whether the worker has said that it accepts connections.
        heard: when it was heard last, by ``time.monotonic``.
    """

    def __init__(self, connection: socket.socket) -> None:
        self.connection = connection
        connection.setblocking(False)
        self.ready = False
        self.heard = time.monotonic()

    def tell_all_end(self) -> None:
        """Say that all workers are about to be told to end."""
        with contextlib.suppress(OSError):
            self.connection.send(ALL)

    def listen(self) -> None:
        """Note what the worker has said."""
        try:
            said = self.connection.recv(4096)
        except (BlockingIOError, ConnectionError):
            return
        if said:
            self.heard = time.monotonic()
            self.ready = self.ready or READY in said
