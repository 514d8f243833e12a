"""The hash chain: a line cannot be changed, dropped, added or moved without breaking the line after it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256

START = b"0" * 64
"""Stands for the hash of the line before the first."""


@dataclass(frozen=True, slots=True)
class Chain:
    """How far a chain has come.

    Attributes:
        seq: number of its last line, from 1; 0 before the first.
        hash: SHA-256 of that line, in hex.
    """

    seq: int = 0
    hash: bytes = START

    def extend(self, contents: Iterable[bytes]) -> tuple[Chain, bytes]:
        """Number JSON objects and tie each to the one before.

        Returns:
            The chain after them, and their lines.
        """
        seq, hash, lines = self.seq, self.hash, []
        for content in contents:
            seq += 1
            line = b"".join((b'{"seq":', str(seq).encode(), b',"prev":"', hash, b'",', content[1:], b"\n"))
            hash = line_hash(line)
            lines.append(line)
        return Chain(seq, hash), b"".join(lines)


def line_hash(line: bytes) -> bytes:
    """What the next line carries of this one, whose newline counts."""
    return sha256(line).hexdigest().encode()
