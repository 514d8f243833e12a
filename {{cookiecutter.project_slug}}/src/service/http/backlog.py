"""Closing a listening socket without breaking off connections that the kernel has accepted for it."""

from __future__ import annotations

import asyncio
import ctypes
import logging
import select
import socket
import struct
import sys
from collections.abc import Sequence

log = logging.getLogger("service.http")
HANDSHAKE_SECONDS = 0.1
SO_ATTACH_FILTER = 26
FLAGS, SYN, SYN_ACK = 13, 0x02, 0x12
DROP_NEW = (
    (0x30, 0, 0, FLAGS),  # load the byte of flags in the TCP header
    (0x54, 0, 0, SYN_ACK),  # of these two
    (0x15, 0, 1, SYN),  # SYN alone begins a connection:
    (0x06, 0, 0, 0),  # drop it
    (0x06, 0, 0, 0xFFFF),  # let everything else pass
)
"""A classic BPF program, as (code, jump if true, jump if false, operand)."""


async def accept_rest(sockets: Sequence[socket.socket], *, last: bool, seconds: float) -> None:
    """Give the event loop time to accept what the kernel has accepted; then the sockets can be closed.

    Args:
        sockets: listening sockets that the event loop accepts from.
        last: whether no other process accepts from them, so that nobody new is to get in meanwhile.
        seconds: the most to wait.
    """
    if last:
        for listener in sockets:
            admit_no_more(listener)
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    await asyncio.sleep(HANDSHAKE_SECONDS)
    while select.select(sockets, [], [], 0)[0] and loop.time() < end:
        await asyncio.sleep(0)


def admit_no_more(listener: socket.socket) -> None:
    """Let no new connection begin, but those that have begun come to be. Linux only; elsewhere nothing changes.

    Who is kept out hears nothing, asks again after a second, and is refused then, as the socket is closed by that time.
    """
    if sys.platform != "linux":
        return
    program = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in DROP_NEW))
    try:
        listener.setsockopt(
            socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HP", len(DROP_NEW), ctypes.addressof(program))
        )
    except OSError as error:  # a sandbox may know no filters
        log.warning("connections that begin now may be reset", extra={"reason": str(error)})
