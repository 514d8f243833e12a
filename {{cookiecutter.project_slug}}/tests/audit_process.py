"""A process that records, to be killed or to run out of disk. Prints one JSON line for each request that was answered.

python audit_process.py HOME forever
python audit_process.py HOME (limit | torn | disk) (refuse | shed)
"""

from __future__ import annotations

import asyncio
import errno
import os
import resource
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path

import msgspec

from auditing import INPUT, Trail, call
from service.audit import Audit
from service.errors import AuditFailed


async def forever(trail: Trail) -> None:
    audit = trail.audit(segment_bytes=20_000, seal_seconds=0.01)

    async def requests(client: int) -> None:
        for number in count():
            await ask(audit, f"{os.getpid()}-{client}-{number}")

    await asyncio.gather(*(requests(client) for client in range(8)))


async def through_a_full_disk(trail: Trail, kind: str, policy: str) -> None:
    """Ten requests before, thirty while there is no space, in groups of three, and ten when there is again."""
    audit = trail.audit(policy=policy, seal_seconds=0.001)
    for number in range(10):
        await ask(audit, f"before-{number}")
    with full(trail, kind):
        for turn in range(10):
            await asyncio.gather(*(ask(audit, f"during-{turn}-{number}") for number in range(3)))
    for number in range(10):
        await ask(audit, f"after-{number}")
    await audit.close()
    say(failures={kind: trail.failures(kind) for kind in ("full", "io")}, lines=trail.lines())
    report = trail.verify(expected=True)
    say(findings=[str(f) for f in report.findings], notes=[str(n) for n in report.notes], shed=report.shed)


async def ask(audit: Audit, name: str) -> None:
    try:
        await audit.record(call(name), INPUT, [0.5])
    except AuditFailed:
        say(refused=name)
    else:
        say(answered=name)


def say(**what: object) -> None:
    os.write(1, msgspec.json.encode(what) + b"\n")


@contextmanager
def full(trail: Trail, kind: str) -> Iterator[None]:
    """No space, but for a little that is less than a group; with ``torn``, nor can half a group be cut off."""
    if kind == "disk":
        with filled(trail.folder):
            yield
        return
    size = max(file.stat().st_size for file in trail.folder.glob("*/*.jsonl"))
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 700, resource.RLIM_INFINITY))
    cut = os.ftruncate
    if kind == "torn":
        os.ftruncate = refuse_to_cut
    yield
    os.ftruncate = cut
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))


@contextmanager
def filled(folder: Path) -> Iterator[None]:
    filler = folder.parent / "filler"
    with filler.open("wb", buffering=0) as file, suppress(OSError):
        while True:
            file.write(b"x" * 1024)
    yield
    filler.unlink()


def refuse_to_cut(handle: int, length: int) -> None:
    raise OSError(errno.EIO, os.strerror(errno.EIO))


if __name__ == "__main__":
    home, kind, *rest = sys.argv[1:]
    if kind == "forever":
        asyncio.run(forever(Trail(Path(home))))
    else:
        asyncio.run(through_a_full_disk(Trail(Path(home)), kind, *rest))
