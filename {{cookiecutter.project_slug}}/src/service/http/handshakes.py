"""TLS connections, which count from when they are accepted; the event loop tells of them only once they have talked."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Callable
from contextlib import suppress

HANDSHAKE_SECONDS = 3.0
"""Time for a handshake: enough to send a lost packet anew, and little, as nothing is known yet of who takes it."""

RETRY_SECONDS = 1.0
"""How long nothing is accepted after that failed; tried again at once, it would keep the event loop busy."""


class Handshakes:
    """Accepts connections and lets them shake hands, so many at a time.

    Args:
        protocol: makes a connection's protocol, once it has shaken hands.
        context: the certificates.
        room: whether there is room for one more, beside so many that are shaking hands.
        refused: told of each connection that is closed unheard, as there is none.
        linger: time for a connection's end, in seconds.
        seconds: for a handshake, if that is less than usual.
    """

    def __init__(
        self,
        protocol: Callable[[], asyncio.Protocol],
        context: ssl.SSLContext,
        room: Callable[[int], bool],
        refused: Callable[[], None],
        *,
        linger: float,
        seconds: float,
    ) -> None:
        self._protocol = protocol
        self._context = context
        self._room = room
        self._refused = refused
        self._linger = linger
        self._seconds = min(HANDSHAKE_SECONDS, seconds)
        self._accepting: list[asyncio.Task[None]] = []
        self._shaking: set[asyncio.Task[None]] = set()

    def open(self, listener: socket.socket, backlog: int) -> None:
        """Accept from a bound socket, until closed."""
        listener.setblocking(False)
        listener.listen(backlog)
        self._accepting.append(asyncio.get_running_loop().create_task(self._accept(listener)))

    def close(self) -> None:
        """Accept no more."""
        for task in self._accepting:
            task.cancel()

    async def _accept(self, listener: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        with listener:
            while True:
                try:
                    sock, _ = await loop.sock_accept(listener)
                except ConnectionAbortedError:  # the other side has left already
                    continue
                except OSError:  # above all, no more files can be opened, which the metrics tell
                    await asyncio.sleep(RETRY_SECONDS)
                    continue
                if not self._room(len(self._shaking)):
                    sock.close()
                    self._refused()
                    continue
                shaking = loop.create_task(self._shake(sock))
                self._shaking.add(shaking)
                shaking.add_done_callback(self._shaking.discard)
                await asyncio.sleep(0)  # to accept may take no turn, and others are to have theirs

    async def _shake(self, sock: socket.socket) -> None:
        with suppress(OSError):  # it speaks no TLS, has no certificate, is too slow, or has left
            await asyncio.get_running_loop().connect_accepted_socket(
                self._protocol,
                sock,
                ssl=self._context,
                ssl_handshake_timeout=self._seconds,
                ssl_shutdown_timeout=self._linger,
            )
