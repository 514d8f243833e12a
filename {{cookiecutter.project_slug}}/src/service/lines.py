"""Whole lines to standard output, whatever is at its other end."""

from __future__ import annotations

import os
import select
import stat
import threading
import time
from datetime import UTC, datetime

import msgspec


class Lines:
    """Writes whole lines to a file descriptor, from any thread; never raises, waits, or keeps more than a limit.

    A log must not hold up what it tells of. When nobody reads, lines are kept up to the limit; those beyond it are
    dropped and counted, and a line tells how many once there is room again. Up to ``select.PIPE_BUF`` bytes are
    written at once, always to the end of a line: so much goes into a pipe whole or not at all, whoever else writes to
    it. A longer line goes alone; another process's line can stand inside it only when the pipe is full.

    Args:
        fd: where to.
        limit: the most to keep for a slow reader, in bytes.
    """

    def __init__(self, fd: int = 1, limit: int = 1 << 20) -> None:
        self._fd = fd
        self._limit = limit
        self._own: int | None = None
        self._kept = bytearray()
        self._dropped = 0
        self._flushing = False
        self._lock = threading.RLock()  # as a garbage collection in here may end in a log line

    def add(self, lines: bytes) -> None:
        """Keep lines, each with its newline, for the next flush."""
        with self._lock:
            if len(self._kept) + len(lines) > self._limit:
                self._dropped += lines.count(b"\n")
            else:
                self._kept += lines

    def flush(self) -> bool:
        """Write what can be written without waiting; returns whether nothing is left."""
        with self._lock:
            if self._flushing:
                return False
            self._flushing = True
            try:
                while self._kept and self._write():
                    pass
            finally:
                self._flushing = False
            return not self._kept

    def close(self, seconds: float = 1.0) -> None:
        """Write what is left, but wait no longer than so many seconds for a reader, and let go of the descriptor."""
        end = time.monotonic() + seconds
        while not self.flush() and (left := end - time.monotonic()) > 0:
            select.select([], [self._target()], [], left)
        with self._lock:
            if self._own is not None:
                os.close(self._own)
                self._own = None

    def _write(self) -> bool:
        """Write once; returns whether to go on."""
        try:
            target = self._target()
            if self._own is None and not select.select([], [target], [], 0)[1]:
                return False
            written = os.write(target, self._piece())
        except BlockingIOError:
            return False
        except OSError:  # closed, or the disk is full: nobody gets these
            self._dropped += self._kept.count(b"\n")
            self._kept.clear()
            return False
        del self._kept[:written]
        if self._dropped and len(self._kept) < self._limit // 2:
            self._kept += _told(self._dropped)
            self._dropped = 0
        return True

    def _piece(self) -> bytes:
        end = self._kept.rfind(b"\n", 0, select.PIPE_BUF) + 1
        if not end:
            end = select.PIPE_BUF if self._own is None else self._kept.find(b"\n") + 1
        return bytes(self._kept[:end])

    def _target(self) -> int:
        """A pipe is opened anew, as ``O_NONBLOCK`` on the descriptor we were given would reach all that share it.

        What cannot be opened anew (a terminal, a socket, another system than Linux) is asked before each write.
        """
        if self._own is None:
            try:
                if stat.S_ISFIFO(os.fstat(self._fd).st_mode):
                    self._own = os.open(f"/proc/self/fd/{self._fd}", os.O_WRONLY | os.O_NONBLOCK)
            except OSError:
                return self._fd
        return self._fd if self._own is None else self._own


def _told(dropped: int) -> bytes:
    line = {
        "timestamp": datetime.now(UTC),
        "level": "WARNING",
        "logger": __name__,
        "message": "log lines dropped: standard output was not read",
        "dropped": dropped,
    }
    return msgspec.json.encode(line) + b"\n"
