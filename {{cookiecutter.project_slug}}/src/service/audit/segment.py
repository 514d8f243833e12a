"""One file of a trail: groups of lines are appended whole or not at all."""

from __future__ import annotations

import errno
import os
from pathlib import Path

SUFFIX = ".jsonl"


def segment_name(number: int) -> str:
    """The file of a writer's segment, numbered from 1."""
    return f"{number:06d}{SUFFIX}"


class Segment:
    """A file open for appending.

    Args:
        path: an empty file is made there.

    Attributes:
        size: how many bytes of it are whole groups.
        torn: whether half a group follows them, because it could not be cut off.

    Raises:
        OSError: the file cannot be made.
    """

    def __init__(self, path: Path) -> None:
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_APPEND | os.O_CLOEXEC
        self._handle = os.open(path, flags, 0o640)
        self.size = 0
        self.torn = False

    def append(self, data: bytes) -> None:
        """Write all of it.

        Raises:
            OSError: none of it was written; or, if the segment is torn now, some was.
        """
        try:
            _write_all(self._handle, data)
        except OSError:
            self._cut()
            raise
        self.size += len(data)

    def sync(self) -> None:
        """Force onto the disk what was written."""
        os.fsync(self._handle)

    def close(self) -> None:
        """Let go of the file; appending fails from now on."""
        handle, self._handle = self._handle, -1
        if handle >= 0:
            os.close(handle)

    def _cut(self) -> None:
        try:
            os.ftruncate(self._handle, self.size)
        except OSError:
            self.torn = True


def _write_all(handle: int, data: bytes) -> None:
    written = os.write(handle, data)
    while written < len(data):  # a disk that fills up takes a part first and refuses the rest
        more = os.write(handle, data[written:])
        if more == 0:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        written += more
