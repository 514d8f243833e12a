"""The signed head of a chain: up to which line it stood at a time, so that a shorter or another chain is noticed."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Iterator

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from service.audit.keys import PublicKeys, key_id
from service.audit.record import Count

HEAD = "HEAD"
LOGGED = "audit_head"
"""The field of a log line under which a head is logged."""

DOMAIN = b"audit head, version 1\n"
"""Goes before what is signed, so that a signature made for another purpose never counts as a head."""


class Head(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The last line of a chain at some time.

    Attributes:
        writer: whose chain it is.
        segment: number of the segment that the line is in.
        seq: number of the line.
        hash: SHA-256 of the line, in hex.
        time: when this was signed (RFC 3339, UTC).
        closed: whether the writer ended in good order, so that no line can follow.
        key: which key signed, by its id.
        signature: Ed25519 over all of the above, in base64.
    """

    writer: str
    segment: Count
    seq: Count
    hash: str
    time: str
    closed: bool
    key: str
    signature: str = ""

    def signed(self, key: Ed25519PrivateKey) -> Head:
        """The same head with its signature."""
        named = msgspec.structs.replace(self, key=key_id(key.public_key()))
        return msgspec.structs.replace(named, signature=base64.b64encode(key.sign(named._payload())).decode())

    def problem(self, keys: PublicKeys) -> str:
        """Why the signature does not count; empty if it does."""
        key = keys.get(self.key)
        if key is None:
            return f"signed with key {self.key!r}, which is none of those that count: {', '.join(keys) or 'none'}"
        try:
            signature = base64.b64decode(self.signature, validate=True)
            if base64.b64encode(signature).decode() != self.signature:  # its last letter has bits that say nothing
                return "the signature is spelled otherwise than it is written"
            key.verify(signature, self._payload())
        except (InvalidSignature, ValueError):
            return "the signature does not fit what it signs"
        return ""

    def to_bytes(self) -> bytes:
        """The file ``HEAD``; the inverse of :meth:`from_bytes`."""
        return msgspec.json.encode(self) + b"\n"

    @classmethod
    def from_bytes(cls, data: bytes) -> Head:
        """Read what :meth:`to_bytes` wrote.

        Raises:
            ValueError: the data is not exactly that.
        """
        head = msgspec.json.decode(data, type=cls)
        if head.to_bytes() != data:
            raise ValueError("spelled otherwise than it is written")
        return head

    def _payload(self) -> bytes:
        return DOMAIN + msgspec.json.encode(msgspec.structs.replace(self, signature=""))


class _LogLine(msgspec.Struct):
    audit_head: Head | None = None


def heads_in(lines: Iterable[bytes]) -> Iterator[Head]:
    """The heads in a log of JSON lines (field ``audit_head``), or in files ``HEAD`` that were kept elsewhere.

    Whatever a log collector puts before the JSON is skipped.

    Raises:
        ValueError: a line that should hold a head does not.
    """
    for line in lines:
        if LOGGED.encode() in line:
            head = msgspec.json.decode(line[line.find(b"{") :], type=_LogLine).audit_head
            if head is not None:
                yield head
        elif line.startswith(b'{"writer":'):
            yield Head.from_bytes(line)
