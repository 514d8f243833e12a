"""Trails to look at: what the tests of the audit write, in their own process and in others."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any

import msgspec

from service.audit import Audit, Head, Keys, Options, create_keys, load_keys, load_public_keys, verify
from service.audit.keys import PublicKeys
from service.audit.report import Report
from service.call import Call
from service.metrics import Metrics

COMMIT = "c0ffee"
INPUT = b'{"rows":[{"age":41.25,"diagnosis":"not-for-the-trail"}]}'


class Trail:
    """A trail with its keys.

    Attributes:
        folder: the trail.
        heads: all heads that were handed to the log, in order.
        metrics: of all that was recorded here.
    """

    def __init__(self, home: Path) -> None:
        self.folder = home / "trail"
        self._signing, self._input = home / "signing.pem", home / "input.key"
        if not self._signing.exists():
            create_keys(self._signing, self._input)
        self.heads: list[Head] = []
        self.metrics = Metrics()

    @property
    def keys(self) -> Keys:
        return load_keys(self._signing, self._input)

    @cached_property
    def public(self) -> PublicKeys:
        return load_public_keys([self._signing.with_name("signing.pem.pub")])

    def audit(self, **changes: Any) -> Audit:
        """A writer of this trail; ``changes`` are options, and the clock."""
        clock = {"clock": changes.pop("clock")} if "clock" in changes else {}
        return Audit(self.folder, self.keys, COMMIT, self.metrics, Options(**changes), self.on_head, **clock)

    def on_head(self, head: Mapping[str, Any]) -> None:
        self.heads.append(msgspec.convert(head, Head))

    def write(self, ids: Iterable[str], **changes: Any) -> None:
        """Record some requests, each in a turn of its own, and close."""

        async def run() -> None:
            audit = self.audit(**changes)
            for name in ids:
                await audit.record(call(name), INPUT, [0.5])
            await audit.close()

        asyncio.run(run())

    def verify(self, *, expected: bool = False) -> Report:
        return verify(self.folder, self.public, self.heads if expected else ())

    def lines(self) -> list[dict[str, Any]]:
        """All lines of all writers; of two with one number the later counts, as the earlier is of a failed write."""
        found: dict[tuple[str, int], dict[str, Any]] = {}
        for file in sorted(self.folder.glob("[0-9]*/*.jsonl")):
            for line in file.read_bytes().splitlines(keepends=True):
                if line.endswith(b"\n"):
                    read = msgspec.json.decode(line)
                    found[file.parent.name, read["seq"]] = read
        return list(found.values())

    def ids(self) -> list[str]:
        """The requests that are recorded."""
        return [line["request"] for line in self.lines() if line["kind"] == "decision"]

    def failures(self, kind: str) -> float:
        return self.metrics.registry.get_sample_value("audit_failures_total", {"kind": kind}) or 0.0


def call(name: str) -> Call:
    """A request that was answered."""
    return Call(request_id=name, principal="tester", model="wine", version="3", digest="sha256:ab", rows=1)
